"""Out-of-sample placement: new models on a map whose models do not move.

The start is Gower's formula, Adding a point to vector diagrams in multivariate analysis (1968). For a base of classical
scaling there is also `classical.place_on_classical`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.dissimilarities import Floats, positions_of, table_of_distances
from remap_core.geometry.embedding.smacof import blocks

MAX_STEPS = 200
SETTLED = 1e-7
"""A new model has settled when its step is this small, as a share of the map's size."""

COS = np.sqrt(3) / 2
SIN = 0.5
ROTATION = np.array([[COS, SIN], [-SIN, COS]])
"""By 30 degrees."""


def place_newcomers(to_old: ArrayLike, positions: ArrayLike) -> Floats:
    """(m, 2) float64 positions of m new models, each at the smallest stress to the n old ones, which do not move.

    to_old: (m, n) distances to the old models; positions: (n, 2) of the old models. Two descents, from Gower's formula
    and from near the closest old model; the better one counts. Raises InvalidDistances, also without an old model.

    >>> square = [[0, 0], [2, 0], [0, 2], [2, 2]]
    >>> place_newcomers([[2**0.5] * 4], square).round(3).tolist()
    [[1.0, 1.0]]
    """
    given = table_of_distances(to_old, "Distances to the old models")
    old = positions_of(positions, given.shape[1])
    if not len(given):
        return np.zeros((0, 2))
    if not len(old):
        raise InvalidDistances("New models can only be placed on a map with at least one model.")
    points = np.empty((len(given), 2))
    for rows in blocks(len(given), len(old)):
        points[rows] = _least_stress(given[rows], old)
    return points


def gower(to_old: Floats, positions: Floats) -> Floats:
    """(m, 2) positions by Gower's formula, y = (X'X)^-1 X'b with b = (|x|^2 - a^2) / 2; exact where distances fit.

    to_old: (m, n), a; positions: (n, 2), X when centred.
    """
    centre = positions.mean(axis=0)
    x = positions - centre
    squared_lengths = np.square(x).sum(axis=1)
    b = 0.5 * (squared_lengths - np.square(to_old))  # (m, n)
    y = b @ np.linalg.pinv(x).T
    return np.asarray(y + centre)


def _least_stress(given: Floats, old: Floats) -> Floats:
    by_formula = gower(given, old)
    near_closest = _near_closest(by_formula, given, old)
    first = _descend(by_formula, given, old)
    second = _descend(near_closest, given, old)
    first_errors = _errors(first, given, old)
    second_errors = _errors(second, given, old)
    is_first_better = first_errors <= second_errors
    return np.where(is_first_better[:, None], first, second)


def _near_closest(towards: Floats, given: Floats, old: Floats) -> Floats:
    """(m, 2) at the given distance from the closest old model, 30 degrees off the direction to another guess.

    Off that direction, as old models on a line would otherwise keep every new model on it.
    """
    closest = given.argmin(axis=1)
    origin = old[closest]
    rows = np.arange(len(given))
    distance = given[rows, closest]
    heading = towards - origin
    length = np.linalg.norm(heading, axis=1)
    is_zero = length == 0
    heading[is_zero] = (1.0, 0.0)
    length[is_zero] = 1.0
    scale = distance / length
    step = heading @ ROTATION * scale[:, None]
    return np.asarray(origin + step)


def _descend(start: Floats, given: Floats, old: Floats) -> Floats:
    """Newton steps where they reduce the error, otherwise SMACOF's, which always do. Each new model independently."""
    points = start.copy()
    extent = float(np.ptp(old, axis=0).max())
    size = max(extent, float(given.max()))
    moving = np.arange(len(points))
    for _ in range(MAX_STEPS):
        current = points[moving]
        targets = given[moving]
        newton, safe = _steps(current, targets, old)
        errors = _errors(current, targets, old)
        newton_errors = _errors(current + newton, targets, old)
        is_better = newton_errors < errors
        step = np.where(is_better[:, None], newton, safe)
        points[moving] += step
        longest = np.abs(step).max(axis=1)
        moving = moving[longest > SETTLED * size]
        if not moving.size:
            break
    return points


def _errors(points: Floats, given: Floats, old: Floats) -> Floats:
    """(m,) sum of squared errors of the distances of each new model."""
    x, y = _offsets(points, old)
    errors = np.sqrt(x * x + y * y) - given
    return np.asarray(np.square(errors).sum(axis=1))


def _offsets(points: Floats, old: Floats) -> tuple[Floats, Floats]:
    """(m, n) each: from every old model to every point, along x and along y."""
    x = points[:, :1] - old[:, 0]
    y = points[:, 1:] - old[:, 1]
    return x, y


def _steps(
    points: Floats,
    given: Floats,
    old: Floats,
) -> tuple[Floats, Floats]:
    """(m, 2) each: the Newton step of half the squared error, zero where that is not convex, and SMACOF's step."""
    n = len(old)
    x, y = _offsets(points, old)
    length = np.sqrt(x * x + y * y)
    length = np.maximum(length, 1e-30)
    ratio = given / length
    excess = 1 - ratio
    down_x = -(excess * x).sum(axis=1)  # minus half the gradient
    down_y = -(excess * y).sum(axis=1)
    x /= length
    y /= length
    # half the Hessian, sum of I - ratio (I - u u'), u the unit vectors
    ratio_x = ratio * x
    ratio_y = ratio * y
    xx = n - (ratio_y * y).sum(axis=1)
    yy = n - (ratio_x * x).sum(axis=1)
    xy = (ratio_x * y).sum(axis=1)
    determinant = xx * yy - xy * xy
    is_convex = (determinant > 1e-12 * n**2) & (xx > 0)
    divisor = np.where(is_convex, determinant, np.inf)
    newton_x = (yy * down_x - xy * down_y) / divisor
    newton_y = (xx * down_y - xy * down_x) / divisor
    newton = np.stack((newton_x, newton_y), axis=1)
    safe = np.stack((down_x, down_y), axis=1)
    return newton, safe / n
