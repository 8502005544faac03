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
"""Pairs that are worked on at once: about 2 MB with everything that goes with them."""

DOUBLE_UP_TO = 512
"""Points up to which steps are computed in double precision; beyond, single is twice as fast and fits as well."""

STEPS = 300
PATIENCE = 10
"""Steps at most, and steps after which too small a gain ends the search."""

GAIN = 5e-5
"""Too small a gain: this share of the squared stress."""


def stress_1(points: Floats, distances: Floats) -> float:
    """Kruskal's stress-1, sqrt(sum (d - delta)^2 / sum d^2) over pairs; 0 is a perfect fit, 0.1 fair, 0.2 poor.

    points: (n, 2), d are their distances; distances: (n, n), the given delta. 0 where all points coincide and should.
    """
    return stress_between(points, points, distances)


def stress_between(points: Floats, others: Floats, distances: Floats) -> float:
    """The same over the pairs of a point (m, 2) and another (n, 2); distances: (m, n)."""
    misfit = size = 0.0
    for rows in blocks(len(points), len(others)):
        found = np.sqrt(sum(np.square(points[rows, axis, None] - others[:, axis]) for axis in (0, 1)))
        misfit += float(np.square(found - distances[rows]).sum())
        size += float(np.square(found).sum())
    return float(np.sqrt(misfit / size)) if size else float(misfit > 0)


def smacof(distances: Floats, start: Floats) -> Floats:
    """(n, 2) float64 points of low stress near `start` (n, 2), centred; distances: (n, n), not all zero.

    Their sum of squared misfits is never above the start's.
    """
    n = len(start)
    unit = float(np.sqrt(np.square(distances).mean()))
    given: NDArray[np.floating[Any]] = distances / unit
    given = given if n <= DOUBLE_UP_TO else given.astype(np.float32)
    points = momentum = (start - start.mean(axis=0)) / unit
    best, best_loss, last_loss, milestone = points, np.inf, np.inf, np.inf
    speed = 1.0
    for step in range(STEPS):
        moved = guttman_transform(points, given)
        # sum (d - delta)^2 / sum delta^2 at `points`: the transform gives sum d * delta for nothing
        loss = 1.0 + (np.square(points).sum() - 2.0 * (points * moved).sum()) * 2.0 / n
        if loss < best_loss:
            best, best_loss = moved, loss
        speed = 1.0 if loss > last_loss else speed
        last_loss, following = loss, (1.0 + np.sqrt(1.0 + 4.0 * speed**2)) / 2.0
        points, momentum = moved + (speed - 1.0) / following * (moved - momentum), moved
        speed = following
        if step % PATIENCE == PATIENCE - 1:
            if milestone - best_loss <= GAIN * best_loss + 1e-12:
                break
            milestone = best_loss
    return np.asarray(best * unit)


def guttman_transform(points: Floats, distances: NDArray[np.floating[Any]]) -> Floats:
    """(n, 2) float64 where SMACOF moves the points (n, 2), computed in the precision of `distances` (n, n).

    Each moves to the mean over all others of: the other's place, plus the given distance in the direction from it.
    """
    n, kind = len(points), distances.dtype
    x, y = np.ascontiguousarray(points.T.astype(kind))
    ones, pull = np.ones(n, kind), np.zeros((2, n), kind)
    for rows in blocks(n, n):
        here, done = slice(rows.start, n), rows.stop - rows.start  # each pair once: those above the diagonal
        offsets = x[rows, None] - x[here], y[rows, None] - y[here]
        ratio = offsets[0] * offsets[0]
        ratio += offsets[1] * offsets[1]
        np.maximum(np.sqrt(ratio, out=ratio), 1e-30, out=ratio)
        np.divide(distances[rows, here], ratio, out=ratio)
        for axis, offset in enumerate(offsets):
            arm = np.multiply(offset, ratio, out=offset)
            pull[axis, rows] += arm @ ones[here]
            pull[axis, rows.stop :] -= ones[rows] @ arm[:, done:]
    return np.asarray(pull.T / n, dtype=np.float64)


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Runs of rows with about BLOCK pairs each."""
    height = max(1, BLOCK // max(1, columns))
    for top in range(0, rows, height):
        yield slice(top, min(top + height, rows))
