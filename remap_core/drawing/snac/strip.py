"""A SNAC as a strip of coloured blocks, for hover labels."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from remap_core.drawing.palette import HEAD, chip_appearance
from remap_core.space.architecture import Architecture
from remap_core.space.text import layers_text, parse_layers

STRIP_BLOCKS = 24
"""Blocks of a strip, which then counts the others: keeps it below a kilobyte."""


BLOCK, BARRED_BLOCK = "▮", "▯"
"""Of a layer, and of one whose kind shares its colour with another."""


def strip_html(layers: str | Architecture) -> str:
    """Coloured blocks for a hover label, one a layer and one for the head; `layers` may be their text.

    >>> strip_html("Conv 32x3, Conv 32x3")
    "<span style='color:#5b8def'>▮▮</span><span style='color:#4a4d58'>▮</span>"
    """
    if isinstance(layers, Architecture):
        layers = layers_text(layers.layers)
    return _strip(layers)


@lru_cache(maxsize=20_000)
def _strip(text: str) -> str:
    kinds = [layer.kind for layer in parse_layers(text)]
    kinds.append(HEAD)
    strip = ""
    for kind, blocks in groupby(kinds[:STRIP_BLOCKS]):
        appearance = chip_appearance(kind)
        block = BARRED_BLOCK if appearance.barred else BLOCK
        strip += f"<span style='color:{appearance.colour}'>{block * len(list(blocks))}</span>"
    if len(kinds) > STRIP_BLOCKS:
        strip += f" +{len(kinds) - STRIP_BLOCKS}"
    return strip
