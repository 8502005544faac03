"""Architectures as rows of one figure for a paper: aligned, on one scale of heights, with legend and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil

from remap_core.drawing.snac.chips import HeightScale, Size, chips, snac_alt
from remap_core.drawing.snac.legend import legend
from remap_core.drawing.snac.repeated_blocks import RepeatedBlock, repeated_blocks
from remap_core.drawing.snac.svg import row_body, row_height
from remap_core.drawing.snac.svg_elements import document, element, group
from remap_core.errors import InvalidPicture
from remap_core.space.architecture import Architecture

EDGE, ROW_GAP, LEGEND_GAP = 6, 6, 12
"""Pixels around everything, from one row to the next, and from the last row to the legend."""


def panel_svg(
    architectures: Sequence[Architecture],
    size: Size,
    *,
    with_legend: bool = False,
    with_brackets: bool = False,
    ground: str = "none",
) -> str:
    """A standalone SVG with a row for each architecture.

    with_legend: a legend of the blocks below them. with_brackets: brackets under repeated blocks. ground: the
    background's colour, "none" for a transparent one. Raises InvalidPicture without architectures.
    """
    if not architectures:
        raise InvalidPicture("There must be an architecture to draw, but the list is empty.")
    scale = shared_scale(architectures)
    rows = [chips(architecture, size, scale) for architecture in architectures]
    elements = []
    top = EDGE
    for architecture, row in zip(architectures, rows, strict=True):
        brackets: tuple[RepeatedBlock, ...] = ()
        if with_brackets:
            brackets = repeated_blocks(architecture.layers)
        elements.append(_placed(row_body(row, size, brackets), top, snac_alt(architecture)))
        top += row_height(row, size, brackets) + ROW_GAP
    width = size.width(max(map(len, rows)))
    bottom = top - ROW_GAP
    if with_legend:
        key = legend(rows, size, scale, width)
        elements.append(_placed(key.body, bottom + LEGEND_GAP, "What the blocks stand for"))
        width = max(width, key.width)
        bottom += LEGEND_GAP + key.height
    full_width = ceil(width) + 2 * EDGE
    full_height = bottom + EDGE
    if ground != "none":
        sheet = element("rect", width=full_width, height=f"{full_height:g}", fill=escape(ground))
        elements.insert(0, sheet)
    return document(
        "".join(elements),
        width=full_width,
        height=full_height,
        title=panel_alt(architectures),
    )


def shared_scale(architectures: Sequence[Architecture]) -> HeightScale:
    """One scale for all of them: from the lowest to the highest bound of their tasks' scales."""
    scales = [HeightScale.of_task(architecture.input_shape, architecture.classes) for architecture in architectures]
    low = min(scale.low for scale in scales)
    high = max(scale.high for scale in scales)
    return HeightScale(low, high)


def panel_alt(architectures: Sequence[Architecture]) -> str:
    """The text alternative: every architecture in words, numbered if there are several."""
    alts = [snac_alt(architecture) for architecture in architectures]
    if len(alts) == 1:
        return alts[0]
    return ". ".join(f"{number}: {alt}" for number, alt in enumerate(alts, start=1))


def _placed(body: str, top: float, title: str) -> str:
    return group(body, title, transform=f"translate({EDGE} {top:g})")
