import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.analysis.optimism import optimism_of_best

EVERY_IMAGE = np.ones(1000)


def judged(truth, images, rng, alike=0.0):
    """Models of these true accuracies. alike: the share of images on which all do as one of them does."""
    luck = rng.random((len(truth), images))
    shared = rng.random(images) < alike
    luck[:, shared] = luck[0, shared]
    return luck < np.array(truth)[:, None]


def excess(truth, images, alike=0.0, times=400):
    """The oracle: what the best of new models is better on its images than in truth, on average."""
    rng = np.random.default_rng(7)
    best = [judged(truth, images, rng, alike).mean(axis=1) for _ in range(times)]
    return np.mean([shares.max() - truth[shares.argmax()] for shares in best])


def estimated(truth, images, alike=0.0, times=12):
    rng = np.random.default_rng(1)
    weights = np.ones(images)
    return np.mean([optimism_of_best(judged(truth, images, rng, alike), weights, rng) for _ in range(times)])


@pytest.mark.parametrize(("models", "alike"), [(40, 0.0), (40, 0.7), (5, 0.0)])
def test_of_equal_models_the_best_is_as_optimistic_as_a_simulation_says(models, alike):
    truth = [0.85] * models
    assert estimated(truth, 1000, alike) == pytest.approx(excess(truth, 1000, alike), rel=0.15)


def test_a_model_that_is_far_ahead_owes_nothing_to_having_been_chosen():
    assert estimated([0.95] + [0.7] * 20, 1000) == pytest.approx(0, abs=1e-6)


def test_the_more_images_the_less_optimistic():
    few, many = (estimated([0.85] * 30, images) for images in (200, 3200))
    assert few / many == pytest.approx(4, rel=0.3)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_a_single_model_was_not_chosen(images, seed):
    rng = np.random.default_rng(seed)
    right = rng.random((1, images)) < 0.7
    assert optimism_of_best(right, np.ones(images), rng) == pytest.approx(0, abs=1e-6)


@given(st.integers(1, 40), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_optimism_is_a_share_and_does_not_depend_on_the_unit_of_the_weights(images, models, seed):
    right = np.random.default_rng(seed).random((models, images)) < 0.7
    once, twice = (
        optimism_of_best(right, np.full(images, weight), np.random.default_rng(seed)) for weight in (1.0, 2.0)
    )
    assert 0 <= once < 1
    assert once == pytest.approx(twice, abs=1e-6)


def test_images_without_a_weight_do_not_matter():
    rng = np.random.default_rng(0)
    right = rng.random((10, 1000)) < 0.8
    weights = np.repeat([1.0, 0.0], 500)
    changed = right.copy()
    changed[:, 500:] = ~changed[:, 500:]
    first, second = (optimism_of_best(each, weights, np.random.default_rng(3)) for each in (right, changed))
    assert first == second > 0


def test_models_that_are_right_on_the_same_images_leave_nothing_to_choose():
    right = np.tile(np.arange(1000) % 5 > 0, (30, 1))
    assert optimism_of_best(right, EVERY_IMAGE, np.random.default_rng(0)) == pytest.approx(0, abs=1e-6)
