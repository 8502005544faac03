"""Drawings by hand that look like the images of a data set: its ground, its ink, its pen, its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from remap_core.errors import DatasetError
from remap_core.formatting import count

Points = tuple[tuple[float, float], ...]
"""(x, y) along a stroke, in lengths of the picture's longer edge."""

MAX_POINTS = 20_000
LONG = 512
"""Pixels of the longer edge of a drawing."""

_INKED = 0.25
"""Share of ink from which on a pixel belongs to the drawing."""
_WIDTHS = (0.02, 0.25)


@dataclass(frozen=True)
class Pen:
    """How images are drawn. ground, ink: grey values, 0..255.

    width: of the pen; extent: the longer edge of the drawing, with its ink. Both in lengths of the image's longer edge.
    """

    ground: int
    ink: int
    width: float
    extent: float


def pen_like(images: NDArray[np.uint8]) -> Pen:
    """The pen that would draw grey images (n, height, width, 1) like these: medians over them.

    A stroke of length l and width w has an area of l w and an edge of 2 l, so w is twice the area by the edge, which is
    the total variation.
    """
    grey = images[..., 0].astype(np.float64)
    borders = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    ground, ink = (0, 255) if np.median(borders) < 128 else (255, 0)
    inked = np.pad(abs(grey - ground) / 255, ((0, 0), (1, 1), (1, 1)))
    down = np.diff(inked, axis=1)[:, :, :-1]
    right = np.diff(inked, axis=2)[:, :-1]
    edges = np.hypot(down, right).sum(axis=(1, 2))
    is_drawn = edges > 0
    if not is_drawn.any():
        return Pen(ground, ink, 0.08, 1.0)
    long = max(grey.shape[1:])
    widths = 2 * inked.sum(axis=(1, 2))[is_drawn] / edges[is_drawn] / long
    extents = [_extent(image) / long for image in inked[is_drawn]]
    return Pen(ground, ink, float(np.clip(np.median(widths), *_WIDTHS)), float(np.clip(np.median(extents), 0.3, 1.0)))


def _extent(inked: NDArray[np.float64]) -> int:
    """Pixels of the longer edge of the box around what is drawn."""
    is_inked = inked > _INKED
    rows = np.flatnonzero(is_inked.any(axis=1))
    columns = np.flatnonzero(is_inked.any(axis=0))
    if not len(rows):
        return int(max(inked.shape))
    return int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1


def read_strokes(sent: object) -> tuple[Points, ...]:
    """The strokes that a browser sent, without empty ones; raises DatasetError with the end of a sentence."""
    try:
        strokes = tuple(tuple((float(x), float(y)) for x, y in stroke) for stroke in sent if stroke)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise DatasetError("a drawing must be a list of strokes, which are lists of points (x, y)") from None
    values = [value for stroke in strokes for point in stroke for value in point]
    if len(values) > 2 * MAX_POINTS:
        raise DatasetError(f"a drawing may have {count(MAX_POINTS)} points, but this one has {count(len(values) // 2)}")
    if not all(isfinite(value) and -1 <= value <= 2 for value in values):
        raise DatasetError("the points of a drawing must lie on its canvas, but some are outside")
    return strokes


def drawn(strokes: Sequence[Points], pen: Pen, height: int, width: int, *, centred: bool = False) -> NDArray[np.uint8]:
    """A drawing as a picture (h, w, 1) of the proportions of (height, width), 512 pixels long.

    centred: move and scale it to the place and size of the data set's drawings.
    """
    scale = LONG / max(height, width)
    size = (round(width * scale), round(height * scale))
    points = [np.asarray(stroke) * LONG for stroke in strokes]
    if centred:
        points = _centred(points, pen, size)
    image = Image.new("L", size, pen.ground)
    canvas = ImageDraw.Draw(image)
    thick = max(1, round(pen.width * LONG))
    for stroke in points:
        line = [(float(x), float(y)) for x, y in stroke]
        canvas.line(line, fill=pen.ink, width=thick, joint="curve")
        for point in (line[0], line[-1]):
            canvas.circle(point, thick / 2, fill=pen.ink)
    return np.asarray(image)[..., np.newaxis]


def _centred(points: list[NDArray[np.float64]], pen: Pen, size: tuple[int, int]) -> list[NDArray[np.float64]]:
    every = np.concatenate(points)
    low, high = every.min(axis=0), every.max(axis=0)
    longest = (high - low).max()
    wanted = max(0.0, pen.extent - pen.width) * LONG
    scale = wanted / longest if longest > pen.width * LONG else 1.0  # a dot stays one
    return [(stroke - (low + high) / 2) * scale + np.asarray(size) / 2 for stroke in points]
