"""Models of somebody's photos: they take photos, and their exports are checked on them."""

import warnings

import numpy as np
import pytest
from photographs import in_colour, painted
from PIL import Image

import remap_core as remap
from remap_core.cli import main
from remap_core.datasets.dataset import validation_originals
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError, InvalidArgument, RemapWarning


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of photos of which the originals are there."""
    home = tmp_path_factory.mktemp("home")
    in_colour(home / "photos")
    kept = add(home / "photos", "mine", Choices(side=12, fit="crop"), home)
    lab = remap.open(home, dataset=kept.name, epochs=8, batch_size=8, learning_rate=0.01, device="cpu")
    chain = remap.architecture("Conv 4x3, ReLU, MaxPool 2", dataset=lab)
    return lab.train(chain, progress=False)[0]


def test_original_photos_are_predicted_as_the_training_recorded(model):
    original = validation_originals(model.trial.proposal.dataset, model.recorded.workspace.folder.home)
    expected = model.evaluation.predictions
    photos = [original(place) for place in range(len(expected))]
    assert model.predict(photos).classes.tolist() == expected.tolist()
    assert model.predict(photos[0]).classes.tolist() == expected[:1].tolist()


def test_a_photo_is_a_path_or_a_pillow_image_of_any_size_and_mode(model, tmp_path):
    photo = painted((60, 170, 60), 5)
    photo.putalpha(200)
    photo.resize((300, 90)).save(tmp_path / "a.png")
    by_path = model.predict(str(tmp_path / "a.png"))
    assert by_path.names == ["grass"]
    both = model.predict([tmp_path / "a.png", Image.open(tmp_path / "a.png")])
    assert np.array_equal(both.probabilities[0], both.probabilities[1])
    assert np.allclose(both.probabilities[0], by_path.probabilities[0], atol=1e-6)


def test_a_file_that_is_no_photo_is_named(model, tmp_path):
    (tmp_path / "notes.txt").write_text("not a photo")
    with pytest.raises(DatasetError, match=r"notes.txt: it is not an image, or it is damaged\.$"):
        model.predict(tmp_path / "notes.txt")
    with pytest.raises(DatasetError, match=r"gone.png: it cannot be read \(No such file or directory\)\.$"):
        model.predict([tmp_path / "gone.png"])
    whole = tmp_path / "whole.png"
    painted((60, 170, 60), 5).save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(DatasetError, match=r"half\.png: the image is damaged"):
        model.predict(tmp_path / "half.png")


@pytest.mark.parametrize("photos", [[], [1, 2], 7, None])
def test_what_is_no_photo_is_refused(model, photos):
    with pytest.raises(InvalidArgument, match=r"must be photos .* or a uint8 array of shape \(n, 12, 12, 3\), but got"):
        model.predict(photos)


def test_an_export_that_says_the_same_of_the_originals_does_not_warn(model, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.export(tmp_path / "model.zip").stat().st_size > 0


def test_the_command_line_says_that_an_export_was_checked(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REMAP_HOME", str(model.recorded.workspace.folder.home))
    monkeypatch.setattr("sys.argv", ["remap", "export", str(model.id), "-o", str(tmp_path / "model.onnx.zip")])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "original images: same classes." in capsys.readouterr().out


def test_an_export_that_differs_warns(model, tmp_path, monkeypatch):
    def changed(name, home):
        return lambda place: painted((60, 170, 60), place)

    monkeypatch.setattr("remap_core.services.model_files.validation_originals", changed)
    with pytest.warns(RemapWarning, match=r"Checked on \d+ original images: \d+ differ \(validation image"):
        model.export(tmp_path / "model.onnx")
