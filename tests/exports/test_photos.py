"""Raw photos in, classes out: exported scripts do what the app did with the images of the data set."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import onnx
import pytest
from photographs import HUES, in_16_bits, in_colour, painted
from PIL import Image
from small_tasks import BARS, run, trial_on

from remap_core.datasets.dataset import load_dataset, validation_originals
from remap_core.datasets.kept import find_kept
from remap_core.datasets.photos import photo_pixels, photo_steps
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices, Recipe
from remap_core.errors import DatasetError
from remap_core.exports.bundles import onnx_bundle, pytorch_bundle
from remap_core.exports.finished_model import read_model
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.original_check import check_on_originals
from remap_core.training.training_loop import train

KINDS = {
    "colour": (in_colour, Choices(side=12, fit="crop")),
    "padded": (in_colour, Choices(side=16, fit="pad", background="black")),
    "16 bits": (in_16_bits, Choices(side=10, fit="squash")),
}


class Trained:
    """A data set of somebody's photos, a model of it, and what it predicted."""

    def __init__(self, home, kind: str) -> None:
        paint, choices = KINDS[kind]
        paint(home / "photos")
        self.kept = add(home / "photos", "mine", choices, home)
        dataset = load_dataset(self.kept.name, home)
        trial = trial_on(dataset, "Conv 4x3, ReLU, MaxPool 2", epochs=12, batch_size=8, learning_rate=0.01)
        epochs, self.evaluation = run(train(trial, dataset, device="cpu", folder=home / "trained"))
        weights = home / "trained" / "weights.safetensors"
        self.model = read_model(weights, replace(trial, last=epochs[-1]), dataset.card())
        self.original = validation_originals(self.kept.name, home)
        names = json.loads((self.kept.folder / "names.json").read_text())
        first = int(np.searchsorted(self.kept.parts(), 1))
        self.files = [home / "photos" / name for name in names[first : first + len(dataset.validation)]]
        self.names = [dataset.class_names[label] for label in self.evaluation.predictions]
        self.pixels = dataset.validation.images


@pytest.fixture(scope="module", params=KINDS)
def trained(request, tmp_path_factory):
    return Trained(tmp_path_factory.mktemp("home"), request.param)


@pytest.fixture(scope="module")
def colour(tmp_path_factory):
    return Trained(tmp_path_factory.mktemp("home"), "colour")


ALONE = """
import runpy, sys
sys.argv = ["classify.py", *sys.argv[1:]]
try:
    runpy.run_path("classify.py", run_name="__main__")
finally:
    assert not any(name.startswith("remap") for name in sys.modules)
"""


def classified(folder, content: bytes, photos) -> subprocess.CompletedProcess:
    """What the script in a .zip file says of photos."""
    zipfile.ZipFile(BytesIO(content)).extractall(folder)
    command = [sys.executable, "-I", "-c", ALONE, *map(str, photos)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def said_names(printed: str) -> list[str]:
    return [line.rpartition(": ")[2].rpartition(" (")[0] for line in printed.splitlines()]


def test_the_pixels_of_an_original_are_those_of_the_data_set(trained):
    channels, height, width = trained.model.architecture.input_shape
    steps = photo_steps(trained.model.recipe, (channels, height, width))
    for file, pixels in zip(trained.files, trained.pixels, strict=True):
        assert (photo_pixels(Image.open(file), height, width, **steps) == pixels).all(), file.name


def test_the_script_with_onnxruntime_classifies_originals_as_the_app_did(trained, tmp_path):
    result = classified(tmp_path, onnx_bundle(trained.model), trained.files)
    assert (result.returncode, result.stderr) == (0, "")
    assert said_names(result.stdout) == trained.names
    assert set(trained.names) > {trained.names[0]}


def test_the_script_with_torch_classifies_originals_as_the_app_did(colour, tmp_path):
    result = classified(tmp_path, pytorch_bundle(colour.model), colour.files)
    assert (result.returncode, result.stderr) == (0, "")
    assert said_names(result.stdout) == colour.names


def test_what_is_no_photo_is_named_and_the_others_are_classified(colour, tmp_path):
    (tmp_path / "notes.txt").write_text("not a photo")
    result = classified(tmp_path, onnx_bundle(colour.model), ["notes.txt", "gone.png", colour.files[0]])
    assert result.returncode == 1
    assert said_names(result.stdout) == colour.names[:1]
    complaints = result.stderr.splitlines()
    assert complaints[0].startswith("notes.txt: it cannot be read (cannot identify image file")
    assert complaints[1].startswith("gone.png: it cannot be read (")
    nothing = classified(tmp_path, onnx_bundle(colour.model), [])
    assert (nothing.returncode, nothing.stderr) == (2, "usage: python classify.py photo.png [photo2.jpg ...]\n")


def test_a_zip_file_has_all_that_is_needed_and_says_what_is_done_with_a_photo(colour):
    with zipfile.ZipFile(BytesIO(onnx_bundle(colour.model))) as archive:
        assert archive.namelist() == ["model.onnx", "classify.py", "classify.json", "classes.txt", "README.txt"]
        assert archive.read("classes.txt").decode().splitlines() == list(HUES)
        what = "cropped to its middle and resized to 12 x 12 pixels, in colour, as its data set was prepared"
        sentence = f"A photo is {what}."
        assert sentence in archive.read("README.txt").decode()
        assert sentence in archive.read("classify.py").decode()
    with zipfile.ZipFile(BytesIO(pytorch_bundle(colour.model))) as archive:
        assert archive.namelist()[:3] == ["model.py", "model.safetensors", "classify.py"]


def test_what_the_script_does_stands_in_a_json_file_for_other_languages(colour):
    with zipfile.ZipFile(BytesIO(onnx_bundle(colour.model))) as archive:
        constants = json.loads(archive.read("classify.json"))
    assert constants == {
        "model": "Model 7 of mine",
        "classes": list(HUES),
        "input_shape": [3, 12, 12],
        "steps": {"side": 12, "colour": "colour", "fit": "crop", "background": "white", "white": 255},
    }


def test_an_onnx_file_carries_the_recipe_without_the_folder_of_the_photos(colour):
    metadata = {entry.key: entry.value for entry in onnx.load_from_string(onnx_bytes(colour.model)).metadata_props}
    assert Recipe.from_json(metadata["recipe"]) == replace(colour.kept.recipe, source="photos")
    assert json.loads(metadata["photo_steps"])["fit"] == "crop"
    assert json.loads(metadata["class_names"]) == list(HUES)


def test_an_export_is_checked_on_the_original_files(trained):
    check = check_on_originals(trained.model, trained.original, trained.evaluation.predictions)
    assert check.is_same
    assert check.sentence == f"Checked on {len(trained.files)} original images: same classes."


def test_a_check_names_what_differs_and_counts_what_cannot_be_read(colour):
    def original(place):
        if place == 0:
            raise DatasetError("1.png: the original is no longer there.")
        return colour.original(place)

    others = (colour.evaluation.predictions + 1) % 3
    check = check_on_originals(colour.model, original, others)
    assert not check.is_same
    was = list(HUES)[others[1]]
    assert f"differ (validation image 2 is {colour.names[1]} and was {was}; " in check.sentence
    assert check.sentence.endswith("1 other cannot be read (1.png: the original is no longer there.)")


def test_what_cannot_be_checked_says_why(colour, monkeypatch):
    def gone(place):
        raise DatasetError("1.png: the original is no longer there.")

    predictions = colour.evaluation.predictions
    assert check_on_originals(colour.model, gone, predictions).sentence == (
        "Not checked on original images: 1.png: the original is no longer there."
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert check_on_originals(colour.model, colour.original, predictions).sentence == (
        "Not checked on original images: Running an ONNX file needs onnxruntime, which is not installed: "
        "pip install onnxruntime."
    )


def test_a_subset_is_checked_on_its_own_images(tmp_path):
    in_colour(tmp_path / "photos")
    kept = add(tmp_path / "photos", "mine", Choices(side=12), tmp_path)
    name = f"{kept.name}#30"
    pixels = load_dataset(name, tmp_path).validation.images
    original = validation_originals(name, tmp_path)
    steps = photo_steps(find_kept(kept.name, tmp_path).recipe, (3, 12, 12))
    for place in range(len(pixels)):
        assert (photo_pixels(original(place), 12, 12, **steps) == pixels[place]).all()


def test_without_a_recipe_photos_are_squashed_and_the_script_calls_it_a_guess(tmp_path):
    run(train(trial_on(BARS, "Dense 4", epochs=1), BARS, device="cpu", folder=tmp_path))
    model = read_model(tmp_path / "weights.safetensors", trial_on(BARS, "Dense 4", epochs=1), BARS.card())
    painted((90, 90, 90), 3).save(tmp_path / "photo.png")
    result = classified(tmp_path, onnx_bundle(model), ["photo.png"])
    assert said_names(result.stdout)[0] in BARS.class_names
    sentence = "A photo is squashed to 8 x 8 pixels, made grey, which is a guess: its data set was taken as it was."
    assert sentence in (tmp_path / "classify.py").read_text()
    assert validation_originals("digits", tmp_path) is None


@pytest.mark.parametrize("size", [(9, 7), (7, 9), (30, 50)])
def test_images_without_a_side_are_brought_to_the_size_of_the_model(size):
    photo = painted((10, 90, 200), 1).resize(size)
    steps = photo_steps(None, (3, 7, 9))
    assert photo_pixels(photo, 7, 9, **steps).shape == (7, 9, 3)
    same = photo_pixels(photo.resize((9, 7)), 7, 9, **steps)
    assert (same == np.asarray(photo.resize((9, 7)))).all()
