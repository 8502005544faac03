"""The exported network answers in the app as onnxruntime, the training and the exported script do."""

import sys
from dataclasses import replace
from io import BytesIO

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from small_tasks import BARS, run, trial_on

from remap_core.analysis.occlusion import occlude
from remap_core.datasets.recipe import Recipe
from remap_core.datasets.single_picture import open_single
from remap_core.errors import MissingPackage
from remap_core.exports import classifier
from remap_core.exports.classifier import Classifier
from remap_core.exports.finished_model import FinishedModel, read_model
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.space.architecture import Architecture
from remap_core.training.training_loop import train

IMAGES = BARS.validation.images


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    trial = trial_on(BARS, "Conv 4x3, ReLU", epochs=4, batch_size=12, learning_rate=0.01)
    epochs, evaluation = run(train(trial, BARS, device="cpu", folder=folder))
    model = read_model(folder / "weights.safetensors", replace(trial, last=epochs[-1]), BARS.card())
    return model, evaluation


def linear_model(weights: np.ndarray, mean: float) -> FinishedModel:
    """A network of its head alone: the logit of class 0 is the sum of (pixels - mean) times weights (height, width)."""
    height, width = weights.shape
    head = np.stack([weights.ravel(), np.zeros(height * width)]).astype(np.float32)
    named = {"1.weight": head, "1.bias": np.zeros(2, np.float32)}
    architecture = Architecture((1, height, width), 2, ())
    return FinishedModel(1, architecture, "noise", ("a", "b"), named, b"", (mean,), (1.0,), {})


def test_the_answers_are_the_predictions_that_the_training_recorded(trained):
    model, evaluation = trained
    answers = Classifier(model).probabilities(IMAGES)
    assert answers.argmax(axis=1).tolist() == evaluation.predictions.tolist()
    assert len(set(evaluation.predictions.tolist())) == 3


def test_the_probabilities_are_those_of_onnxruntime_on_the_same_pixels(trained):
    model, _ = trained
    session = onnxruntime.InferenceSession(onnx_bytes(model), providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"images": np.moveaxis(IMAGES, 3, 1)})
    expected = [np.exp(row) / np.exp(row).sum() for row in logits.astype(float)]
    assert Classifier(model).probabilities(IMAGES) == pytest.approx(np.array(expected), abs=1e-6)


def test_a_validation_image_that_comes_as_a_file_is_answered_as_itself(trained):
    model, evaluation = trained
    answering = Classifier(model)
    for pixels, predicted in zip(IMAGES, evaluation.predictions, strict=True):
        file = BytesIO()
        Image.fromarray(pixels[..., 0]).save(file, "PNG")
        prepared = answering.pixels(open_single(file.getvalue()))
        assert (prepared == pixels).all()
        assert answering.probabilities(prepared[np.newaxis]).argmax() == predicted


def test_a_picture_is_prepared_by_the_recipe_of_its_data_set(trained):
    model, _ = trained
    recipe = Recipe("photos", "class folders", 8, "grey", "pad", "black")
    wide = Image.new("RGB", (40, 20), "white")
    prepared = Classifier(replace(model, recipe=recipe)).pixels(wide)
    assert prepared[:, :, 0].tolist() == [[0] * 8] * 2 + [[255] * 8] * 4 + [[0] * 8] * 2


def test_a_batch_in_parts_is_answered_as_a_whole_one(trained, monkeypatch):
    model, _ = trained
    whole = Classifier(model).probabilities(IMAGES)
    monkeypatch.setattr(classifier, "MAX_VALUES", 5 * model.architecture.peak_values)
    assert Classifier(model).probabilities(IMAGES) == pytest.approx(whole, abs=1e-6)


def test_occlusion_in_onnxruntime_finds_the_patch_that_contributes_most_to_a_linear_network():
    rng = np.random.default_rng(3)
    weights = rng.normal(0, 1e-3, (10, 10))
    image = rng.integers(0, 256, (10, 10, 1), dtype=np.uint8)
    answering = Classifier(linear_model(weights, 90.0))
    occlusion = occlude(image, answering.probabilities, [90.0])
    changed = (image[..., 0] - 90.0) * weights
    contributions = {
        (row, column): changed[top : top + occlusion.edge, left : left + occlusion.edge].sum()
        for row, top in enumerate(occlusion.tops)
        for column, left in enumerate(occlusion.lefts)
    }
    hottest = np.unravel_index(occlusion.drops(0).argmax(), occlusion.drops(0).shape)
    assert tuple(map(int, hottest)) == max(contributions, key=contributions.get)


def test_without_onnxruntime_one_sentence_says_how_to_get_it(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackage, match=r"which is not installed: pip install onnxruntime\.$"):
        Classifier(trained[0])
