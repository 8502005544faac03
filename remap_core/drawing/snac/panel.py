"""Architectures as rows under one another for a paper: aligned, on one scale of heights, legend and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import accumulate
from math import ceil

from remap_core.drawing.snac.chips import HeightScale, Size, chips, snac_alt
from remap_core.drawing.snac.legend import legend
from remap_core.drawing.snac.repeated_blocks import repeated_blocks
from remap_core.drawing.snac.svg import row_body, row_height
from remap_core.errors import InvalidPicture
from remap_core.space.architecture import Architecture

EDGE, ROW_GAP, LEGEND_GAP = 6, 6, 12
"""Pixels round everything, from one row to the next, and from the last row to the legend."""


def panel_svg(
    architectures: Sequence[Architecture],
    size: Size,
    *,
    with_legend: bool = False,
    with_brackets: bool = False,
    ground: str = "none",
) -> str:
    """A standalone SVG with a row an architecture.

    with_legend: what the blocks that occur stand for, below them. with_brackets: repeats get a bracket.
    ground: its colour, "none" for a transparent one. Raises InvalidPicture where there is nothing to draw.
    """
    if not architectures:
        raise InvalidPicture("There must be an architecture to draw, but the list is empty.")
    scale = shared_scale(architectures)
    rows = [chips(architecture, size, scale) for architecture in architectures]
    brackets = [repeated_blocks(one.layers) if with_brackets else () for one in architectures]
    heights = [row_height(row, size, found) + ROW_GAP for row, found in zip(rows, brackets, strict=True)]
    tops = accumulate(heights, initial=EDGE)
    drawn = [
        _placed(row_body(row, size, found), top, snac_alt(architecture))
        for architecture, row, found, top in zip(architectures, rows, brackets, tops, strict=False)
    ]
    width, height = float(size.width(max(map(len, rows)))), EDGE + sum(heights) - ROW_GAP
    if with_legend:
        key = legend(rows, size, scale, width)
        drawn.append(_placed(key.body, height + LEGEND_GAP, "What the blocks stand for"))
        width, height = max(width, key.width), height + LEGEND_GAP + key.height
    return _framed("".join(drawn), ceil(width) + 2 * EDGE, height + EDGE, panel_alt(architectures), ground)


def shared_scale(architectures: Sequence[Architecture]) -> HeightScale:
    """One scale for all of them: from the lowest to the highest bound of their tasks' scales."""
    scales = [HeightScale.of_task(found.input_shape, found.classes) for found in architectures]
    return HeightScale(min(scale.low for scale in scales), max(scale.high for scale in scales))


def panel_alt(architectures: Sequence[Architecture]) -> str:
    """The text alternative: every architecture in words, numbered where there are several."""
    if len(architectures) == 1:
        return snac_alt(architectures[0])
    return ". ".join(f"{number}: {snac_alt(found)}" for number, found in enumerate(architectures, start=1))


def _placed(body: str, top: float, title: str) -> str:
    return f"<g transform='translate({EDGE} {top:g})'><title>{escape(title)}</title>{body}</g>"


def _framed(body: str, width: int, height: float, title: str, ground: str) -> str:
    sheet = "" if ground == "none" else f"<rect width='{width}' height='{height:g}' fill='{escape(ground)}'/>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' width='{width}' height='{height:g}' "
        f"viewBox='0 0 {width} {height:g}'><title>{escape(title)}</title>{sheet}{body}</svg>"
    )
