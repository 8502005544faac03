import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.classical import classical_scaling, place_on_classical


def crowd(n, seed, dimensions=4):
    return np.random.default_rng(seed).standard_normal((n, dimensions))


def of(x, a, distances):
    """b and beta of one new model with distances a to a base with coordinates x and distances D."""
    squared = np.square(distances)
    b = -0.5 * (a**2 - np.mean(a**2) - squared.mean(axis=1) + squared.mean())
    beta = -0.5 * (0 - 2 * np.mean(a**2) + squared.mean())
    return b, beta


@pytest.mark.parametrize("n", [2, 10, 64, 65, 200])
def test_the_axes_are_the_leading_eigenvectors_of_the_centred_matrix(n):
    points = crowd(n, seed=n)
    distances = cdist(points, points)
    centring = np.eye(n) - 1 / n
    gram = -0.5 * centring @ distances**2 @ centring
    found = classical_scaling(distances)
    leading = np.linalg.eigvalsh(gram)[-2:]
    np.testing.assert_allclose(found.T @ found, np.diag(leading), atol=2e-3 * leading[-1])
    np.testing.assert_allclose(gram @ found, found * leading, atol=2e-3 * leading[-1] ** 1.5)


def test_points_in_the_plane_are_recovered():
    points = crowd(100, seed=0, dimensions=2)
    distances = cdist(points, points)
    found = classical_scaling(distances)
    np.testing.assert_allclose(cdist(found, found), distances, atol=1e-2)


def test_no_point_and_one_point_have_a_layout():
    assert classical_scaling(np.zeros((0, 0))).shape == (0, 2)
    assert classical_scaling([[0]]).tolist() == [[0, 0]]


@given(st.integers(2, 12), st.integers(0, 1000), st.integers(1, 4))
def test_a_new_model_is_where_trosset_and_priebes_criterion_is_least(n, seed, dimensions):
    everyone = crowd(n + 1, seed, dimensions)
    to_old, distances = cdist(everyone[n:], everyone[:n]), cdist(everyone[:n], everyone[:n])
    base = classical_scaling(distances)
    x = base - base.mean(axis=0)
    b, beta = of(x, to_old[0], distances)

    def criterion(y):
        return 2 * np.square(b - x @ y).sum() + (beta - y @ y) ** 2

    found = place_on_classical(to_old, base, distances)[0] - base.mean(axis=0)
    starts = 2 * np.random.default_rng(0).standard_normal((6, 2))
    best = min(minimize(criterion, start, method="BFGS").fun for start in starts)
    assert criterion(found) <= best + 1e-7 * (1 + best)


def test_the_position_solves_the_equation_of_the_root():
    everyone = crowd(21, seed=3)
    to_old, distances = cdist(everyone[20:], everyone[:20]), cdist(everyone[:20], everyone[:20])
    x = classical_scaling(distances) + np.array([7, 8])  # the base may be anywhere
    y = place_on_classical(to_old, x, distances)[0] - x.mean(axis=0)
    x = x - x.mean(axis=0)
    b, beta = of(x, to_old[0], distances)
    s = y @ y - beta
    np.testing.assert_allclose((x.T @ x + s * np.eye(2)) @ y, x.T @ b, rtol=1e-8)
    assert s > -np.linalg.eigvalsh(x.T @ x)[0]


def test_a_new_model_off_the_line_of_its_base_keeps_its_height():
    base = np.array([[-1.0, 0], [0, 0], [1, 0]])
    placed = place_on_classical([[np.sqrt(5), 2, np.sqrt(5)]], base, cdist(base, base))
    np.testing.assert_allclose(np.abs(placed), [[0, 2]], atol=1e-9)


def test_new_points_in_the_plane_are_placed_exactly_alone_and_together():
    points = crowd(30, seed=1, dimensions=2)
    old, new = points[:25] - points[:25].mean(axis=0), points[25:] - points[:25].mean(axis=0)
    arguments = cdist(new, old), old, cdist(old, old)
    np.testing.assert_allclose(place_on_classical(*arguments), new, atol=1e-7)
    np.testing.assert_allclose(place_on_classical(*arguments, between=cdist(new, new)), new, atol=1e-5)


def test_new_models_placed_together_are_where_their_common_criterion_is_least():
    everyone = crowd(13, seed=5)
    old, new = everyone[:10], everyone[10:]
    distances, to_old, between = cdist(old, old), cdist(new, old), cdist(new, new)
    base = classical_scaling(distances)
    b = np.stack([of(base, a, distances)[0] for a in to_old])
    mean = np.square(to_old).mean(axis=1)
    beta = -0.5 * (between**2 - mean[:, None] - mean[None, :] + np.square(distances).mean())

    def criterion(flat):
        y = flat.reshape(3, 2)
        return 2 * np.square(b - y @ base.T).sum() + np.square(beta - y @ y.T).sum()

    together = place_on_classical(to_old, base, distances, between=between)
    alone = place_on_classical(to_old, base, distances)
    nearby = minimize(criterion, together.ravel(), method="BFGS")
    assert criterion(together.ravel()) <= nearby.fun + 1e-6
    assert criterion(together.ravel()) < criterion(alone.ravel())


def test_new_models_with_too_few_distances_are_refused():
    with pytest.raises(InvalidDistances, match=r"distances to each of the 2 models of the base, but got 1\."):
        place_on_classical([[1.0]], [[0, 0], [1, 0]], [[0, 1], [1, 0]])
