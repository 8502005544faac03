"""The smallest SNAC, for a line of text: narrow upright blocks, without symbols."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache

from remap_core.drawing.snac.chips import Chip, Size, chips
from remap_core.space.architecture import Architecture

HEIGHT = 14
"""Pixels: of the text beside it."""

_SIZE = Size.STRIP


@lru_cache(maxsize=4096)
def icon_uri(architecture: Architecture, *, blocks: int) -> str:
    """The icon as a data URI with room for so many blocks (the head included), so that icons in a list align."""
    return svg_uri(icon_svg(chips(architecture, _SIZE), blocks))


def icon_svg(row: Sequence[Chip], blocks: int) -> str:
    """The row as a standalone SVG, aligned left on a transparent ground; decorative, as text stands beside it."""
    width = _SIZE.width(max(blocks, len(row)))
    body = "".join(map(_block, row))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{HEIGHT}' "
        f"viewBox='0 0 {width} {HEIGHT}'>{body}</svg>"
    )


def svg_uri(svg: str) -> str:
    """An SVG as a data URI: what is shown as an image runs no scripts."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _block(chip: Chip) -> str:
    height = chip.height * HEIGHT
    top = (HEIGHT - height) / 2
    return (
        f"<rect x='{chip.x:.2f}' y='{top:.2f}' width='{chip.width:.2f}' height='{height:.2f}' rx='1' "
        f"fill='{chip.colour}'/>"
    )
