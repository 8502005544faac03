from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remap_core.errors import SpaceExhausted
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Dense, Layer
from remap_core.space.sampler import sample_architecture, sample_architectures
from remap_core.space.search_spaces import MODERN, REMAP_2019, SPACES, SearchSpace

shapes = st.tuples(st.sampled_from([1, 3]), st.integers(2, 32), st.integers(2, 32))


def sampled(n, seed=0, shape=(1, 28, 28), space=REMAP_2019, **options):
    options = {"max_parameters": 1_000_000} | options
    return sample_architectures(space, shape, 10, n, np.random.default_rng(seed), **options)


@given(shapes, st.sampled_from(list(SPACES.values())), st.integers(0, 2**32 - 1))
def test_every_sampled_architecture_is_valid_and_from_the_grid(shape, space, seed):
    drawn = sample_architecture(space, shape, 10, np.random.default_rng(seed))
    assert Architecture(shape, 10, drawn.layers) == drawn  # building it again applies every rule
    grid: set[Layer] = set().union(*space.grid.values())
    assert set(drawn.layers) <= grid


@given(st.sampled_from(list(SPACES.values())), st.integers(0, 2**32 - 1), st.integers(20_000, 200_000))
@settings(max_examples=25)
def test_no_duplicates_no_known_ones_the_cap_respected_and_all_learnable(space, seed, cap):
    first = sampled(10, seed, space=space, max_parameters=cap)
    known = {architecture.fingerprint for architecture in first}
    second = sampled(10, seed, space=space, max_parameters=cap, known=known)
    both = first + second
    assert len({architecture.fingerprint for architecture in both}) == 20
    assert max(architecture.parameters for architecture in both) <= cap
    assert all(architecture.has_hidden_weights and not architecture.is_linear for architecture in both)


def test_the_same_seed_gives_the_same_architectures_and_another_seed_others():
    assert sampled(20, seed=7) == sampled(20, seed=7)
    assert sampled(20, seed=7) != sampled(20, seed=8)


def test_steps_follow_the_published_frequencies_where_everything_fits():
    rng = np.random.default_rng(0)
    firsts = Counter(
        type(drawn.layers[0]).__name__ if drawn.layers else "stop"
        for drawn in (sample_architecture(REMAP_2019, (1, 28, 28), 10, rng) for _ in range(4_000))
    )
    assert firsts["Conv2d"] / 4_000 == pytest.approx(6 / 12, abs=0.03)
    assert (firsts["MaxPool2d"] + firsts["AvgPool2d"]) / 4_000 == pytest.approx(2 / 12, abs=0.03)
    assert firsts["stop"] / 4_000 == pytest.approx(1 / 12, abs=0.02)


def test_the_modern_space_samples_each_of_its_kinds_and_ends_its_images_with_a_mean_or_a_dense_layer():
    drawn = sampled(60, space=MODERN)
    assert {layer.kind for one in drawn for layer in one.layers} == {
        layer.kind for row in MODERN.grid.values() for layer in row
    }
    for one in drawn:
        vectors = next(index for index, shape in enumerate(one.output_shapes) if len(shape) == 1)
        assert one.layers[vectors].kind in ("global_avg_pool2d", "dense")


def test_a_space_that_is_too_small_is_refused_with_how_many_it_holds():
    only = SearchSpace(
        "tiny",
        {"dense": (Dense(4), Dense(8))},
        {"start": {"dense": Fraction(1)}},
        {"dense": {"stop": Fraction(1)}},
    )
    with pytest.raises(SpaceExhausted) as refused:
        sample_architectures(only, (1, 8, 8), 10, 3, np.random.default_rng(0), max_parameters=10_000, learnable=False)
    assert str(refused.value) == (
        "Only 2 of 3 new architectures of tiny were found for images of 1 x 8 x 8 with at most 10,000 parameters."
    )
