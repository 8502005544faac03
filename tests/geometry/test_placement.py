import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.layout import embed
from remap_core.geometry.embedding.placement import gower, place_newcomers
from remap_core.geometry.embedding.smacof import stress_between
from remap_core.geometry.otmann.distances import distances
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019


def scattered(n, seed, scale=1.0):
    return scale * np.random.default_rng(seed).standard_normal((n, 2))


def structural(n, seed=0):
    rng = np.random.default_rng(seed)
    return distances(sample_architectures(REMAP_2019, (1, 28, 28), 10, n, rng, max_parameters=1_000_000))


@given(st.integers(3, 30), st.integers(0, 1000), st.sampled_from([1e-3, 1.0, 1e4]))
def test_new_models_with_exact_distances_are_placed_exactly(n, seed, scale):
    old, new = scattered(n, seed, scale), scattered(4, seed + 1, scale)
    np.testing.assert_allclose(gower(cdist(new, old), old), new, atol=1e-6 * scale)
    np.testing.assert_allclose(place_newcomers(cdist(new, old), old), new, atol=1e-6 * scale)


@given(st.integers(1, 30), st.integers(0, 1000))
def test_no_nearby_position_has_less_stress(n, seed):
    rng = np.random.default_rng(seed)
    old, to_old = scattered(n, seed), np.abs(rng.standard_normal((1, n))) + 0.1

    def error(position):
        return np.square(np.linalg.norm(position - old, axis=1) - to_old[0]).sum()

    found = place_newcomers(to_old, old)[0]
    nearby = minimize(error, found, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    assert error(found) <= nearby.fun + 1e-7


def test_new_models_spread_like_the_old_ones_and_fit_as_well_as_on_a_new_map():
    given_distances = structural(260)
    base = embed(given_distances[:220, :220])
    placed = place_newcomers(given_distances[220:, :220], base.points)
    redone = embed(given_distances).points
    assert (placed.std(axis=0) > 0.7 * base.points.std(axis=0)).all()
    ours = stress_between(placed, base.points, given_distances[220:, :220])
    assert ours <= stress_between(redone[220:], redone[:220], given_distances[220:, :220]) + 0.005


def test_each_new_model_is_placed_independently():
    given_distances = structural(60)
    base = embed(given_distances[:50, :50])
    together = place_newcomers(given_distances[50:, :50], base.points)
    alone = [place_newcomers(given_distances[row : row + 1, :50], base.points)[0] for row in range(50, 60)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_twin_of_an_old_model_is_placed_next_to_it():
    given_distances = structural(200)
    base = embed(given_distances)
    placed = place_newcomers(given_distances[:20], base.points)
    assert np.linalg.norm(placed - base.points[:20], axis=1).max() < 0.05 * np.ptp(base.points)


def test_one_old_model_is_enough_and_the_distance_is_kept():
    assert np.linalg.norm(place_newcomers([[2.0]], [[1.0, 1.0]]) - [1.0, 1.0]) == pytest.approx(2)
    assert place_newcomers([[0.0]], [[1.0, 1.0]]).tolist() == [[1.0, 1.0]]


def test_old_models_on_a_line_or_in_one_point_do_not_trap_a_new_one():
    line = place_newcomers([[np.sqrt(2), 1, np.sqrt(2)]], [[-1, 0], [0, 0], [1, 0]])
    assert np.abs(line).round(6).tolist() == [[0, 1]]
    heap = place_newcomers([[1.0, 1.0]], [[0, 0], [0, 0]])
    assert np.linalg.norm(heap) == pytest.approx(1)


def test_no_new_models_have_no_positions():
    assert place_newcomers(np.zeros((0, 3)), np.zeros((3, 2))).shape == (0, 2)


@pytest.mark.parametrize(
    ("to_old", "positions", "sentence"),
    [
        (np.zeros((1, 0)), np.zeros((0, 2)), "New models can only be placed on a map with at least one model."),
        ([[1, 2]], [[0, 0]], "Positions must be 2 finite points in the plane, but got 1 x 2."),
        (
            [[1, np.nan]],
            [[0, 0]],
            "Distances to the old models must be finite and at least 0, but row 0, column 1 has nan.",
        ),
        ([[-1]], [[0, 0]], "Distances to the old models must be finite and at least 0, but row 0, column 0 has -1."),
    ],
)
def test_invalid_distances_or_positions_are_refused(to_old, positions, sentence):
    with pytest.raises(InvalidDistances) as refused:
        place_newcomers(to_old, positions)
    assert str(refused.value) == sentence
