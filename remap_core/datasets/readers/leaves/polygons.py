"""Polygons: how they are bent, smoothed and filled, with sums and products alone, so that all machines agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
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
    share = half / length
    aside = np.stack([-y, x]) * share
    left = points + aside.T
    right = points - aside.T
    backwards = right[::-1]
    return np.concatenate([left, backwards])


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


def placed(
    polygon: ArrayLike,
    angle: float,
    size: float,
    at: tuple[float, float],
) -> Points:
    """A polygon scaled, turned by an angle (radians, clockwise from upwards) and moved."""
    x, y = np.transpose(polygon) * size
    cosine = np.cos(angle)
    sine = np.sin(angle)
    turned_x = x * cosine + y * sine
    turned_y = y * cosine - x * sine
    turned = np.transpose((turned_x, turned_y))
    return turned + at


def filled(polygons: Sequence[Points], rows: int, columns: int) -> Mask:
    """Which pixels have their centre in one of the polygons, (rows, columns); a pixel has the side 1."""
    winding = np.zeros((rows, columns + 1), np.int64)
    for polygon in polygons:
        _add_crossings(polygon, winding)
    times_around = np.cumsum(winding, axis=1)
    inside: Mask = times_around[:, :columns] != 0
    return inside


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
    extended = np.concatenate([before, rows, after])
    sums = np.cumsum(extended, axis=0)
    of_windows = sums[width:] - sums[:-width]
    return np.moveaxis(of_windows / width, 0, axis)


def _add_crossings(polygon: Points, winding: NDArray[np.int64]) -> None:
    """Count in each row, from the first pixel to the right of every edge, how often the polygon winds around."""
    start = np.round(polygon, _DECIMALS)
    end = np.roll(start, -1, axis=0)
    x0, y0 = start.T
    x1, y1 = end.T
    width = x1 - x0
    height = y1 - y0
    area = (x0 * y1 - x1 * y0).sum()
    turn = np.sign(height) * np.sign(area)
    rows, columns = winding.shape
    centres = np.arange(rows)[:, np.newaxis] + 0.5
    starts_above = y0 <= centres
    ends_above = y1 <= centres
    row, edge = np.nonzero(starts_above != ends_above)
    slope = width[edge] / height[edge]
    down = row + 0.5 - y0[edge]
    crossing = x0[edge] + slope * down
    first_pixel = np.ceil(crossing - 0.5)
    column = np.clip(first_pixel, 0, columns - 1).astype(np.intp)
    times = turn[edge].astype(np.int64)
    np.add.at(winding, (row, column), times)
