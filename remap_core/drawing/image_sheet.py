"""Images of a data set side by side, each with what it was read as: what a model mistakes for what."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.palette import OUTLINE, SELECTION
from remap_core.errors import InvalidTrial

EDGE = 64
"""Pixels of an image's longer edge on the page."""


class Tile(NamedTuple):
    """An image to show: (height, width, channels) uint8, its gold class and what it was read as."""

    pixels: NDArray[np.uint8]
    gold: str
    predicted: str


def rows_of_cell(
    gold: NDArray[np.uint8], predicted: NDArray[np.uint8], row: int, column: int | None = None
) -> NDArray[np.intp]:
    """Rows of the images of class `row` that are read as `column`; of all of the class, misread ones first, for None.

    gold, predicted: (n,) classes. Returns (m,), within the misread and the rightly read in the data set's order.
    Raises InvalidTrial where they are not equally many.
    """
    if gold.shape != predicted.shape:
        raise InvalidTrial(f"There must be one prediction an image, but there are {len(predicted)} for {len(gold)}.")
    if column is not None:
        return np.flatnonzero((gold == row) & (predicted == column))
    of_class = np.flatnonzero(gold == row)
    return of_class[np.argsort(predicted[of_class] == row, kind="stable")]


def sheet_html(tiles: Sequence[Tile]) -> str:
    """The tiles as HTML that wraps to the width of the page; misread ones have a border. Names are escaped."""
    return f"<div style='display:flex;flex-wrap:wrap;gap:8px'>{''.join(map(_figure, tiles))}</div>"


def png(pixels: NDArray[np.uint8]) -> bytes:
    """An image, (height, width, 1 or 3) uint8, as a PNG file. Source: W3C, Portable Network Graphics."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), dtype=np.uint8)  # each line begins with its filter, 0: none
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _figure(tile: Tile) -> str:
    height, width, _ = tile.pixels.shape
    scale = EDGE / max(height, width)
    misread = tile.gold != tile.predicted
    border = f"2px solid {SELECTION if misread else OUTLINE}"
    said = f"{tile.gold} read as {tile.predicted}" if misread else f"{tile.gold}, read rightly"
    source = f"data:image/png;base64,{b64encode(png(tile.pixels)).decode()}"
    return (
        f"<figure style='margin:0;width:{EDGE + 4}px'>"
        f"<img src='{source}' alt='{escape(said, quote=True)}' width='{width * scale:.0f}' "
        f"height='{height * scale:.0f}' style='image-rendering:pixelated;border:{border};border-radius:3px'>"
        f"<figcaption style='font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap'>"
        f"{escape(tile.predicted)}</figcaption></figure>"
    )
