"""What `python -m benchmarks.cifar10` decides in place of a person, and the loop that it compares with."""

import pytest

import remap_core as remap
from benchmarks import cifar10
from benchmarks.tuned_loop import train_tuned
from remap_core.datasets.dataset import load_dataset
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import QUICK

CHAINS = ("Conv 8x3 same, BatchNorm, ReLU, Residual 8, GlobalAvgPool", "Conv 4x3, Residual 8, Residual 16 stride 2")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = remap.open(tmp_path_factory.mktemp("lab"), dataset="digits#300", epochs=1, device="cpu")
    lab.train([remap.architecture(chain, dataset=lab) for chain in CHAINS], progress=False)
    return lab


@pytest.fixture
def bands(monkeypatch):
    monkeypatch.setattr(cifar10, "BANDS", ((0, 3_000), (3_001, 9_000)))
    monkeypatch.setattr(cifar10, "MAX_MULTIPLY_ADDS", 200_000)


def test_half_of_the_children_are_of_each_bands_best_model_and_within_it(lab, bands):
    children = cifar10._children(lab.models, 6, seed=0)
    assert [child.parent.id for child in children] == [1, 1, 1, 2, 2, 2]
    assert all(child.parameters <= 3_000 for child in children[:3])
    assert all(3_000 < child.parameters <= 9_000 for child in children[3:])
    assert all(child.multiply_adds <= 200_000 for child in children)


def test_children_are_different_networks_that_were_not_trained_before(lab, bands):
    known = [model.architecture.fingerprint for model in lab.models]
    children = [child.architecture.fingerprint for child in cifar10._children(lab.models, 10, seed=0)]
    assert len(set(children + known)) == 10 + len(known)


def test_blocks_are_repeated_and_widened_from_the_last_to_the_first(lab):
    assert [design.text for design in cifar10._handcrafted(lab.models[1])] == [
        "Conv 4x3, Residual 8, Residual 16 stride 2, Residual 16",
        "Conv 4x3, Residual 8, Residual 24 stride 2",
        "Conv 4x3, Residual 8, Residual 8, Residual 16 stride 2",
        "Conv 4x3, Residual 16, Residual 16 stride 2",
    ]


def test_what_was_measured_is_not_measured_again(tmp_path):
    path = tmp_path / "results.json"
    assert cifar10.Results(path).kept("seconds", lambda: 3) == 3
    assert cifar10.Results(path).kept("seconds", lambda: 1 / 0) == 3


def test_the_tuned_loop_trains_the_network_of_an_exported_file(lab, tmp_path):
    source = lab.models[0].export(tmp_path / "model.py")
    config = TrainingConfig(epochs=8, batch_size=16, recipe=QUICK)
    tuned = train_tuned(source, load_dataset(lab.dataset), config)
    assert min(tuned.validation, tuned.test) > 0.3  # guessing is 0.1
