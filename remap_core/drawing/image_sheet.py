"""Images of a data set side by side, each with its predicted class: what a model confuses with what."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.palette import LABEL_GROUND, LABEL_TEXT, OUTLINE, SELECTION
from remap_core.drawing.thumbnails import png_uri
from remap_core.errors import InvalidTrial
from remap_core.trials.class_labels import Labels

EDGE = 64
"""Pixels of an image's longer edge on the page."""

_BADGE = (
    "position:absolute;left:2px;top:2px;padding:0 4px;border-radius:3px 0;font-size:11px;"
    f"color:{LABEL_TEXT};background:{LABEL_GROUND}"
)


class Tile(NamedTuple):
    """An image to show: (height, width, 1 or 3) uint8, its true class and its predicted class."""

    pixels: NDArray[np.uint8]
    true_class: str
    predicted: str


def rows_of_cell(true_classes: Labels, predicted: Labels, row: int, column: int | None = None) -> NDArray[np.intp]:
    """Rows (m,) of the images of class `row` that are predicted as `column`; without a column, of all of the class.

    true_classes, predicted: (n,). The data set's order, but for a whole class the misclassified images come first.
    Raises InvalidTrial where the two differ in length.
    """
    if true_classes.shape != predicted.shape:
        raise InvalidTrial(
            f"Every image must have one prediction, but got {len(predicted)} predictions "
            f"for {len(true_classes)} images."
        )
    in_class = true_classes == row
    if column is not None:
        return np.flatnonzero(in_class & (predicted == column))
    rows = np.flatnonzero(in_class)
    is_correct = predicted[rows] == row
    return rows[np.argsort(is_correct, kind="stable")]


def sheet_html(tiles: Sequence[Tile]) -> str:
    """The tiles as HTML that wraps to the page's width, with their numbers from 1 on; names are escaped.

    Misclassified ones have a border.
    """
    figures = "".join(_figure(tile, number) for number, tile in enumerate(tiles, start=1))
    return f"<div style='display:flex;flex-wrap:wrap;gap:8px'>{figures}</div>"


def _figure(tile: Tile, number: int) -> str:
    height, width, _ = tile.pixels.shape
    scale = EDGE / max(height, width)
    border = OUTLINE
    if tile.predicted != tile.true_class:
        border = SELECTION
    alt = escape(f"{tile.true_class}, predicted {tile.predicted}", quote=True)
    return (
        f"<figure style='margin:0;width:{EDGE + 4}px;position:relative'>"
        f"<span style='{_BADGE}'>{number}</span>"
        f"<img src='{png_uri(tile.pixels)}' alt='{alt}' "
        f"width='{width * scale:.0f}' height='{height * scale:.0f}' "
        f"style='image-rendering:pixelated;border:2px solid {border};border-radius:3px'>"
        "<figcaption style='font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap'>"
        f"{escape(tile.predicted)}</figcaption></figure>"
    )
