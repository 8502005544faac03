import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import MDS

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding import layout as module
from remap_core.geometry.embedding.layout import align, choose_landmarks, embed, embed_landmarks, recompute
from remap_core.geometry.embedding.placement import place_newcomers
from remap_core.geometry.embedding.smacof import stress_1
from remap_core.geometry.otmann.distances import distances
from remap_core.geometry.prediction_distances import prediction_distances
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import REMAP_2019


def plane(n, seed=0):
    points = np.random.default_rng(seed).standard_normal((n, 2)) * (2, 1)
    return points, squareform(pdist(points))


def structural(n, seed=0):
    rng = np.random.default_rng(seed)
    return distances(sample_architectures(REMAP_2019, (1, 28, 28), 10, n, rng, max_parameters=1_000_000))


def predictive(n, seed=0, images=400):
    """Models of different skill that misclassify the same hard images."""
    rng = np.random.default_rng(seed)
    true_classes, skill, hardness = rng.integers(0, 10, images), rng.random((n, 1)), rng.random(images)
    return prediction_distances(np.where(skill > hardness, true_classes, rng.integers(0, 10, (n, images))))


def extent(points):
    return np.ptp(points, axis=0).max()


@settings(max_examples=15)
@given(st.integers(1, 30), st.integers(0, 100))
def test_distances_in_the_plane_are_reproduced_exactly(n, seed):
    _, given_distances = plane(n, seed)
    found = embed(given_distances)
    np.testing.assert_allclose(squareform(pdist(found.points)), given_distances, atol=1e-4)
    assert found.stress < 1e-4


@pytest.mark.parametrize("n", [40, 120, 250])
@pytest.mark.parametrize("matrix", [structural, predictive], ids=["structural", "predictive"])
def test_stress_is_no_worse_than_scikit_learns_best(matrix, n):
    given_distances = matrix(n)
    options = {"metric": "precomputed", "normalized_stress": True}
    best = min(
        MDS(**options, init="classical_mds", n_init=1).fit(given_distances).stress_,
        MDS(**options, init="random", n_init=2, random_state=0).fit(given_distances).stress_,
    )
    assert embed(given_distances).stress <= best + 1e-6


def test_the_reported_stress_is_that_of_the_points():
    given_distances = structural(30)
    found = embed(given_distances)
    expected = np.sqrt(
        np.square(pdist(found.points) - squareform(given_distances)).sum() / np.square(pdist(found.points)).sum()
    )
    assert found.stress == pytest.approx(expected)


def test_a_map_is_centred_widest_along_x_and_the_same_every_time():
    given_distances = structural(80)
    points = embed(given_distances).points
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)
    spread = points.T @ points
    assert spread[0, 0] >= spread[1, 1]
    assert abs(spread[0, 1]) < 1e-9 * spread[0, 0]
    assert (points == embed(given_distances).points).all()


def test_few_models_and_identical_models_have_a_map():
    assert embed([]).points.shape == (0, 2)
    assert embed(np.zeros((0, 0))).points.shape == (0, 2)
    assert embed([[0]]).points.tolist() == [[0, 0]]
    assert np.linalg.norm(np.diff(embed([[0, 3], [3, 0]]).points, axis=0)) == pytest.approx(3)
    same = embed(np.zeros((100, 100)))
    assert (same.points == 0).all()
    assert same.stress == 0


@pytest.mark.parametrize("n", [4, 100, 600])
def test_equidistant_models_have_a_map(n):
    found = embed(1.0 - np.eye(n))
    assert np.isfinite(found.points).all()
    assert found.stress < 0.5


def test_twins_that_differ_only_from_each_other_separate():
    given_distances = structural(70)
    given_distances[1], given_distances[:, 1] = given_distances[0], given_distances[:, 0]
    given_distances[1, 1], given_distances[0, 1], given_distances[1, 0] = 0, 0.4, 0.4
    points = embed(given_distances).points
    assert np.linalg.norm(points[0] - points[1]) > 0.01


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        ([[0, 1, 2], [1, 0, 2]], "Distances of all pairs must be square, but got 2 x 3."),
        ([[0, 1], [2, 0]], "Distances must be symmetric, but from 0 to 1 it is 1 and back 2."),
        ([[0, np.nan], [np.nan, 0]], "Distances must be finite and at least 0, but row 0, column 1 has nan."),
        ([[0, np.inf], [np.inf, 0]], "Distances must be finite and at least 0, but row 0, column 1 has inf."),
        ([[0, -1], [-1, 0]], "Distances must be finite and at least 0, but row 0, column 1 has -1."),
        ([[0, 1], [1, 5]], "The distance of a model to itself must be 0, but row 1 has 5."),
        ([1, 2], "Distances must be a table of rows and columns, but got 2."),
        ([["a"]], "Distances must be a table of numbers, but got list."),
        ([[0, 1], [1]], "Distances must be a table of numbers, but got list."),
    ],
)
def test_invalid_distances_are_refused_in_one_sentence(matrix, sentence):
    for lay_out in (embed, lambda given_distances: recompute(given_distances, [[0, 0], [1, 1]])):
        with pytest.raises(InvalidDistances) as refused:
            lay_out(matrix)
        assert str(refused.value) == sentence


def test_recomputing_a_perfect_map_leaves_it_in_place():
    points, given_distances = plane(40)
    positions = points + np.array([5, -3])
    np.testing.assert_allclose(recompute(given_distances, positions).points, positions, atol=1e-5)


def test_recomputing_a_map_with_new_models_barely_moves_it_and_fits_as_well_as_a_new_one():
    given_distances = structural(240)
    base = embed(given_distances[:220, :220])
    positions = np.vstack((base.points, place_newcomers(given_distances[220:, :220], base.points)))
    recomputed = recompute(given_distances, positions)
    assert np.linalg.norm(recomputed.points - positions, axis=1).mean() < 0.02 * extent(positions)
    assert recomputed.stress <= stress_1(positions, given_distances)
    assert recomputed.stress <= embed(given_distances).stress + 0.002


def test_a_map_can_be_recomputed_from_identical_positions():
    given_distances = structural(30)
    assert recompute(given_distances, np.ones((30, 2))).stress < 0.5
    assert recompute(np.zeros((3, 3)), [[0, 0], [3, 0], [0, 3]]).points.tolist() == [[1, 1]] * 3
    assert recompute([], []).points.shape == (0, 2)


@pytest.mark.parametrize(
    ("positions", "sentence"),
    [
        ([[0, 0]], "Positions must be 2 finite points in the plane, but got 1 x 2."),
        ([[0, 0], [0, np.nan]], "Positions must be 2 finite points in the plane, but some are not finite."),
    ],
)
def test_positions_must_be_finite_and_one_per_model(positions, sentence):
    with pytest.raises(InvalidDistances) as refused:
        recompute([[0, 1], [1, 0]], positions)
    assert str(refused.value) == sentence


@given(st.integers(1, 20), st.floats(0, 6), st.booleans(), st.integers(0, 100))
def test_aligning_undoes_a_rotation_a_reflection_and_a_shift(n, angle, mirrored, seed):
    positions, _ = plane(n, seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = positions @ turn * ((-1, 1) if mirrored else (1, 1)) + np.array([3, 4])
    np.testing.assert_allclose(align(moved, positions), positions, atol=1e-9)


def test_landmarks_fit_nearly_as_well_and_need_only_their_columns():
    given_distances = structural(300)
    rows = choose_landmarks(300, np.random.default_rng(0), 150)
    found = embed_landmarks(given_distances[:, rows], rows)
    assert stress_1(found.points, given_distances) <= embed(given_distances).stress + 0.01


def test_large_maps_are_computed_and_recomputed_by_landmarks(monkeypatch):
    given_distances = structural(400)
    exact = embed(given_distances)
    monkeypatch.setattr(module, "LANDMARKS_ABOVE", 350)
    found = embed(given_distances)
    assert abs(found.stress - exact.stress) < 0.01
    assert found.stress != exact.stress
    assert found.stress == stress_1(found.points, given_distances)
    recomputed = recompute(given_distances, found.points)
    assert np.linalg.norm(recomputed.points - found.points, axis=1).mean() < 0.02 * extent(found.points)


def test_landmarks_among_identical_models_have_a_map():
    assert (embed_landmarks(np.zeros((5, 2)), [0, 3]).points == 0).all()


@pytest.mark.parametrize("rows", [[0], [0, 0], [0, 7], [[0, 1]]])
def test_landmarks_must_be_one_row_per_column(rows):
    with pytest.raises(InvalidDistances, match="Landmarks must be 2 different rows of 3, one per column, but got"):
        embed_landmarks(np.zeros((3, 2)), rows)


def test_landmarks_are_different_and_no_more_than_there_are_models():
    assert choose_landmarks(5, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]
    chosen = choose_landmarks(1000, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == 300
