import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from remap_core.geometry.embedding import smacof as module
from remap_core.geometry.embedding.smacof import guttman_transform, smacof, stress_1, stress_between


def random_problem(n, seed):
    rng = np.random.default_rng(seed)
    return squareform(rng.random(n * (n - 1) // 2) + 0.1), rng.standard_normal((n, 2))


def raw_stress(points, distances):
    return np.square(pdist(points) - squareform(distances)).sum()


def by_the_matrix(points, distances):
    """The Guttman transform by its definition: B(X) X / n."""
    found = squareform(pdist(points))
    with np.errstate(divide="ignore", invalid="ignore"):
        b = np.where(found > 0, -distances / found, 0.0)
    b[np.diag_indices_from(b)] = -b.sum(axis=1)
    return b @ points / len(points)


problems = st.builds(random_problem, st.integers(2, 30), st.integers(0, 1000))


@pytest.mark.parametrize("block", [1, 50, 1 << 16])
def test_the_transform_equals_its_matrix_product(block, monkeypatch):
    distances, points = random_problem(30, seed=0)
    monkeypatch.setattr(module, "BLOCK", block)
    np.testing.assert_allclose(guttman_transform(points, distances), by_the_matrix(points, distances), atol=1e-12)


@given(problems)
def test_a_transform_never_raises_the_stress(problem):
    distances, points = problem
    assert raw_stress(guttman_transform(points, distances), distances) <= raw_stress(points, distances) * (1 + 1e-12)


@example(random_problem(3, 208))
@given(problems)
def test_the_end_is_no_worse_than_the_start_and_has_converged(problem):
    distances, start = problem
    points = smacof(distances, start)
    assert raw_stress(points, distances) <= raw_stress(start, distances) * (1 + 1e-12)
    moved = guttman_transform(points, distances)
    exact = 1e-8 * np.square(distances).sum()  # a stress-1 of 1e-4: good enough to end at
    assert raw_stress(points, distances) - raw_stress(moved, distances) <= 1e-4 * raw_stress(points, distances) + exact


def test_single_precision_fits_as_well_as_double(monkeypatch):
    distances, start = random_problem(200, seed=0)
    double = stress_1(smacof(distances, start), distances)
    monkeypatch.setattr(module, "DOUBLE_UP_TO", 0)
    assert stress_1(smacof(distances, start), distances) == pytest.approx(double, rel=1e-4)


def test_the_result_scales_with_the_distances():
    distances, start = random_problem(20, seed=1)
    np.testing.assert_allclose(smacof(1e6 * distances, 1e6 * start), 1e6 * smacof(distances, start), rtol=1e-6)


@given(problems)
def test_stress_is_kruskals(problem):
    distances, points = problem
    expected = np.sqrt(raw_stress(points, distances) / np.square(pdist(points)).sum())
    assert stress_1(points, distances) == pytest.approx(expected)
    assert stress_between(points[:1], points, distances[:1]) == pytest.approx(
        np.sqrt(np.square(np.linalg.norm(points - points[0], axis=1) - distances[0]).sum())
        / np.linalg.norm(points - points[0])
    )


def test_coinciding_points_have_no_stress_where_they_should_and_full_stress_where_not():
    assert stress_1(np.zeros((2, 2)), np.zeros((2, 2))) == 0
    assert stress_1(np.zeros((2, 2)), 1 - np.eye(2)) == 1
