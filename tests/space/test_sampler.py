from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remap_core.errors import InvalidArchitecture, SpaceExhausted
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost
from remap_core.space.layers import Activation, Conv2d, Dense, Layer, MaxPool2d
from remap_core.space.markov.sampler import sample_architecture, sample_architectures
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.markov.search_spaces import MODERN, REMAP_2019, SPACES

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


@given(
    st.sampled_from(list(SPACES.values())),
    st.sampled_from([(1, 28, 28), (3, 32, 32)]),
    st.integers(0, 2**32 - 1),
    st.integers(5, 20),
    st.integers(64, 256),
)
@settings(max_examples=25)
def test_everything_sampled_keeps_to_the_caps_and_those_of_the_space(space, shape, seed, millions, kilobytes):
    own = replace(space, caps=(Cap(Cost.MEMORY, kilobytes * 1024),))
    caps = (Cap(Cost.MULTIPLY_ADDS, millions * 1e6), Cap(Cost.SECONDS, 12))
    drawn = sampled(5, seed, shape, own, caps=caps, seconds_of=lambda one: float(len(one.layers)))
    assert max(one.multiply_adds for one in drawn) <= millions * 1e6
    assert max(one.peak_values for one in drawn) <= kilobytes * 1024
    assert max(len(one.layers) for one in drawn) <= 12


def test_where_nothing_keeps_to_the_caps_the_sentence_names_all_and_the_one_that_refused_most():
    caps = (Cap(Cost.MULTIPLY_ADDS, 500, "REMAP_MAX_MULTIPLY_ADDS"), Cap(Cost.MEMORY, 2048))
    with pytest.raises(SpaceExhausted) as refused:
        sampled(2, shape=(3, 96, 96), caps=caps)
    assert str(refused.value).startswith(
        "Only 0 of 2 new architectures of remap-2019 were found for images of 3 x 96 x 96 with at most 1,000,000 "
        "parameters, 500 multiply-adds and 2 KB of activations. Of 2,000 candidates, "
    )
    assert str(refused.value).endswith(" had more than 500 multiply-adds (REMAP_MAX_MULTIPLY_ADDS).")


def test_a_chain_that_comes_to_no_end_is_left_out():
    conv, stop = Conv2d(3, 4), {"stop": Fraction(1)}
    shrinking = SearchSpace(
        "shrinking",
        {"conv": (conv,), "pool": (MaxPool2d(5),)},
        {"start": {"conv": Fraction(1)}, "conv": {"conv": Fraction(3, 4), "pool": Fraction(1, 4)}, "pool": stop},
        {},
    )
    with pytest.raises(InvalidArchitecture, match=r"No step of shrinking fits an input of 4 channels of 1 x 1\."):
        sample_architecture(shrinking, (1, 3, 3), 10, np.random.default_rng(0))
    (drawn,) = sampled(1, shape=(1, 8, 8), space=shrinking)
    assert drawn.layers[-1] == MaxPool2d(5)


def test_a_chain_that_hardly_ever_ends_is_given_up_after_sixty_layers():
    often, rarely = Fraction(10**9 - 1, 10**9), Fraction(1, 10**9)
    endless = SearchSpace(
        "endless",
        {"act": (Activation("relu"),)},
        {"start": {"act": Fraction(1)}, "act": {"act": often, "stop": rarely}},
        {},
    )
    with pytest.raises(InvalidArchitecture, match=r"A chain of endless has more than 60 layers\."):
        sample_architecture(endless, (1, 8, 8), 10, np.random.default_rng(0))
