import json
import logging
from itertools import repeat

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small_tasks import BARS, trial_on

from remap_core.errors import TrainingFailed
from remap_core.space.architecture import Architecture
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner
from remap_core.training.network.build import build
from remap_core.trials.evaluation import EpochResult

TRIAL = trial_on(BARS, "Conv 4x3, Conv 3x3, Dense 5", epochs=3)
RESULT = EpochResult(1, 1.0986122886681098, 1 / 3, 1.1, 0.1 + 0.2, 0.5)
DATA = dataset_on_device(BARS, "cpu")


def trained(trial=TRIAL) -> Learner:
    learner = fresh(trial)
    learner.train_epoch(DATA.train, torch.arange(84), 20, repeat(1e-2), lambda: False)
    return learner


def fresh(trial=TRIAL) -> Learner:
    return Learner.create(trial.architecture, 0, "cpu")


def state(learner: Learner) -> dict[str, list[float]]:
    return {name: tensor.tolist() for name, tensor in learner.tensors()}


@pytest.fixture
def saved(tmp_path) -> Artifacts:
    artifacts = Artifacts(tmp_path, TRIAL)
    artifacts.save_checkpoint(trained(), [RESULT])
    return artifacts


def test_a_checkpoint_restores_results_weights_and_moments_to_the_bit(saved):
    learner = fresh()
    assert saved.restore(learner) == [RESULT]
    assert state(learner) == state(trained())


def test_restored_tensors_keep_the_layout_that_a_fused_adam_relies_on(saved):
    learner = fresh()
    layout = {name: tensor.stride() for name, tensor in learner.tensors()}
    saved.restore(learner)
    assert {name: tensor.stride() for name, tensor in learner.tensors()} == layout
    assert layout["network.1.weight"] == layout["adam.1.weight.exp_avg"] == (36, 1, 12, 4)


def test_without_a_checkpoint_nothing_is_restored(tmp_path, caplog):
    learner = fresh()
    assert Artifacts(tmp_path, TRIAL).restore(learner) == []
    assert state(learner) == state(fresh())
    assert not caplog.records


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, -1])
def test_an_incomplete_checkpoint_is_ignored_and_logged(saved, caplog, kept):
    saved.checkpoint.write_bytes(saved.checkpoint.read_bytes()[:kept])
    assert_ignored(saved, caplog)


@pytest.mark.parametrize("metadata", [None, {}, {"epochs": "[]"}])
def test_a_checkpoint_without_the_identity_of_its_training_is_ignored(saved, caplog, metadata):
    save_file(load_file(saved.checkpoint), saved.checkpoint, metadata)
    assert_ignored(saved, caplog)


@pytest.mark.parametrize("epochs", [None, "", "5", "[5]", '[{"epoch": 1}]'])
def test_a_checkpoint_without_readable_results_is_ignored(saved, caplog, epochs):
    with safe_open(saved.checkpoint, framework="pt") as file:
        metadata = {"training": file.metadata()["training"]} | ({} if epochs is None else {"epochs": epochs})
    save_file(load_file(saved.checkpoint), saved.checkpoint, metadata)
    assert_ignored(saved, caplog)


def test_a_checkpoint_with_other_tensors_is_ignored(saved, caplog):
    with safe_open(saved.checkpoint, framework="pt") as file:
        metadata = file.metadata()
    save_file(load_file(saved.checkpoint) | {"network.0.bias": torch.zeros(5)}, saved.checkpoint, metadata)
    assert_ignored(saved, caplog)


@pytest.mark.parametrize(
    "other",
    [
        trial_on(BARS, "Conv 4x3, Conv 3x3, Dense 5", epochs=3, id=8),
        trial_on(BARS, "Conv 4x3, Conv 3x3, Dense 5", epochs=3, attempt=2),
        trial_on(BARS, "Conv 4x3, Conv 3x3, Dense 5", epochs=4),
        trial_on(BARS, "Conv 4x3, Conv 3x3, ReLU, Dense 5", epochs=3),
    ],
)
def test_a_checkpoint_of_another_training_is_ignored(saved, caplog, other):
    assert_ignored(Artifacts(saved.folder, other), caplog)
    assert "it belongs to another training" in caplog.text


def assert_ignored(artifacts: Artifacts, caplog) -> None:
    learner = fresh(artifacts.trial)
    with caplog.at_level(logging.WARNING):
        assert artifacts.restore(learner) == []
    assert state(learner) == state(fresh(artifacts.trial))
    assert f"{artifacts.checkpoint} is ignored, training starts at epoch 1" in caplog.text


def test_at_the_end_the_weights_replace_the_checkpoint(saved):
    saved.finish(trained(), DATA.scale, [RESULT])
    assert list(saved.folder.iterdir()) == [saved.weights]


def test_the_weights_of_a_training_that_was_never_reported_restore_it_too(saved):
    saved.finish(trained(), DATA.scale, [RESULT])
    (saved.folder / "weights.99.partial").write_bytes(b"of a process that was killed")
    learner = fresh()
    assert saved.restore(learner) == [RESULT]
    assert [p.tolist() for p in learner.network.parameters()] == [p.tolist() for p in trained().network.parameters()]
    assert list(saved.folder.iterdir()) == [saved.weights]


def test_the_weights_file_has_all_that_is_needed_to_predict(saved):
    learner = trained()
    saved.finish(learner, DATA.scale, [RESULT])
    with safe_open(saved.weights, framework="pt") as file:
        metadata = file.metadata()
    network = build(Architecture.from_json(json.loads(metadata["architecture"])))
    network.load_state_dict(load_file(saved.weights))
    scale = json.loads(metadata["scale"])
    inputs = (BARS.validation.images - np.array(scale["mean"])) / np.array(scale["deviation"])
    predicted = network(torch.from_numpy(inputs).permute(0, 3, 1, 2).float()).argmax(1)
    assert predicted.tolist() == learner.evaluate(DATA.validation, lambda: False)[1].tolist()
    assert metadata["dataset"] == "bars"


def test_a_folder_that_cannot_be_written_fails_the_training_with_the_reason(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrainingFailed, match=r"file/7/checkpoint\.safetensors cannot be written: Not a directory\."):
        Artifacts(tmp_path / "file" / "7", TRIAL).save_checkpoint(fresh(), [])


@pytest.mark.parametrize("place", [-1, -2_000])
def test_a_checkpoint_with_one_flipped_bit_is_ignored_and_logged(saved, caplog, place):
    content = bytearray(saved.checkpoint.read_bytes())
    content[place] ^= 1
    saved.checkpoint.write_bytes(content)
    assert_ignored(saved, caplog)
    assert "checksum" in caplog.text
