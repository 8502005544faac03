"""Colours, chosen once for light and dark pages and for every kind of colour vision.

The colours of chips are part of their layer kinds; here are the head's and all others. Chip colours stay apart for
normal vision, deuteranopia, protanopia and tritanopia, stand out from a white page, from Streamlit's dark one and from
the hover label, and carry a readable symbol. `tests/drawing/test_palette.py` measures all of it.
"""

from __future__ import annotations

from types import MappingProxyType

from remap_core.space.layers import KINDS, Appearance

HEAD = "head"
"""The chip kind of the implied last layer, which is not a layer kind."""

_HEAD_APPEARANCE = Appearance(colour="#4a4d58", border="#7c808d", symbol="H", light_symbol=True)

LIGHT_INK = "#ffffff"
DARK_INK = "#10141a"


def chip_kinds() -> tuple[str, ...]:
    """Every kind of chip, in the order of legends: the layer kinds, then the head."""
    return (*KINDS, HEAD)


def chip_appearance(kind: str) -> Appearance:
    """How the chips of a layer kind look, or the head's.

    >>> chip_appearance("conv2d").colour, chip_appearance(HEAD).symbol
    ('#5b8def', 'H')
    """
    if kind == HEAD:
        return _HEAD_APPEARANCE
    return KINDS[kind].appearance


def chip_ink(kind: str) -> str:
    """Colour of the symbol on a kind's chips."""
    if chip_appearance(kind).light_symbol:
        return LIGHT_INK
    return DARK_INK


ACCURACY_SCALE = ((0.0, "#deebf7"), (0.25, "#a6cbe8"), (0.5, "#65a3d6"), (0.75, "#2f75ba"), (1.0, "#0a4a8a"))
"""The darker, the more accurate."""

ERROR_SCALE = ((0.0, "#fae3dc"), (0.5, "#e79079"), (1.0, "#a52c1a"))
"""The darker, the more images of a class are predicted as another one."""

BOARD = "rgba(125,133,146,0.1)"
"""Empty cells of a confusion matrix."""

OUTLINE = "#7d8592"
"""Edge of a circle, so that pale ones are visible on white and dark ones on black."""

SELECTION = "#ee7300"
UNFINISHED = "#3b82d6"
"""Edge of the hollow circle of a training that waits or runs: of the accuracies' hue, as it will have one."""
FRONT = "#d6124f"
SERIES = ("#3b82d6", "#b07d0c")
"""Two models in one chart."""

BETTER = "#2a7fb8"
WORSE = "#d4463c"
WITHIN_NOISE = "#7a808b"
"""Differences from a parent, as text that is readable on white and on black."""

QUIET_TEXT = WITHIN_NOISE
LABEL_GROUND = "#1f2630"
LABEL_TEXT = "#f5f7fa"
"""Background and text of a hover label, the same in both themes because chips are drawn on it."""

PAGES = MappingProxyType({"light": "#ffffff", "dark": "#0e1117"})
"""Backgrounds of the app's pages."""
