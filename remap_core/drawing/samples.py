"""Sample images of a class in one row, as a PNG small enough for a data URI."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.thumbnails import png_uri

MIN_HEIGHT = 40
"""Pixels. Smaller images are magnified by a whole factor, so that their pixels stay sharp."""


def samples_uri(images: NDArray[np.uint8], limit: int = 2) -> str:
    """The first `limit` of (m, height, width, 1 or 3) uint8 images side by side, as a data URI; black for none."""
    shown = images[:limit]
    if not len(shown):
        shown = np.zeros((1, *images.shape[1:]), np.uint8)
    row = np.concatenate(list(shown), axis=1)
    height = row.shape[0]
    factor = max(1, -(-MIN_HEIGHT // height))
    magnified = row.repeat(factor, axis=0).repeat(factor, axis=1)
    return png_uri(magnified)
