"""The map: a place in the plane for each model, such that distances on the map fit given ones.

How: metric scaling by SMACOF (de Leeuw 1977), see `smacof`; above LANDMARKS_ABOVE models only landmarks are laid out
so, and everyone else is placed among them, see `placement`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.classical import leading_axes
from remap_core.geometry.embedding.dissimilarities import Floats, places_of, square_distances, table_of_distances
from remap_core.geometry.embedding.placement import place_newcomers
from remap_core.geometry.embedding.smacof import smacof, stress_1, stress_between

LANDMARKS = 300
LANDMARKS_ABOVE = 5_000
"""Models above which the map is laid out by landmarks."""

RESTARTS, RESTARTS_UP_TO = 10, 200
"""Random starts beside the classical one, and models up to which they are tried: there they help and cost little."""

JITTER = 1e-6
"""Share of a typical distance by which starts are shaken: models that start in one place could not part."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """points: (n, 2) float64, in units of the distances; only their distances from one another mean anything.

    stress: Kruskal's stress-1 of the points, 0 for a perfect fit, 0.1 fair, 0.2 poor.
    """

    points: Floats
    stress: float


def embed(distances: ArrayLike, *, rng: np.random.Generator | None = None) -> Embedding:
    """A map of n models from their distances (n, n), centred, widest along x. The same distances give the same map.

    rng chooses random starts and landmarks; without it a fixed seed does. Raises InvalidDistances where distances are
    not square, symmetric, finite, non-negative, and 0 on the diagonal.

    >>> triangle = embed([[0, 3, 4], [3, 0, 5], [4, 5, 0]])
    >>> round(triangle.stress, 6), np.linalg.norm(triangle.points[0] - triangle.points[1]).round(3).item()
    (0.0, 3.0)
    """
    given, rng = square_distances(distances), rng or np.random.default_rng(0)
    if len(given) > LANDMARKS_ABOVE:
        rows = choose_landmarks(len(given), rng)
        points = embed_landmarks(given[:, rows], rows, rng=rng).points
        return Embedding(points, stress_1(points, given))
    if not given.any():
        return Embedding(np.zeros((len(given), 2)), 0.0)
    found = (_near(start, given, rng) for start in _starts(given, rng))
    return min(found, key=lambda embedding: embedding.stress)


def embed_landmarks(
    to_landmarks: ArrayLike, landmarks: ArrayLike, *, rng: np.random.Generator | None = None
) -> Embedding:
    """A map of n models from their distances (n, k) to k landmarks, whose rows among the n are `landmarks` (k,).

    So k n distances are enough, instead of all n^2. Stress is over the pairs with a landmark.
    """
    given, rows = table_of_distances(to_landmarks, "Distances to landmarks"), np.asarray(landmarks)
    n, k = given.shape
    if rows.shape != (k,) or len(np.intersect1d(rows, np.arange(n))) != k:
        raise InvalidDistances(f"Landmarks must be {k} different rows of {n}, one a column, but got {rows.tolist()}.")
    points = _oriented(_with_everyone(embed(given[rows], rng=rng).points, given, rows))
    return Embedding(points, stress_between(points, points[rows], given))


def relay(distances: ArrayLike, places: ArrayLike, *, rng: np.random.Generator | None = None) -> Embedding:
    """The map laid out anew from where the models are, then turned and shifted to stay as near to that as it can.

    distances: (n, n); places: (n, 2), of all models (newcomers placed before). Raises as `embed` does.
    """
    given, rng = square_distances(distances), rng or np.random.default_rng(0)
    old = places_of(places, len(given))
    if not given.any():
        return Embedding(align(np.zeros_like(old), old), 0.0)
    if len(given) > LANDMARKS_ABOVE:
        rows = choose_landmarks(len(given), rng)
        points = _with_everyone(_near(old[rows], given[np.ix_(rows, rows)], rng).points, given[:, rows], rows)
    else:
        points = _near(old, given, rng).points
    return Embedding(align(points, old), stress_1(points, given))


def choose_landmarks(n: int, rng: np.random.Generator, count: int = LANDMARKS) -> NDArray[np.intp]:
    """(min(count, n),) different rows of n models, drawn evenly, rising."""
    return np.sort(rng.choice(n, size=min(count, n), replace=False))


def align(points: Floats, places: Floats) -> Floats:
    """(n, 2) points turned, mirrored and shifted, not stretched, as near to places (n, 2) as possible (Procrustes)."""
    if not len(points):
        return points
    centre, centred = places.mean(axis=0), points - points.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (places - centre))
    return np.asarray(centred @ left @ right + centre)


def _starts(given: Floats, rng: np.random.Generator) -> Iterator[Floats]:
    yield leading_axes(given, rng)
    for _ in range(RESTARTS if len(given) <= RESTARTS_UP_TO else 0):
        yield _typical(given) * rng.standard_normal((len(given), 2))


def _near(start: Floats, given: Floats, rng: np.random.Generator) -> Embedding:
    shaken = start + JITTER * _typical(given) * rng.standard_normal(start.shape)
    points = _oriented(smacof(given, shaken))
    return Embedding(points, stress_1(points, given))


def _typical(given: Floats) -> float:
    return float(np.sqrt(np.square(given).mean()))


def _with_everyone(base: Floats, to_landmarks: Floats, landmarks: NDArray[np.intp]) -> Floats:
    """(n, 2): the landmarks at their places base (k, 2), all others placed among them."""
    points = np.empty((len(to_landmarks), 2))
    points[landmarks] = base
    others = np.setdiff1d(np.arange(len(points)), landmarks)
    points[others] = place_newcomers(to_landmarks[others], base)
    return points


def _oriented(points: Floats) -> Floats:
    """Centred, widest along x, the longer tail of each axis on the positive side."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    return np.asarray(turned * np.where((turned**3).sum(axis=0) < 0, -1.0, 1.0))
