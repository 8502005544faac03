"""Occlusion against what a linear network adds up, and against what is hidden at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.analysis.occlusion import Occlusion, occlude

SIDES = st.integers(1, 40)


def linear(weights: np.ndarray):
    """Two classes whose logits differ by the sum of pixels times weights (height, width)."""

    def probabilities(images):
        logits = np.einsum("nhwc,hw->n", images.astype(float), weights)
        share = 1 / (1 + np.exp(-logits))
        return np.stack([share, 1 - share], axis=1)

    return probabilities


def contributions(image: np.ndarray, weights: np.ndarray, occlusion: Occlusion, fill: float) -> np.ndarray:
    """What each patch takes from the logit of class 0: the sum of weights times what changes below it."""
    changed = (image[..., 0].astype(float) - fill) * weights
    edge = occlusion.edge
    return np.array(
        [[changed[top : top + edge, left : left + edge].sum() for left in occlusion.lefts] for top in occlusion.tops]
    )


@pytest.mark.parametrize("seed", range(5))
def test_of_a_linear_network_the_hottest_patch_is_the_one_that_contributes_most(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (12, 10, 1), dtype=np.uint8)
    weights = rng.normal(0, 1e-4, (12, 10))
    occlusion = occlude(image, linear(weights), [100])
    drops = occlusion.drops(0)
    expected = contributions(image, weights, occlusion, 100)
    assert drops.argmax() == expected.argmax()
    assert drops.argmin() == expected.argmin()
    assert np.argsort(drops, axis=None).tolist() == np.argsort(expected, axis=None).tolist()


def test_the_map_is_hottest_at_the_only_pixel_that_counts():
    weights = np.zeros((10, 10))
    weights[7, 2] = 0.01
    occlusion = occlude(np.full((10, 10, 1), 255, np.uint8), linear(weights), [0])
    row, column = np.unravel_index(occlusion.drop_map(0).argmax(), (10, 10))
    assert abs(row - 7) <= occlusion.edge
    assert abs(column - 2) <= occlusion.edge
    assert occlusion.drop_map(0)[7, 2] == occlusion.drop_map(0).max()
    assert occlusion.drop_map(1) == pytest.approx(-occlusion.drop_map(0))


def test_what_hides_nothing_changes_nothing():
    image = np.full((8, 8, 3), (10, 20, 30), np.uint8)
    occlusion = occlude(image, linear(np.ones((8, 8))), [10, 20, 30])
    assert (occlusion.drop_map(0) == 0).all()


@given(height=SIDES, width=SIDES, most=st.integers(36, 256))
def test_every_pixel_is_hidden_by_some_patch_and_no_patch_leaves_the_image(height, width, most):
    batches = []

    def probabilities(images):
        batches.append(images)
        return np.full((len(images), 2), 0.5)

    occlusion = occlude(np.zeros((height, width, 1), np.uint8), probabilities, [255], most=most)
    (images,) = batches
    assert images[0].max() == 0
    assert (images[1:] == 255).any(axis=0).all()
    assert ((images[1:] == 255).sum(axis=(1, 2, 3)) == occlusion.edge**2).all()
    assert occlusion.hidden.shape == (len(occlusion.tops), len(occlusion.lefts), 2)


@pytest.mark.parametrize("side", [8, 28, 32, 64, 224])
def test_a_square_image_needs_about_as_many_runs_as_are_allowed_at_most(side):
    runs = []

    def probabilities(images):
        runs.append(len(images))
        return np.full((len(images), 2), 0.5)

    image = np.zeros((side, side, 1), np.uint8)
    occlude(image, probabilities, [0])
    occlude(image, probabilities, [0], most=36)
    assert runs[0] <= 257
    assert runs[1] <= 50
