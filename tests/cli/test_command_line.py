"""`remap`, as it is typed."""

import json
import time
from contextlib import closing

import numpy as np
import pytest
from catalogues import write_catalogue
from weights import leave_weights

from remap_core.catalogue.store import CatalogueStore
from remap_core.cli import main
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.trials.trial import Origin

TINY = {
    "input_shape": [1, 28, 28],
    "classes": 10,
    "layers": [{"kind": "conv2d", "kernel_size": 3, "filters": 32}, {"kind": "activation", "function": "relu"}],
}


@pytest.fixture
def remap(monkeypatch, capsys, tmp_path):
    """Run `remap ...` in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words):
        monkeypatch.setattr("sys.argv", ["remap", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return ended.value.code or 0, written.out, written.err

    return run


def test_describe_shows_every_layer_and_the_totals(remap, tmp_path):
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps(TINY))
    code, out, _ = remap("describe", file)
    assert code == 0
    for part in ("Conv 32x3", "32 x 26 x 26", "320", "Head", "216,330", "216,650", "total"):
        assert part in out


def test_describe_as_json_is_one_object_for_one_architecture_and_a_list_for_a_list(remap, tmp_path):
    one, many = tmp_path / "one.json", tmp_path / "many.json"
    one.write_text(json.dumps(TINY))
    many.write_text(json.dumps([TINY, TINY]))
    described = json.loads(remap("describe", one, "--json")[1])
    assert (described["parameters"], described["layers"][0]["output_shape"]) == (216_650, [32, 26, 26])
    assert json.loads(remap("describe", many, "--json")[1]) == [described, described]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is nested too deeply to be an architecture."),
        ('[{"input_shape": [1, 8, 8], "classes": 10, "layers": [{"kind": "lstm"}]}]', "architecture 0: Layer 1: kind"),
        (
            '{"input_shape": [1, 4, 4], "classes": 10, "layers": [{"kind": "max_pool2d", "size": 5, "stride": 2}]}',
            "Layer 1 (MaxPool 5): its 5 x 5 window must fit into its input, but that is 4 x 4.",
        ),
    ],
)
def test_a_file_that_holds_no_architecture_is_one_sentence_and_exit_code_1(remap, tmp_path, text, sentence):
    file = tmp_path / "wrong.json"
    file.write_text(text)
    code, out, err = remap("describe", file)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_missing_file_is_one_sentence(remap):
    code, _, err = remap("describe", "nowhere.json")
    assert (code, "nowhere.json cannot be read" in err) == (1, True)


def test_distances_are_written_as_a_matrix_of_the_chosen_convention(remap, tmp_path):
    file, out = tmp_path / "pair.json", tmp_path / "D.npy"
    file.write_text(json.dumps([TINY | {"layers": TINY["layers"][:1]}, TINY | {"layers": []}]))
    code, said, _ = remap("distances", file, "--convention", "remap-2019", "--out", out)
    assert (code, said) == (0, f"Wrote 2 x 2 distances to {out}.\n")
    assert np.load(out).shape == (2, 2)
    absolute = np.load(out)
    remap("distances", file, "--convention", "remap-2019", "--normalised", "--nu", 0.5, "--out", out)
    assert 0 < np.load(out)[0, 1] < 1 < absolute[0, 1]
    ours = np.load(out)
    remap("distances", file, "--convention", "remap-2019", "--normalised", "--nu", 0.5, "--reference", "--out", out)
    assert np.load(out) == pytest.approx(ours, abs=1e-9)
    code, _, err = remap("distances", file, "--convention", "euclid", "--out", out)
    assert (code, "'default'" in err) == (2, True)
    code, _, err = remap("distances", file, "--out", tmp_path / "nowhere" / "D.npy")
    assert (code, err.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("name", "begins"),
    [("rows.svg", b"<svg "), ("rows.html", b"<!doctype html>"), ("rows.pdf", b"%PDF-"), ("rows.PNG", b"\x89PNG")],
)
def test_architectures_are_drawn_in_the_form_that_the_suffix_names(remap, tmp_path, name, begins):
    (tmp_path / "pair.json").write_text(json.dumps([TINY, TINY]))
    code, said, _ = remap(
        "snac", "pair.json", "-o", name, "--size", "small", "--legend", "--brackets", "--ground", "dark"
    )
    assert (code, said) == (0, f"Drew 2 architectures to {name}.\n")
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("file", "out", "sentence"),
    [
        ("tiny.json", "rows.gif", "A picture is written as one of .svg, .pdf, .png, .html, but not as .gif."),
        ("tiny.json", "nowhere/rows.svg", "cannot be written to nowhere/rows.svg: No such file or directory."),
        ("nowhere.json", "rows.svg", "nowhere.json cannot be read: No such file or directory."),
        ("none.json", "rows.svg", "There must be an architecture to draw, but the list is empty."),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(remap, tmp_path, file, out, sentence):
    (tmp_path / "tiny.json").write_text(json.dumps(TINY))
    (tmp_path / "none.json").write_text("[]")
    code, _, err = remap("snac", file, "-o", out)
    assert (code, err.startswith("Error: "), err.count("\n")) == (1, True, 1)
    assert sentence in err


def test_a_wrong_option_is_exit_code_2(remap):
    assert remap("describe", "--colour")[0] == 2


def test_help_explains_every_command(remap):
    out = remap("--help")[1]
    for command in ("describe", "snac", "sample", "trainer", "status", "config"):
        assert command in out
        assert len(remap(command, "--help")[1]) > 200


def test_sample_puts_different_architectures_into_the_inbox(remap, tmp_path):
    code, out, _ = remap("sample", "--n", 5, "--seed", 3, "--dataset", "digits")
    assert code == 0
    assert "Sent 5 architectures of remap-2019 for digits (seed 3)" in out
    assert "Expected time: not known yet" in out
    assert "No trainer is running." in out
    ((_, command, _),) = Inbox(DataFolder(tmp_path / "home")).pending()
    assert len({proposal.architecture.fingerprint for proposal in command.proposals}) == 5
    assert {proposal.dataset for proposal in command.proposals} == {"digits"}


def test_sample_takes_a_space_and_says_its_caps(remap, tmp_path):
    code, out, _ = remap("sample", "--n", 3, "--dataset", "leaves", "--space", "mobile")
    assert code == 0
    assert "Sent 3 architectures of mobile for leaves (seed 0)" in out
    assert "Sampled with at most 1,000,000 parameters, 30,000,000 multiply-adds, 512 KB of activations and 5 min" in out
    ((_, command, _),) = Inbox(DataFolder(tmp_path / "home")).pending()
    assert {proposal.space for proposal in command.proposals} == {"mobile"}
    code, _, err = remap("sample", "--n", 3, "--dataset", "digits", "--space", "imagenet")
    assert (code, err.count("\n"), "but got 'imagenet'" in err) == (1, 1, True)


def test_sample_of_an_unknown_data_set_is_one_sentence(remap):
    code, _, err = remap("sample", "--dataset", "nowhere.npz")
    assert (code, "nowhere.npz" in err, err.count("\n")) == (1, True, 1)


def test_status_without_anything_says_that_no_trainer_is_running(remap, tmp_path):
    code, out, _ = remap("status")
    assert code == 3
    assert f"Trainer: not running in {tmp_path / 'home'}" in out


def test_a_model_is_repeated_with_new_seeds(remap, tmp_path):
    folder = write_catalogue(tmp_path / "home")
    code, out, _ = remap("repeat", "2", "--seeds", "2")
    assert code == 0
    assert "Sent Model 2 with seed 1, 2 as command" in out
    assert "Expected time: about" in out
    ((_, command, _),) = Inbox(folder).pending()
    assert {(one.origin, one.parent) for one in command.proposals} == {(Origin.REPEAT, 2)}


def test_what_cannot_be_repeated_is_one_sentence(remap, tmp_path):
    write_catalogue(tmp_path / "home", failed=1)
    assert remap("repeat", "7")[::2] == (1, "Error: A model must be complete to be repeated, but Model 7 is failed.\n")
    assert remap("repeat", "99")[::2] == (1, "Error: Model 99 does not exist.\n")


def test_status_counts_the_models_by_state_and_names_the_best(remap, tmp_path):
    folder = write_catalogue(tmp_path / "home", waiting=2, failed=1)
    write_trainer(folder, TrainerStatus(1, time.time(), time.time(), "0.1.0", "CPU, a toy", 2))
    code, out, _ = remap("status")
    assert code == 0
    assert "Trainer: running (pid 1, CPU, a toy, 2 at once" in out
    assert "2 waiting, 0 running, 6 complete, 0 pruned, 1 failed, 0 cancelled" in out
    assert "Best:    Model" in out
    report = json.loads(remap("status", "--json")[1])
    assert (report["trainer"]["alive"], report["counts"]["complete"], report["paused"]) == (True, 6, False)
    assert report["best"]["digits"]["layers"]


def test_config_says_where_every_value_came_from(remap, tmp_path, monkeypatch):
    monkeypatch.setenv("REMAP_EPOCHS", "3")
    (tmp_path / "remap.toml").write_text("seed = 7\n")
    report = json.loads(remap("config", "--json")[1])
    assert report["epochs"] == {"value": 3, "from": "REMAP_EPOCHS"}
    assert report["seed"] == {"value": 7, "from": "remap.toml"}
    assert report["dataset"] == {"value": "digits", "from": "default"}
    out = remap("config")[1]
    assert "REMAP_EPOCHS" in out
    assert "remap.toml" in out


def test_a_nonsense_setting_is_one_sentence(remap, monkeypatch):
    monkeypatch.setenv("REMAP_WORKERS", "several")
    for command in ("status", "config", "trainer", "sample"):
        code, _, err = remap(command)
        assert (code, err.startswith("Error: workers = 'several' (from REMAP_WORKERS)")) == (1, True)


def test_a_second_trainer_is_refused_in_one_sentence(remap, tmp_path):
    with DataFolder(tmp_path / "home").lock():
        code, _, err = remap("trainer")
    assert code == 1
    assert "already works in" in err.splitlines()[-1]


def test_a_data_folder_that_cannot_be_created_is_one_sentence(remap, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "file" / "home"))
    for command in ("status", "sample", "trainer"):
        code, _, err = remap(command)
        assert code == 1
        assert "cannot be created" in err.splitlines()[-1]


def test_a_variable_that_is_not_a_setting_is_a_warning_and_the_command_runs(remap, monkeypatch):
    monkeypatch.setenv("REMAP_EPOCH", "3")
    code, out, err = remap("config", "--json")
    assert (code, json.loads(out)["epochs"]["value"]) == (0, 10)
    assert err == "Warning: REMAP_EPOCH is not a setting and has no effect; did you mean REMAP_EPOCHS?\n"


def test_backup_and_restore_print_one_sentence_each(remap, tmp_path, monkeypatch):
    write_catalogue(tmp_path / "home", waiting=1)
    assert remap("backup", "saved") == (0, "Backed up 7 trials to saved.\n", "")
    code, _, err = remap("restore", "saved")
    assert (code, "restored to an empty data folder" in err) == (1, True)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "again"))
    assert remap("restore", "saved") == (0, f"Restored 7 trials to {tmp_path / 'again'}.\n", "")
    assert json.loads(remap("status", "--json")[1])["counts"]["complete"] == 6


def test_a_damaged_catalogue_names_the_command_that_goes_on_and_that_does(remap, tmp_path):
    folder = write_catalogue(tmp_path / "home", waiting=1)
    folder.live.write_bytes(b"damaged" * 1_000)
    code, out, err = remap("trainer")
    assert code == 1
    assert "`remap restore --snapshot` goes on from the newest snapshot." in out + err
    assert "Traceback" not in out + err
    assert remap("restore", "saved", "--snapshot")[0] == remap("restore")[0] == 2
    code, out, _ = remap("restore", "--snapshot")
    assert (code, out.startswith("Restored 7 trials from the newest snapshot. The damaged catalogue is ")) == (0, True)
    with closing(CatalogueStore.open(folder)) as store:
        assert store.claim(1.0).id == 7


def test_nightly_backups_are_dated_and_can_be_restored(remap, tmp_path, monkeypatch):
    write_catalogue(tmp_path / "home")
    code, out, _ = remap("backup", "nightly", "--keep", 2)
    (written,) = (tmp_path / "nightly").iterdir()
    assert (code, out) == (0, f"Backed up 6 trials to {written}.\n")
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "again"))
    assert remap("restore", written)[0] == 0
    assert remap("backup", "nightly", "--keep", 0)[0] == 2


def test_a_finished_model_is_exported_by_the_suffix(remap, tmp_path):
    leave_weights(write_catalogue(tmp_path / "home"), 2)
    for suffix in (".onnx", ".safetensors", ".json"):
        code, out, _ = remap("export", 2, "-o", tmp_path / f"model{suffix}")
        assert (code, out.startswith(f"Wrote Model 2 to {tmp_path}/model{suffix} (")) == (0, True)
    code, out, _ = remap("export", 2, "-o", tmp_path / "model.py")
    assert f"Its weights: remap export 2 -o {tmp_path}/model.safetensors" in out
    assert 'WEIGHTS = "model.safetensors"' in (tmp_path / "model.py").read_text()


@pytest.mark.parametrize(
    ("model", "out", "sentence"),
    [
        (2, "model.onnx", "Error: Model 2 has no weights in the data folder, so it cannot be exported."),
        (7, "model.onnx", "Error: Only complete models can be exported, but Model 7 is failed."),
        (99, "model.onnx", "99"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(remap, tmp_path, model, out, sentence):
    write_catalogue(tmp_path / "home", failed=1)
    code, said, complaint = remap("export", model, "-o", out)
    assert (code, said) == (1, "")
    assert sentence in complaint
    assert len(complaint.strip().splitlines()) == 1


def test_several_models_are_exported_to_a_zip_and_a_loss_is_said_on_standard_error(remap, tmp_path):
    folder = write_catalogue(tmp_path / "home")
    leave_weights(folder, 2)
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    write_validation_images(folder, "digits", images)
    forms = ("--format", ".int8.onnx", "--format", ".json")
    code, out, complaint = remap("export", 2, 3, "-o", tmp_path / "models.zip", *forms)
    assert code == 0
    assert f"Wrote 2 models to {tmp_path}/models.zip (" in out
    assert "model-2/model-2.int8.onnx: Verified on 20 validation images: " in out
    assert "Warning: model-2/model-2.int8.onnx: This file loses accuracy: " in complaint
    assert "Warning: Model 3 has no weights in the data folder" in complaint


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1, 2, "-o", "models.onnx"), "Several models or formats are exported to a .zip file, but not to models.onnx."),
        ((2, "-o", "m.zip", "--format", ".pt"), "but not as .pt."),
        ((2, "-o", "m.h5"), "but not as .h5."),
    ],
)
def test_an_export_that_cannot_be_is_refused_in_a_sentence(remap, tmp_path, arguments, sentence):
    leave_weights(write_catalogue(tmp_path / "home"), 2)
    code, _, complaint = remap("export", *arguments)
    assert (code, complaint.strip().splitlines()[-1].endswith(sentence)) == (1, True)


def test_an_export_into_a_folder_that_is_not_there_is_one_sentence(remap, tmp_path):
    leave_weights(write_catalogue(tmp_path / "home"), 2)
    code, _, complaint = remap("export", 2, "-o", "nowhere/model.json")
    assert code == 1
    assert complaint.strip() == ("Error: The model cannot be written to nowhere/model.json: No such file or directory.")


def test_a_report_has_the_front_and_the_named_models(remap, tmp_path):
    write_catalogue(tmp_path / "home")
    code, out, _ = remap("report", 6, "-o", tmp_path / "report.html")
    assert (code, out.strip()) == (0, f"Wrote a report to {tmp_path}/report.html.")
    content = (tmp_path / "report.html").read_text()
    assert "<h2>Model 6</h2>" in content
    assert "From #1 (52.0 %): Removed layer 2 (ReLU)" in content


@pytest.mark.parametrize(
    ("words", "sentence"),
    [((99, "-o", "r.html"), "99"), (("-o", "nowhere/r.html"), "nowhere/r.html"), (("--dataset", "x", "-o", "r"), "x")],
)
def test_a_report_that_cannot_be_written_is_one_sentence(remap, tmp_path, words, sentence):
    write_catalogue(tmp_path / "home")
    code, _, complaint = remap("report", *words)
    assert code == 1
    assert sentence in complaint
    assert len(complaint.strip().splitlines()) == 1


def test_a_model_is_finished(remap, tmp_path):
    folder = write_catalogue(tmp_path / "home")
    code, out, _ = remap("finish", "2", "--epochs", "50", "--augment", "flip")
    assert code == 0
    assert "Sent Model 2 for 50 epochs, recipe thorough, with flip, batch size 256 as command" in out
    ((_, command, _),) = Inbox(folder).pending()
    assert [(one.origin, one.parent, one.config.start) for one in command.proposals] == [(Origin.FINISH, 2, 2)]


def test_what_cannot_be_finished_is_one_sentence(remap, tmp_path):
    write_catalogue(tmp_path / "home", failed=1)
    assert remap("finish", "7")[::2] == (1, "Error: A model must be complete to be finished, but Model 7 is failed.\n")
    code, _, error = remap("finish", "2", "--augment", "blur")
    assert (code, error) == (1, "Error: augmentation must be one of shift, flip, rotate, brightness, but got 'blur'.\n")
