"""The map: a position in the plane for each model, such that distances on the map fit given ones.

Metric scaling by SMACOF (de Leeuw 1977), see `smacof`. Above LANDMARKS_ABOVE models only landmarks are laid out by it,
and all other models are placed among them, see `placement`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.classical import leading_axes
from remap_core.geometry.embedding.dissimilarities import Floats, positions_of, square_distances, table_of_distances
from remap_core.geometry.embedding.placement import place_newcomers
from remap_core.geometry.embedding.smacof import smacof, stress_1, stress_between

LANDMARKS = 300
LANDMARKS_ABOVE = 5_000
"""Models above which the map is laid out by landmarks."""

RESTARTS = 10
RESTARTS_UP_TO = 200
"""Random starts in addition to the classical one, and models up to which they are tried: there they are cheap."""

JITTER = 1e-6
"""Noise added to starts, as a share of a typical distance: models in one position could not separate."""

Landmarks = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Layout:
    """points: (n, 2) float64, in units of the distances; only their distances from one another mean anything.

    stress: Kruskal's stress-1 of the points, 0 for a perfect fit, 0.1 fair, 0.2 poor.
    """

    points: Floats
    stress: float


def embed(
    distances: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
) -> Layout:
    """A map of n models from their distances (n, n), centred, widest along x. The same distances give the same map.

    rng draws random starts and landmarks; the default is a fixed seed. Raises InvalidDistances unless distances are
    square, symmetric, finite, non-negative, and 0 on the diagonal.

    >>> triangle = embed([[0, 3, 4], [3, 0, 5], [4, 5, 0]])
    >>> round(triangle.stress, 6), np.linalg.norm(triangle.points[0] - triangle.points[1]).round(3).item()
    (0.0, 3.0)
    """
    given = square_distances(distances)
    n = len(given)
    rng = _or_fixed_seed(rng)
    if n > LANDMARKS_ABOVE:
        rows = choose_landmarks(n, rng)
        points = embed_landmarks(given[:, rows], rows, rng=rng).points
        return Layout(points, stress_1(points, given))
    if not given.any():
        return Layout(np.zeros((n, 2)), 0.0)
    layouts = (_descended(start, given, rng) for start in _starts(given, rng))
    return min(layouts, key=lambda layout: layout.stress)


def embed_landmarks(
    to_landmarks: ArrayLike,
    landmarks: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
) -> Layout:
    """A map of n models from their distances (n, k) to k landmarks, whose rows among the n are `landmarks` (k,).

    It needs k n distances instead of n^2. The stress is over the pairs with a landmark.
    """
    given = table_of_distances(to_landmarks, "Distances to landmarks")
    rows = np.asarray(landmarks)
    n, k = given.shape
    if rows.shape != (k,) or len(np.intersect1d(rows, np.arange(n))) != k:
        raise InvalidDistances(f"Landmarks must be {k} different rows of {n}, one per column, but got {rows.tolist()}.")
    base = embed(given[rows], rng=rng)
    points = _oriented(_with_others(base.points, given, rows))
    return Layout(points, stress_between(points, points[rows], given))


def recompute(
    distances: ArrayLike,
    positions: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
) -> Layout:
    """The layout recomputed from the models' positions, then turned and shifted to stay as near to them as possible.

    distances: (n, n); positions: (n, 2), of all models (new ones already placed). Raises as `embed` does.
    """
    given = square_distances(distances)
    n = len(given)
    rng = _or_fixed_seed(rng)
    old = positions_of(positions, n)
    if not given.any():
        return Layout(align(np.zeros_like(old), old), 0.0)
    if n > LANDMARKS_ABOVE:
        rows = choose_landmarks(n, rng)
        base = _descended(old[rows], given[np.ix_(rows, rows)], rng)
        points = _with_others(base.points, given[:, rows], rows)
    else:
        points = _descended(old, given, rng).points
    return Layout(align(points, old), stress_1(points, given))


def choose_landmarks(
    n: int,
    rng: np.random.Generator,
    count: int = LANDMARKS,
) -> Landmarks:
    """(min(count, n),) different rows of n models, drawn evenly, ascending."""
    return np.sort(rng.choice(n, size=min(count, n), replace=False))


def align(points: Floats, positions: Floats) -> Floats:
    """(n, 2) points rotated, mirrored and shifted, not scaled, as near to positions (n, 2) as possible (Procrustes)."""
    if not len(points):
        return points
    centre = positions.mean(axis=0)
    centred = points - points.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (positions - centre))
    return np.asarray(centred @ left @ right + centre)


def _or_fixed_seed(rng: np.random.Generator | None) -> np.random.Generator:
    return np.random.default_rng(0) if rng is None else rng


def _starts(given: Floats, rng: np.random.Generator) -> Iterator[Floats]:
    yield leading_axes(given, rng)
    n = len(given)
    if n <= RESTARTS_UP_TO:
        for _ in range(RESTARTS):
            yield _typical(given) * rng.standard_normal((n, 2))


def _descended(
    start: Floats,
    given: Floats,
    rng: np.random.Generator,
) -> Layout:
    noise = JITTER * _typical(given) * rng.standard_normal(start.shape)
    points = _oriented(smacof(given, start + noise))
    return Layout(points, stress_1(points, given))


def _typical(given: Floats) -> float:
    return float(np.sqrt(np.square(given).mean()))


def _with_others(
    base: Floats,
    to_landmarks: Floats,
    landmarks: Landmarks,
) -> Floats:
    """(n, 2): the landmarks at their positions `base` (k, 2), all other models placed among them."""
    n = len(to_landmarks)
    points = np.empty((n, 2))
    points[landmarks] = base
    others = np.setdiff1d(np.arange(n), landmarks)
    points[others] = place_newcomers(to_landmarks[others], base)
    return points


def _oriented(points: Floats) -> Floats:
    """Centred, widest along x, the longer tail of each axis on the positive side."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    rotated = centred @ axes.T
    skew = (rotated**3).sum(axis=0)
    signs = np.where(skew < 0, -1.0, 1.0)
    return np.asarray(rotated * signs)
