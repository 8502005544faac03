"""Polygons: how they are bent, smoothed and filled, with sums and products alone, so that all machines agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Points = Floats
"""(n, 2) float64, x and y."""
_DECIMALS = 9
"""Sines and powers may differ in their last bit between machines; rounded, they do not."""


def ribbon(line: ArrayLike, width: ArrayLike) -> Points:
    """The polygon around a line, (n, 2). width: of the whole ribbon, one or (n,)."""
    points = np.asarray(line, np.float64)
    along = np.gradient(points, axis=0)
    x, y = along.T
    length = np.sqrt(x * x + y * y)
    half = np.asarray(width, np.float64) / 2
    aside = np.stack([-y, x]) * (half / length)
    left = points + aside.T
    right = points - aside.T
    return np.concatenate([left, right[::-1]])


def smoothed(polygon: ArrayLike, times: int = 2) -> Points:
    """A polygon with its corners cut, again and again (Chaikin, 1974)."""
    points = np.asarray(polygon, np.float64)
    for _ in range(times):
        following = np.roll(points, -1, axis=0)
        near = 0.75 * points + 0.25 * following
        far = 0.25 * points + 0.75 * following
        both = np.stack([near, far], axis=1)
        points = both.reshape(-1, 2)
    return points


def placed(polygon: ArrayLike, angle: float, size: float, at: tuple[float, float]) -> Points:
    """A polygon scaled, turned by an angle (radians, clockwise from upwards) and moved."""
    x, y = np.transpose(polygon) * size
    cosine = np.cos(angle)
    sine = np.sin(angle)
    turned = (x * cosine + y * sine, y * cosine - x * sine)
    return np.transpose(turned) + at


def filled(polygons: Sequence[Points], rows: int, columns: int) -> NDArray[np.bool_]:
    """Which pixels have their centre in one of the polygons, (rows, columns); a pixel has the side 1."""
    winding = np.zeros((rows, columns + 1), np.int64)
    for polygon in polygons:
        _add_crossings(polygon, winding)
    inside: NDArray[np.bool_] = np.cumsum(winding, axis=1) != 0
    return inside[:, :columns]


def blurred(values: Floats, radius: int, times: int = 2) -> Floats:
    """The mean of each value's square of 2 radius + 1; twice is nearly a Gaussian. Edges are repeated."""
    for axis in (0, 1) * times:
        values = mean_along(values, radius, axis)
    return values


def mean_along(values: Floats, radius: int, axis: int) -> Floats:
    """The mean of each value and `radius` neighbours on both sides of it along an axis."""
    width = 2 * radius + 1
    rows = np.moveaxis(values, axis, 0)
    before = np.repeat(rows[:1], radius + 1, axis=0)
    after = np.repeat(rows[-1:], radius, axis=0)
    sums = np.cumsum(np.concatenate([before, rows, after]), axis=0)
    means = (sums[width:] - sums[:-width]) / width
    return np.moveaxis(means, 0, axis)


def _add_crossings(polygon: Points, winding: NDArray[np.int64]) -> None:
    """Count in each row, from the first pixel to the right of every edge, how often the polygon winds around."""
    start = np.round(polygon, _DECIMALS)
    x0, y0 = start.T
    x1, y1 = np.roll(start, -1, axis=0).T
    area = (x0 * y1 - x1 * y0).sum()
    turn = np.sign(y1 - y0) * np.sign(area)
    rows, columns = winding.shape
    centres = np.arange(rows)[:, np.newaxis] + 0.5
    row, edge = np.nonzero((y0 <= centres) != (y1 <= centres))
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    crossing = x0[edge] + slope * (row + 0.5 - y0[edge])
    column = np.clip(np.ceil(crossing - 0.5), 0, columns - 1)
    np.add.at(winding, (row, column.astype(np.intp)), turn[edge].astype(np.int64))
