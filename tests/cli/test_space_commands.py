"""`remap space`, as it is typed."""

import json
from pathlib import Path

import pytest

from remap_core.cli import main

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "small-colour.toml"


@pytest.fixture
def remap(monkeypatch, capsys, tmp_path):
    """Run `remap ...` in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))

    def run(*words):
        monkeypatch.setattr("sys.argv", ["remap", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return ended.value.code or 0, written.out, written.err

    return run


def test_a_check_says_what_a_file_samples(remap):
    code, out, _ = remap("space", "check", EXAMPLE)
    assert code == 0
    assert "small-colour is a search space: 10 steps, 25 layers to choose from, at most 150,000 parameters" in out
    assert "20 networks sampled for images of 3 x 32 x 32, lowest, middle and highest:" in out


def test_a_check_as_json_has_the_costs_of_what_is_sampled(remap):
    code, out, _ = remap("space", "check", EXAMPLE, "--side", 16, "--channels", 1, "--json")
    checked = json.loads(out)
    assert (code, checked["ok"], checked["name"], checked["sampled"]) == (0, True, "small-colour", 20)
    parameters = checked["parameters"]
    assert parameters["lowest"] <= parameters["middle"] <= parameters["highest"] <= 150_000


def test_a_file_with_a_fault_is_one_sentence_and_exit_code_1(remap, tmp_path):
    (tmp_path / "mine.toml").write_text(EXAMPLE.read_text().replace("stem = { norm = 1 }", "stem = { norm = 0 }"))
    code, out, err = remap("space", "check", "mine.toml")
    sentence = "mine.toml: on_images.stem must have weights that do not sum to 0, but got {'norm': 0}."
    assert (code, out, err) == (1, "", f"Error: {sentence}\n")
    code, out, _ = remap("space", "check", "mine.toml", "--json")
    assert (code, json.loads(out)) == (1, {"ok": False, "problem": sentence})


@pytest.mark.parametrize("name", ["remap-2019", "modern", "residual", "mobile"])
def test_a_space_is_shown_by_its_name(remap, name):
    code, out, _ = remap("space", "show", name)
    assert code == 0
    assert out.startswith(f"{name}: ")
    assert "on_images\n  start" in out
    shown = json.loads(remap("space", "show", name, "--json")[1])
    assert all(sum(row.values()) == pytest.approx(1) for row in shown["on_images"].values())


def test_a_row_is_shown_with_the_most_probable_step_first(remap):
    rows = [line.split() for line in remap("space", "show", "remap-2019")[1].splitlines()]
    assert ["conv", "███", "act", "38", "%"] in [row[:5] for row in rows]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("imagenet", "The search space must be one of remap-2019, modern, residual, mobile, but got 'imagenet'."),
        ("auto", "auto stands for the space that fits the images: name one of them."),
        ("nowhere.toml", "nowhere.toml cannot be read: No such file or directory."),
    ],
)
def test_a_space_that_is_not_there_is_one_sentence(remap, name, sentence):
    assert remap("space", "show", name) == (1, "", f"Error: {sentence}\n")
