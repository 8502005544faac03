"""How a layer's chip looks in a SNAC, as plain values: `drawing` turns them into pictures."""

from __future__ import annotations

from dataclasses import dataclass

Polyline = tuple[tuple[float, float], ...]
"""Points in the unit square, y upwards."""

Glyph = tuple[Polyline, ...]
"""Drawn instead of a letter: the first line is a curve, the others are thin axes."""


@dataclass(frozen=True)
class Appearance:
    """What all chips of one layer kind have in common.

    colour, border: "#rrggbb". symbol: the letter on the chip, empty for none. light_symbol: whether the symbol is
    light, for dark fills. dotted: whether the border is dotted. barred: whether chips that are too small for a symbol
    have a bar, as another kind has their colour.
    """

    colour: str
    border: str
    symbol: str = ""
    light_symbol: bool = False
    dotted: bool = False
    barred: bool = False
