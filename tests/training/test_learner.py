from dataclasses import replace
from itertools import repeat

import pytest
import torch
from small_tasks import BARS, trial_on

from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner, seeded

DATA = dataset_on_device(BARS, "cpu")
HALF_DROPPED = trial_on(BARS, "Dropout 0.5").architecture


def keep_going() -> bool:
    return False


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (Learner.create(HALF_DROPPED, seed, "cpu").network[-1].weight for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_random_numbers_in_the_block_depend_only_on_the_seed_and_do_not_change_later_ones():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with seeded("cpu", 7, 1):
        first = torch.rand(3)
    assert torch.equal(torch.rand(3), expected)
    with seeded("cpu", 7, 1):
        assert torch.equal(torch.rand(3), first)
    with seeded("cpu", 7, 2):
        assert not torch.equal(torch.rand(3), first)


def test_dropout_is_on_in_training_and_off_in_evaluation():
    learner = Learner.create(HALF_DROPPED, 0, "cpu")
    order = torch.arange(18)
    trained = [learner.train_epoch(DATA.validation, order, 18, repeat(0.0), keep_going).loss for _ in range(2)]
    evaluated = [learner.evaluate(DATA.validation, keep_going)[0].loss for _ in range(2)]
    assert trained[0] != trained[1]
    assert evaluated[0] == evaluated[1]


def test_scores_are_means_over_images_whatever_the_batches():
    learner = Learner.create(trial_on(BARS, "Dense 4").architecture, 0, "cpu")
    whole = learner.train_epoch(DATA.train, torch.arange(84), 84, repeat(0.0), keep_going)
    parts = learner.train_epoch(DATA.train, torch.randperm(84), 80, repeat(0.0), keep_going)
    evaluated, predictions = learner.evaluate(DATA.train, keep_going)
    assert parts == pytest.approx(whole)
    assert evaluated == pytest.approx(whole)
    assert evaluated.accuracy == pytest.approx((predictions == BARS.train.labels).mean())


def test_a_batch_that_is_trained_in_parts_gives_the_same_scores_and_weights():
    architecture = trial_on(BARS, "Conv 4x3, Tanh, Dense 5").architecture
    whole, parts = (Learner.create(architecture, 0, "cpu") for _ in range(2))
    parts = replace(parts, max_images=7)
    for _ in range(3):
        expected = whole.train_epoch(DATA.train, torch.arange(84), 20, repeat(0.01), keep_going)
        assert parts.train_epoch(DATA.train, torch.arange(84), 20, repeat(0.01), keep_going) == pytest.approx(
            expected, rel=1e-5
        )
    for (name, one), (_, other) in zip(whole.tensors(), parts.tensors(), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-5), name


def test_a_batch_norm_sees_the_whole_batch():
    architecture = trial_on(BARS, "Conv 4x3, BatchNorm, Tanh, Dense 5").architecture
    whole, parts = (Learner.create(architecture, 0, "cpu") for _ in range(2))
    parts = replace(parts, max_images=7)
    for learner in (whole, parts):
        learner.train_epoch(DATA.train, torch.arange(84), 20, repeat(0.01), keep_going)
    for (name, one), (_, other) in zip(whole.tensors(), parts.tensors(), strict=True):
        assert torch.equal(one, other), name


def test_the_wider_a_layer_the_fewer_images_pass_at_once_but_at_least_one(monkeypatch):
    monkeypatch.setattr("remap_core.training.learner.MAX_LAYER_VALUES", 100_000)

    def at_once(layers: str) -> int:
        return Learner.create(trial_on(BARS, layers).architecture, 0, "cpu").max_images

    assert at_once("Conv 64x1, Tanh") * 4 == pytest.approx(at_once("Conv 16x1, Tanh"), abs=4)
    assert at_once("Dense 100001, Tanh") == 1
    assert at_once("Conv 64x1") > 10 * at_once("Conv 64x1, Tanh")  # it is fused with the head


def test_a_learner_names_every_weight_and_both_its_moments():
    learner = Learner.create(trial_on(BARS, "Conv 2x3").architecture, 0, "cpu")
    names = [name for name, _ in learner.tensors()]
    assert len(set(names)) == len(names) == 4 * 4  # two layers of weight and bias; itself, two moments and a step
    before = {name: tensor.clone() for name, tensor in learner.tensors()}
    learner.train_epoch(DATA.train, torch.arange(84), 84, repeat(1e-3), keep_going)
    assert not any(torch.equal(tensor, before[name]) for name, tensor in learner.tensors())


def test_static_first_modules_are_applied_once_with_the_same_result():
    learner = Learner.create(trial_on(BARS, "MaxPool 2, ReLU, Conv 2x3").architecture, 0, "cpu")
    ahead = learner.precompute(DATA.train, keep_going)
    assert (ahead.applied_modules, ahead.pixels.shape) == (
        2,
        (84, *learner.network[:2](torch.zeros(1, 1, 8, 8)).shape[2:], 1),
    )
    assert learner.evaluate(ahead, keep_going)[0] == learner.evaluate(DATA.train, keep_going)[0]
    order = torch.randperm(84)
    assert learner.train_epoch(ahead, order, 20, repeat(0.0), keep_going) == learner.train_epoch(
        DATA.train, order, 20, repeat(0.0), keep_going
    )


@pytest.mark.parametrize("layers", ["Dropout 0.5, MaxPool 2", "Conv 2x3, MaxPool 2", "Dense 4"])
def test_nothing_is_precomputed_after_a_first_layer_with_weights_or_dropout(layers):
    assert (
        Learner.create(trial_on(BARS, layers).architecture, 0, "cpu").precompute(DATA.train, keep_going) is DATA.train
    )


def test_outputs_that_would_take_too_much_memory_are_not_precomputed(monkeypatch):
    monkeypatch.setattr("remap_core.training.learner.MAX_PRECOMPUTED_BYTES", 84 * 6 * 6 * 4)
    assert (
        Learner.create(trial_on(BARS, "ReLU").architecture, 0, "cpu").precompute(DATA.train, keep_going) is DATA.train
    )


def test_small_networks_and_processors_without_bf16_train_in_float32(monkeypatch):
    large, small = (trial_on(BARS, layers).architecture for layers in ("Conv 64x3, ReLU, Conv 64x3, ReLU", "Dense 4"))
    found = []
    for has_bf16 in (True, False):
        monkeypatch.setattr("remap_core.training.learner.multiplies_bf16", lambda _, has_bf16=has_bf16: has_bf16)
        found += [Learner.create(architecture, 0, "cpu").bf16 for architecture in (large, small)]
    assert found == [True, False, False, False]


def test_a_network_that_trains_in_bf16_is_evaluated_in_float32_and_keeps_float32_weights(monkeypatch):
    monkeypatch.setattr("remap_core.training.learner.multiplies_bf16", lambda _: True)
    learner = Learner.create(trial_on(BARS, "Conv 64x3, ReLU, Conv 64x3, ReLU").architecture, 0, "cpu")
    trained = learner.train_epoch(DATA.validation, torch.arange(18), 18, repeat(0.0), keep_going)
    evaluated, _ = learner.evaluate(DATA.validation, keep_going)
    assert trained.loss == pytest.approx(evaluated.loss, rel=0.02)
    assert trained.loss != evaluated.loss
    assert replace(learner, bf16=False).evaluate(DATA.validation, keep_going)[0] == evaluated  # as an export is used
    assert {tensor.dtype for _, tensor in learner.tensors()} == {torch.float32}
