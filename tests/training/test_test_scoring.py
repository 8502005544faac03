from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small_tasks import BARS, bars, run, trial_on

from remap_core.datasets.dataset import Dataset
from remap_core.errors import TrainingFailed
from remap_core.training.tensor_files import tensors_to_bytes
from remap_core.training.test_scoring import score_sealed
from remap_core.training.training_loop import train

TRIAL = trial_on(BARS, "Conv 4x3, ReLU, MaxPool 2, Dropout 0.5", epochs=2, batch_size=12, learning_rate=0.02)


@pytest.fixture
def folder(tmp_path):
    run(train(TRIAL, BARS, device="cpu", folder=tmp_path))
    return tmp_path


def score(folder, trial=TRIAL, dataset=BARS):
    return score_sealed(trial, dataset, device="cpu", folder=folder)


def test_with_the_validation_images_as_test_images_the_score_is_that_of_the_training(folder, tmp_path):
    twin = Dataset(BARS.name, BARS.class_names, BARS.train, BARS.validation, BARS.validation)
    epochs, evaluation = run(train(TRIAL, BARS, device="cpu", folder=tmp_path / "again"))
    scored = score(folder, dataset=twin)
    assert (scored.images, scored.accuracy) == (18, evaluation.accuracy)
    assert scored.loss == pytest.approx(epochs[-1].validation_loss)


def test_the_test_images_are_scored(folder):
    dark = Dataset(BARS.name, BARS.class_names, BARS.train, BARS.validation, bars(30, 9))
    assert score(folder, dataset=dark).images == 30
    assert score(folder, dataset=dark) == score(folder, dataset=dark)


def test_without_weights_there_is_no_score(tmp_path):
    with pytest.raises(TrainingFailed, match=r"Model 7 has no weights: .*weights\.safetensors does not exist\."):
        score(tmp_path)


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_incomplete_weights_are_an_error_that_names_the_file(folder, kept):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TrainingFailed, match=r"weights\.safetensors cannot be read"):
        score(folder)


@pytest.mark.parametrize("metadata", [None, {}, {"architecture": "{}", "dataset": "bars"}])
def test_weights_without_the_model_they_belong_to_are_rejected(folder, metadata):
    path = folder / "weights.safetensors"
    save_file(load_file(path), path, metadata)
    with pytest.raises(TrainingFailed, match=r"weights\.safetensors"):
        score(folder)


@pytest.mark.parametrize(
    "change", [{"0.weight": torch.zeros(4, 1, 5, 5)}, {"9.weight": torch.zeros(3)}, {"0.weight": None}]
)
def test_weights_with_other_tensors_than_the_models_are_rejected_in_one_sentence(folder, change):
    path = folder / "weights.safetensors"
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = {name: value for name, value in (load_file(path) | change).items() if value is not None}
    path.write_bytes(tensors_to_bytes(tensors, metadata))
    with pytest.raises(TrainingFailed, match=r"^/.*/weights\.safetensors does not hold the tensors of Model 7\.$"):
        score(folder)


@pytest.mark.parametrize("content", [b"\xff" * 1000, b"{}" * 500, bytes(range(256)) * 4])
def test_a_file_of_garbage_is_an_error_of_one_sentence(folder, content):
    (folder / "weights.safetensors").write_bytes(content)
    with pytest.raises(TrainingFailed, match=r"weights\.safetensors cannot be read: \w+: [^\n]*\.$"):
        score(folder)


def test_the_weights_of_another_model_are_rejected(folder):
    other = trial_on(BARS, "Conv 4x3, ReLU, MaxPool 2", epochs=2)
    with pytest.raises(TrainingFailed, match=r"holds the weights of another model, not of Model 7\."):
        score(folder, trial=other)


def test_images_that_do_not_fit_the_model_are_rejected(folder):
    two_classes = replace(BARS, class_names=("top", "middle"))
    with pytest.raises(
        TrainingFailed, match="The images of bars do not have the shape and classes that Model 7 is for"
    ):
        score(folder, dataset=two_classes)


def test_weights_with_one_flipped_bit_are_rejected_by_their_checksum(folder):
    path = folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(TrainingFailed, match=r"weights\.safetensors cannot be read: .* do not match their checksum\.$"):
        score_sealed(TRIAL, BARS, device="cpu", folder=folder)
