"""Images as they came, beside what is made of them: pairs that wrap to the page's width."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remap_core.datasets.fitting import fitted
from remap_core.datasets.readers.found import Picture
from remap_core.drawing.palette import OUTLINE
from remap_core.drawing.thumbnails import data_uri, png_uri

EDGE = 72
"""Pixels of an image's longer edge on the page."""
_SHARP = 2
"""Thumbnails have so many pixels for each one of the page: screens of phones show them."""
_QUALITY = 82


class Pair(NamedTuple):
    """An image before and after. before: a data URI, empty where there is none. after: (side, side, 1 or 3) uint8."""

    before: str
    after: NDArray[np.uint8]
    text: str
    caption: str = ""


def thumbnail_uri(picture: Picture, *, background: str = "white", white: int = 255) -> str:
    """An original as a small upright JPEG, as a data URI. Raises OSError where it cannot be decoded any more."""
    edge = EDGE * _SHARP
    if isinstance(picture, Image.Image):
        picture.draft("RGB", (edge, edge))  # decodes a large JPEG at a fraction of its size
    pixels = fitted(picture, side=None, colour="colour", background=background, white=white)
    image = Image.fromarray(pixels)
    image.thumbnail((edge, edge))
    file = BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return data_uri("image/jpeg", file.getvalue())


def pairs_html(pairs: Sequence[Pair]) -> str:
    """The pairs as HTML; texts are escaped, the pixels of what the network sees are sharp."""
    figures = "".join(map(_figure, pairs))
    return f"<div style='display:flex;flex-wrap:wrap;gap:8px'>{figures}</div>"


def _figure(pair: Pair) -> str:
    alt = escape(pair.text, quote=True)
    before = ""
    if pair.before:
        before = f"<img src='{pair.before}' alt='{alt}, original' style='{_BEFORE}'>"
    after = f"<img src='{_after_uri(pair.after)}' alt='{alt}, as the network sees it' style='{_AFTER}'>"
    caption = ""
    if pair.caption:
        caption = f"<figcaption style='{_CAPTION}'>{escape(pair.caption)}</figcaption>"
    return f"<figure title='{alt}' style='margin:0'><div style='{_PAIR}'>{before}{after}</div>{caption}</figure>"


def _after_uri(pixels: NDArray[np.uint8]) -> str:
    """Pixels as they are, or smaller where the page would not show them all."""
    edge = EDGE * _SHARP
    step = max(1, max(pixels.shape[:2]) // edge)
    return png_uri(np.ascontiguousarray(pixels[::step, ::step]))


_BOTH = f"width:{EDGE}px;height:{EDGE}px;display:block;"
_BEFORE = f"{_BOTH}object-fit:contain"
_AFTER = f"{_BOTH}object-fit:contain;image-rendering:pixelated"
_PAIR = f"display:flex;gap:2px;padding:3px;border:1px solid {OUTLINE};border-radius:4px"
_CAPTION = (
    f"font-size:12px;max-width:{2 * EDGE + 8}px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;opacity:0.75"
)
