"""The smallest SNAC, for a line of text: narrow upright blocks, without symbols."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from remap_core.drawing.snac.chips import BAR_HEIGHT, BAR_WIDTH, Chip, Size, chips
from remap_core.drawing.snac.svg_elements import element
from remap_core.drawing.thumbnails import svg_uri
from remap_core.space.architecture import Architecture

HEIGHT = 14
"""Pixels, the height of the text next to it."""

_SIZE = Size.STRIP


@lru_cache(maxsize=4096)
def icon_uri(architecture: Architecture, *, blocks: int) -> str:
    """The icon as a data URI with room for so many blocks (the head included), which aligns the icons of a list."""
    row = chips(architecture, _SIZE)
    return svg_uri(icon_svg(row, blocks))


def icon_svg(row: Sequence[Chip], blocks: int) -> str:
    """The row as a standalone SVG, left-aligned and transparent; decorative, since text stands next to it."""
    width = _SIZE.width(max(blocks, len(row)))
    return element(
        "svg",
        "".join(_block(chip) + _bar(chip) for chip in row),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=HEIGHT,
        viewBox=f"0 0 {width} {HEIGHT}",
    )


def _block(chip: Chip) -> str:
    height = chip.height * HEIGHT
    return element(
        "rect",
        x=chip.x,
        y=(HEIGHT - height) / 2,
        width=chip.width,
        height=height,
        rx=1,
        fill=chip.colour,
    )


def _bar(chip: Chip) -> str:
    if not chip.barred:
        return ""
    return element(
        "rect",
        x=chip.x + chip.width * (1 - BAR_WIDTH) / 2,
        y=HEIGHT * (1 - BAR_HEIGHT) / 2,
        width=chip.width * BAR_WIDTH,
        height=HEIGHT * BAR_HEIGHT,
        fill=chip.ink,
    )
