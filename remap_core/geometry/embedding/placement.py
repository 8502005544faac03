"""Newcomers on a map that stays as it is: out-of-sample placement.

The formula of the start is Gower's, Adding a point to vector diagrams in multivariate analysis (1968). For a base of
classical scaling there is also `classical.place_on_classical`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.dissimilarities import Floats, places_of, table_of_distances
from remap_core.geometry.embedding.smacof import blocks

STEPS = 200
SETTLED = 1e-7
"""A newcomer stays when a step is this small, as a share of the map's size."""

TURN = np.array([[np.sqrt(3), 1.0], [-1.0, np.sqrt(3)]]) / 2
"""By 30 degrees."""


def place_newcomers(to_old: ArrayLike, places: ArrayLike) -> Floats:
    """(m, 2) float64 places of m newcomers, each where its own stress to the n old models is least; no one moves.

    to_old: (m, n) distances to the old; places: (n, 2) of the old. Started from Gower's formula and from beside the
    nearest old model; the better end counts. Raises InvalidDistances, also where there is no old model.

    >>> square = [[0, 0], [2, 0], [0, 2], [2, 2]]
    >>> place_newcomers([[2**0.5] * 4], square).round(3).tolist()
    [[1.0, 1.0]]
    """
    given = table_of_distances(to_old, "Distances to the old models")
    old = places_of(places, given.shape[1])
    if not len(given):
        return np.zeros((0, 2))
    if not len(old):
        raise InvalidDistances("Newcomers need at least one old model to be placed beside.")
    points = np.empty((len(given), 2))
    for rows in blocks(len(given), len(old)):
        points[rows] = _least_stress(given[rows], old)
    return points


def gower(to_old: Floats, places: Floats) -> Floats:
    """(m, 2) places by Gower's formula, y = (X'X)^-1 X'b with b = (|x|^2 - a^2) / 2; exact where distances fit.

    to_old: (m, n), a; places: (n, 2), X when centred.
    """
    centre = places.mean(axis=0)
    centred = places - centre
    half = 0.5 * (np.square(centred).sum(axis=1) - np.square(to_old))
    return np.asarray(half @ np.linalg.pinv(centred).T + centre)


def _least_stress(given: Floats, old: Floats) -> Floats:
    by_formula = gower(given, old)
    ends = [_descend(start, given, old) for start in (by_formula, _beside_nearest(by_formula, given, old))]
    misfits = [_misfit(end, given, old) for end in ends]
    return np.where((misfits[0] <= misfits[1])[:, None], *ends)


def _beside_nearest(towards: Floats, given: Floats, old: Floats) -> Floats:
    """From the nearest old model as far as the distance says, roughly towards another guess.

    Roughly, as old models on a line would otherwise keep everyone on it.
    """
    nearest = given.argmin(axis=1)
    origin, distance = old[nearest], given[np.arange(len(given)), nearest]
    heading = towards - origin
    length = np.linalg.norm(heading, axis=1)
    heading[length == 0], length[length == 0] = (1.0, 0.0), 1.0
    return np.asarray(origin + heading @ TURN * (distance / length)[:, None])


def _descend(start: Floats, given: Floats, old: Floats) -> Floats:
    """Newton steps where they help; else SMACOF's, which always do. Each newcomer on its own."""
    points = start.copy()
    size = max(float(np.ptp(old, axis=0).max()), float(given.max()))
    moving = np.arange(len(points))
    for _ in range(STEPS):
        here, theirs = points[moving], given[moving]
        newton, safe = _steps(here, theirs, old)
        helps = _misfit(here + newton, theirs, old) < _misfit(here, theirs, old)
        step = np.where(helps[:, None], newton, safe)
        points[moving] += step
        moving = moving[np.abs(step).max(axis=1) > SETTLED * size]
        if not moving.size:
            break
    return points


def _misfit(points: Floats, given: Floats, old: Floats) -> Floats:
    """(m,) sum of squared misfits of each newcomer."""
    across, up = points[:, :1] - old[:, 0], points[:, 1:] - old[:, 1]
    return np.asarray(np.square(np.sqrt(across * across + up * up) - given).sum(axis=1))


def _steps(points: Floats, given: Floats, old: Floats) -> tuple[Floats, Floats]:
    """(m, 2) the Newton step of half the misfit, zero where it would not go down, and SMACOF's."""
    across, up = points[:, :1] - old[:, 0], points[:, 1:] - old[:, 1]
    length = np.maximum(np.sqrt(across * across + up * up), 1e-30)
    ratio = given / length
    downhill = -np.stack((((1 - ratio) * across).sum(axis=1), ((1 - ratio) * up).sum(axis=1)), axis=1)
    across /= length
    up /= length
    # half the Hessian, sum of I - ratio (I - u u'), u the unit vectors
    xx = len(old) - (ratio * up * up).sum(axis=1)
    yy = len(old) - (ratio * across * across).sum(axis=1)
    xy = (ratio * across * up).sum(axis=1)
    determinant = xx * yy - xy * xy
    convex = (determinant > 1e-12 * len(old) ** 2) & (xx > 0)
    solved = np.stack((yy * downhill[:, 0] - xy * downhill[:, 1], xx * downhill[:, 1] - xy * downhill[:, 0]), axis=1)
    newton = np.where(convex[:, None], solved / np.where(convex, determinant, 1.0)[:, None], 0.0)
    return newton, downhill / len(old)
