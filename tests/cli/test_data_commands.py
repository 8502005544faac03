"""`remap data`, as it is typed."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from catalogues import CARD, write_catalogue, write_halved
from image_folders import picture, write_classes
from test_command_line import remap  # noqa: F401 (a fixture)

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.datasets.dataset import validation_names
from remap_core.datasets.kept import find_kept


@pytest.fixture
def photos(tmp_path):
    return write_classes(tmp_path / "photos", height=20, width=30)


def test_check_prints_one_object_and_keeps_nothing(remap, photos, tmp_path):  # noqa: F811
    (photos / "cat" / "bad.jpg").write_bytes(b"")
    code, out, _ = remap("data", "check", photos, "--json")
    report = json.loads(out)
    assert code == 0
    assert {key: report[key] for key in ("ok", "form", "images", "classes", "per_class", "shape", "split")} == {
        "ok": True,
        "form": "class folders",
        "images": 20,
        "classes": ["cat", "dog"],
        "per_class": {"cat": 10, "dog": 10},
        "shape": [20, 20, 3],
        "split": [14, 4, 2],
    }
    assert report["skipped"] == [{"file": "cat/bad.jpg", "reason": "the file is empty"}]
    assert "1 unreadable file skipped." in report["warnings"]
    assert "problem" not in report
    assert not (tmp_path / "home" / "data").exists()


def test_check_in_words(remap, photos):  # noqa: F811
    code, out, _ = remap("data", "check", photos)
    assert code == 0
    assert out.splitlines()[:3] == [
        "20 images in 2 classes, read as class folders.",
        "20 x 20, colour: resized, the middle of each image.",
        "14 to train, 4 to validate, 2 to test.",
    ]


@pytest.mark.parametrize("words", [("check",), ("add", "--name", "x")])
def test_what_cannot_be_used_exits_with_1_and_says_why(remap, tmp_path, words):  # noqa: F811
    command, *rest = words
    code, out, _ = remap("data", command, tmp_path / "nowhere", *rest, "--json")
    assert code == 1
    printed = json.loads(out)
    assert printed["ok"] is False
    assert printed["problem"] == f"{tmp_path}/nowhere: there is no such file or folder."


def test_what_was_added_is_listed_shown_trained_on_by_name_and_removed(remap, photos, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, out, _ = remap("data", "add", photos, "--name", "pets", "--side", "16", "--colour", "grey", "--fit", "pad")
    added = json.loads(out)  # not a terminal
    assert code == 0
    assert (added["images"], added["shape"], added["recipe"]["fit"]) == (20, [16, 16, 1], "pad")
    assert json.loads(remap("data", "list", "--json")[1])[0]["name"] == "pets"
    assert "pets" in remap("data", "list")[1]
    assert json.loads(remap("data", "show", "pets", "--json")[1]) == added
    code, out, _ = remap("sample", "--n", "2", "--dataset", "pets")
    assert code == 0
    assert "Sent 2 architectures of remap-2019 for pets@" in out
    code, _, error = remap("data", "remove", "pets")  # nobody answers
    assert code == 1
    assert find_kept("pets", tmp_path / "home")
    code, out, _ = remap("data", "remove", "pets", "--yes")
    assert code == 0
    assert find_kept("pets", tmp_path / "home") is None
    assert len(list(photos.glob("*/*.png"))) == 20
    code, _, error = remap("data", "remove", "pets", "--yes")
    assert (code, error) == (1, "Error: There is no data set 'pets': none was added yet.\n")


def test_choices_of_the_command_line_reach_the_recipe(remap, photos):  # noqa: F811
    write_classes(photos, ("eel",), n=3)
    words = ("--leave-out", "eel", "--augment", "flip", "--augment", "shift", "--background", "black", "--images", "14")
    recipe = json.loads(remap("data", "check", photos, *words, "--json")[1])["recipe"]
    assert recipe["left_out"] == ["eel"]
    assert recipe["augmentation"] == ["flip", "shift"]
    assert (recipe["background"], recipe["images"]) == ("black", 14)
    code, out, _ = remap("data", "check", photos, "--keep-all", "--json")
    assert code == 1
    assert "too few in eel (3)" in json.loads(out)["problem"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--side", "7"), "The side must be 8 to 224 pixels, but got 7."),
        (("--fit", "round"), "fit must be one of squash, crop, pad, but got 'round'."),
        (("--augment", "blur"), "augmentation must be one of shift, flip, rotate, brightness, but got 'blur'."),
    ],
)
def test_a_choice_that_is_none_is_one_sentence(remap, photos, words, sentence):  # noqa: F811
    code, _, error = remap("data", "check", photos, *words)
    assert (code, error) == (1, f"Error: {sentence}\n")


def test_the_same_name_twice_is_refused_before_anything_is_converted(remap, photos, tmp_path):  # noqa: F811
    remap("data", "add", photos, "--name", "pets")
    others = write_classes(tmp_path / "others")
    code, out, _ = remap("data", "add", others, "--name", "Pets")
    assert code == 1
    assert "There is already a data set pets" in json.loads(out)["problem"]
    assert remap("data", "add", photos, "--name", "pets")[0] == 0  # the same again changes nothing
    picture().save(photos / "cat" / "new.png")
    assert remap("data", "add", photos, "--name", "pets")[0] == 1


def test_issues_prints_what_the_models_say_as_one_object(remap, tmp_path):  # noqa: F811
    write_catalogue(tmp_path / "home")
    code, out, err = remap("data", "issues", "digits", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert set(found) == {
        *("dataset", "part", "models", "images", "suspected", "hard"),
        *("limits_of_data", "limits_of_architecture", "undecided_pairs"),
    }
    assert (found["dataset"], found["models"], found["images"]) == ("digits", [6, 5, 4], 20)
    assert found["suspected"][0] == {
        "image": 16,
        "file": None,
        "label": "6",
        "other": "7",
        "votes_for_label": 0,
        "votes_for_other": 3,
        "entropy": 0.0,
    }


def test_what_training_images_need_is_one_sentence_and_is_queued(remap, tmp_path):  # noqa: F811
    write_catalogue(tmp_path / "home")
    code, out, err = remap("data", "issues", "digits", "--training")
    assert (code, out) == (1, "")
    assert "Needs 15 trainings of the 5 best models" in err
    code, out, _ = remap("data", "issues", "digits", "--training", "--train")
    assert code == 0
    assert "Sent training images of digits" in out
    ((_, command, _),) = Inbox(DataFolder(tmp_path / "home")).pending()
    assert len(command.proposals) == 15


def test_issues_in_words(remap, tmp_path):  # noqa: F811
    write_catalogue(tmp_path / "home")
    code, out, _ = remap("data", "issues", "digits")
    assert code == 0
    assert out.startswith("digits: the better half of the models, 3 models, on 20 validation images.\n")
    assert "  image 16: labelled 6, 3 of 3 models say 7\n" in out


def test_issues_names_the_pairs_of_classes_and_counts_those_that_are_undecided(remap, tmp_path):  # noqa: F811
    place = np.arange(40) % 20  # three good models: 16 to 19 are wrong for all, 15 for two, 14 for one
    labels = np.select([place >= 16, place >= 14], [0, 4], 8).astype(np.uint8)
    write_catalogue(tmp_path / "home", card=replace(CARD, split=(70, 40, 10), validation_labels=labels))
    _, out, _ = remap("data", "issues", "digits")
    assert "a limit of the data: 1\n  0 and 1: of 8 images, 8.0 are read as the other on average, 8 by #6\n" in out
    assert out.endswith("a limit of the architecture: 0\nToo few images to decide: 1 pair of classes.\n")


def test_issues_of_too_few_models_or_of_an_unknown_data_set_are_one_sentence(remap, tmp_path):  # noqa: F811
    write_halved(tmp_path / "home")
    code, _, err = remap("data", "issues", "digits")
    assert code == 1
    assert "needs at least 5 finished models, but digits has 1 model." in err
    code, _, err = remap("data", "issues", "birds")
    assert code == 1
    assert "Nothing was trained on a data set 'birds': digits." in err


def test_relabel_makes_a_new_data_set_and_says_what_comes_next(remap, photos, tmp_path):  # noqa: F811
    remap("data", "add", photos, "--name", "pets")
    cat, *_, dog = validation_names(find_kept("pets", tmp_path / "home").name, tmp_path / "home")
    code, out, err = remap("data", "relabel", "pets", "--label", f"{cat}=dog", "--label", "1=dog", "--leave-out", dog)
    assert (code, err) == (1, "Error: cat would have no validation image left: every class needs at least one.\n")
    code, out, _ = remap("data", "relabel", "pets", "--label", f"{cat}=dog", "--leave-out", dog)
    assert code == 0
    assert out.splitlines()[0] == "Kept as pets-corrected. pets and its models stay as they are."
    assert "1 label corrected, 1 image left out." in out
    assert out.splitlines()[-1] == "To train on it: REMAP_DATASET='pets-corrected' streamlit run app.py"
    _, out, _ = remap("data", "relabel", "pets-corrected", "--label", "0=cat", "--name", "more", "--json")
    assert json.loads(out)["name"] == "more"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("digits",), "Nothing to correct"),
        (("digits", "--label", "12"), "--label must be IMAGE=CLASS, but got '12'."),
        (("digits", "--label", "12=8", "--label", "12=9"), "Image 12 is given two classes."),
        (("birds", "--leave-out", "1"), "There is no data set 'birds'"),
    ],
)
def test_what_cannot_be_relabelled_is_one_sentence(remap, words, sentence):  # noqa: F811
    code, out, err = remap("data", "relabel", *words)
    assert (code, out) == (1, "")
    assert err.startswith(f"Error: {sentence}")
    assert err.count("\n") == 1


def test_more_images_says_what_the_answer_needs_and_queues_it(remap, tmp_path):  # noqa: F811
    write_catalogue(tmp_path / "home", card=replace(CARD, split=(800, 20, 10)))
    code, out, _ = remap("data", "more-images", "6", "--train")
    assert code == 0
    assert out.splitlines()[1] == "Needs 8 trainings: on quarters, on halves and on all of the images."
    assert "Sent Model 6 on fewer images as command" in out
    _, out, _ = remap("data", "more-images", "6", "--json")
    assert json.loads(out)["missing"] == 8


def test_more_images_of_too_small_a_data_set_is_one_sentence(remap, tmp_path):  # noqa: F811
    write_catalogue(tmp_path / "home")
    code, _, err = remap("data", "more-images", "6")
    assert code == 1
    assert err == (
        "Error: A quarter of the training images must have 2 of a class on average: 80 in all, but there are 70.\n"
    )
