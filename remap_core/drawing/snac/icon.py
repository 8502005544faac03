"""The smallest SNAC, for a line of text: narrow upright blocks, without symbols."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from remap_core.drawing.snac.chips import Chip, Size, chips
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
    body = "".join(map(_block, row))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{HEIGHT}' "
        f"viewBox='0 0 {width} {HEIGHT}'>{body}</svg>"
    )


def _block(chip: Chip) -> str:
    height = chip.height * HEIGHT
    top = (HEIGHT - height) / 2
    return (
        f"<rect x='{chip.x:.2f}' y='{top:.2f}' width='{chip.width:.2f}' height='{height:.2f}' rx='1' "
        f"fill='{chip.colour}'/>"
    )
