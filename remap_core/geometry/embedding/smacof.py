"""Metric scaling: points in the plane whose distances fit given ones, by SMACOF.

Sources: de Leeuw, Applications of convex analysis to multidimensional scaling (1977); Borg and Groenen, Modern
Multidimensional Scaling (2005), chapter 8; restarted momentum after O'Donoghue and Candes (2015).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 1 << 16
"""Pairs processed at once: about 2 MB with all temporary arrays."""

DOUBLE_UP_TO = 512
"""Points up to which steps are computed in double precision; beyond, single is twice as fast and fits as well."""

MAX_STEPS = 300
PATIENCE = 10
"""Steps after which the search ends if they gained too little."""

MIN_GAIN = 5e-5
"""Too little: less than this share of the squared stress."""


def stress_1(points: Floats, distances: Floats) -> float:
    """Kruskal's stress-1, sqrt(sum (d - delta)^2 / sum d^2) over pairs; 0 is a perfect fit, 0.1 fair, 0.2 poor.

    points: (n, 2), with distances d; distances: (n, n), the given delta. 0 where all points coincide and should.
    """
    return stress_between(points, points, distances)


def stress_between(points: Floats, others: Floats, distances: Floats) -> float:
    """The same over the pairs of a point (m, 2) and another (n, 2); distances: (m, n)."""
    error = 0.0
    size = 0.0
    for rows in blocks(len(points), len(others)):
        block = points[rows]
        x = block[:, :1] - others[:, 0]  # (rows, n)
        y = block[:, 1:] - others[:, 1]
        squared = np.square(x) + np.square(y)
        errors = np.sqrt(squared) - distances[rows]
        error += float(np.square(errors).sum())
        size += float(squared.sum())
    if size == 0.0:
        return float(error > 0)
    return float(np.sqrt(error / size))


def smacof(distances: Floats, start: Floats) -> Floats:
    """(n, 2) float64 points of low stress near `start` (n, 2), centred; distances: (n, n), not all zero.

    Their sum of squared errors is never above the start's.
    """
    n = len(start)
    mean_square = np.square(distances).mean()
    unit = float(np.sqrt(mean_square))
    given: NDArray[np.floating[Any]] = distances / unit
    if n > DOUBLE_UP_TO:
        given = given.astype(np.float32)
    points = (start - start.mean(axis=0)) / unit
    previous = points
    best = points
    best_loss = last_loss = milestone = np.inf
    speed = 1.0
    for step in range(MAX_STEPS):
        moved = guttman_transform(points, given)
        # sum (d - delta)^2 / sum delta^2 at `points`: the transform gives sum d * delta for free
        square = np.square(points).sum()
        cross = (points * moved).sum()
        loss = 1.0 + (square - 2.0 * cross) * 2.0 / n
        if loss < best_loss:
            best = moved
            best_loss = loss
        if loss > last_loss:
            speed = 1.0
        last_loss = loss
        root = np.sqrt(1.0 + 4.0 * speed**2)
        next_speed = (1.0 + root) / 2.0
        momentum = (speed - 1.0) / next_speed
        points = moved + momentum * (moved - previous)
        previous = moved
        speed = next_speed
        if step % PATIENCE == PATIENCE - 1:
            if milestone - best_loss <= MIN_GAIN * best_loss + 1e-12:
                break
            milestone = best_loss
    return np.asarray(best * unit)


def guttman_transform(
    points: Floats,
    distances: NDArray[np.floating[Any]],
) -> Floats:
    """(n, 2) float64 where SMACOF moves the points (n, 2), computed in the precision of `distances` (n, n).

    Each moves to the mean over all others of: the other's position, plus the given distance in the direction from it.
    """
    n = len(points)
    dtype = distances.dtype
    coordinates = points.T.astype(dtype)
    x, y = np.ascontiguousarray(coordinates)
    ones = np.ones(n, dtype)
    pull = np.zeros((2, n), dtype)
    for rows in blocks(n, n):
        columns = slice(rows.start, n)  # each pair once: those above the diagonal
        height = rows.stop - rows.start
        x_offset = x[rows, None] - x[columns]  # (height, n - start)
        y_offset = y[rows, None] - y[columns]
        ratio = x_offset * x_offset
        ratio += y_offset * y_offset
        np.sqrt(ratio, out=ratio)
        np.maximum(ratio, 1e-30, out=ratio)
        np.divide(distances[rows, columns], ratio, out=ratio)
        x_offset *= ratio
        y_offset *= ratio
        for axis, arm in enumerate((x_offset, y_offset)):
            pull[axis, rows] += arm @ ones[columns]
            beyond = arm[:, height:]
            pull[axis, rows.stop :] -= ones[rows] @ beyond
    return np.asarray(pull.T / n, dtype=np.float64)


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Runs of rows with about BLOCK pairs each."""
    height = max(1, BLOCK // max(1, columns))
    for top in range(0, rows, height):
        yield slice(top, min(top + height, rows))
