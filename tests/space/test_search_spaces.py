from fractions import Fraction

import numpy as np
import pytest

from remap_core.errors import InvalidSpace
from remap_core.space.grid import layers_of
from remap_core.space.layers import InvertedResidual, Residual, offered_layers
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.markov.search_spaces import MOBILE, REMAP_2019, RESIDUAL, SPACES, fitting_space, is_costly


@pytest.mark.parametrize("space", SPACES.values())
def test_the_rows_of_a_transition_matrix_sum_to_one(space):
    for matrix in (space.on_images, space.on_vectors):
        assert all(sum(row.values()) == 1 for row in matrix.values())


def test_the_papers_chain_is_the_published_one():
    twelfth, eighth = Fraction(1, 12), Fraction(1, 8)
    assert REMAP_2019.on_images["start"]["conv"] == 6 * twelfth
    assert REMAP_2019.on_images["start"]["pool"] == 2 * twelfth
    assert REMAP_2019.on_images["conv"] == {
        "act": 3 * eighth,
        **dict.fromkeys(("conv", "drop", "pool", "dense", "stop"), eighth),
    }
    assert REMAP_2019.on_vectors["drop"] == {"dense": Fraction(1, 2), "stop": Fraction(1, 2)}
    assert {step: len(layers) for step, layers in REMAP_2019.grid.items()} == {
        "conv": 12,
        "pool": 6,
        "dense": 4,
        "drop": 7,
        "act": 3,
    }


def test_a_space_whose_row_does_not_sum_to_one_is_refused():
    half = {"start": {"stop": Fraction(1, 2)}}
    with pytest.raises(InvalidSpace, match=r"on_images\.start must sum to 1"):
        SearchSpace("broken", {}, half, {})


@pytest.mark.parametrize(("shape", "name"), [((1, 8, 8), "remap-2019"), ((1, 28, 28), "remap-2019")])
def test_small_grey_images_have_the_papers_space(shape, name):
    assert fitting_space(shape).name == name


@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 32, 32), (1, 48, 48), (3, 224, 224)])
def test_colour_or_large_images_have_a_space_that_shrinks_them_early(shape):
    space = fitting_space(shape)
    assert is_costly(shape)
    assert any(isinstance(layer, Residual | InvertedResidual) for layers in space.grid.values() for layer in layers)


@pytest.mark.parametrize("space", [RESIDUAL, MOBILE])
def test_blocks_follow_a_stem_and_end_with_a_mean(space):
    for one in sampled(space, (3, 32, 32), 40):
        kinds = [layer.kind for layer in one.layers]
        assert kinds[:3] == ["conv2d", "batch_norm", "activation"]
        assert "global_avg_pool2d" in kinds
        assert kinds.index("global_avg_pool2d") > 3


@pytest.mark.parametrize("space", [RESIDUAL, MOBILE])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 96, 96)])
def test_most_of_what_a_space_of_blocks_samples_is_small(space, shape):
    parameters = [one.parameters for one in sampled(space, shape, 100)]
    assert np.quantile(parameters, 0.1) > 5_000
    assert np.quantile(parameters, 0.9) < 300_000


def sampled(space, shape, n):
    return sample_architectures(space, shape, 10, n, np.random.default_rng(0))


def test_every_layer_of_a_space_is_offered_for_handcrafting_too():
    assert set(layers_of(*SPACES.values())) <= set(offered_layers())
