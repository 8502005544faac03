"""Colours, chosen once for light and dark pages alike and for every kind of colour vision.

The ten chip colours stay apart for normal vision, deuteranopia, protanopia and tritanopia, each stands out from a
white page, from Streamlit's dark one and from the hover label, and carries its symbol in an ink that can be read.
`tests/drawing/test_palette.py` measures all of it.
"""

from __future__ import annotations

from types import MappingProxyType

HEAD = "head"
"""Name of the chip kind that is no layer kind: the implied last layer."""

CHIP_COLOURS = MappingProxyType(
    {
        "conv2d": "#5b8def",
        "separable_conv2d": "#1a35d6",
        "dense": "#8a2f97",
        "max_pool2d": "#12693a",
        "avg_pool2d": "#57cfa0",
        "global_avg_pool2d": "#9c9048",
        "activation": "#f2c62f",
        "batch_norm": "#cc549c",
        "dropout": "#bfc9e4",
        HEAD: "#4a4d58",
    }
)
"""Fill of a chip by layer kind."""

LIGHT_INK = "#ffffff"
DARK_INK = "#10141a"
_DEEP = ("separable_conv2d", "dense", "max_pool2d", HEAD)
CHIP_INKS = MappingProxyType({kind: LIGHT_INK if kind in _DEEP else DARK_INK for kind in CHIP_COLOURS})
"""Colour of a chip's symbol by layer kind."""

CHIP_BORDERS = MappingProxyType(
    {
        "conv2d": "#3f6ccb",
        "separable_conv2d": "#12259c",
        "dense": "#6c1f78",
        "max_pool2d": "#0c4f2b",
        "avg_pool2d": "#33a77a",
        "global_avg_pool2d": "#776d31",
        "activation": "#c79c0f",
        "batch_norm": "#a23a79",
        "dropout": "#4d5a7a",
        HEAD: "#7c808d",
    }
)
"""Border of a chip by layer kind; dropout's is drawn dotted."""

ACCURACY_SCALE = ((0.0, "#deebf7"), (0.25, "#a6cbe8"), (0.5, "#65a3d6"), (0.75, "#2f75ba"), (1.0, "#0a4a8a"))
"""The darker, the more accurate."""

ERROR_SCALE = ((0.0, "#fae3dc"), (0.5, "#e79079"), (1.0, "#a52c1a"))
"""The darker, the more images of a class are taken for another one."""

BOARD = "rgba(125,133,146,0.1)"
"""Empty cells of a confusion matrix."""

OUTLINE = "#7d8592"
"""Edge of a circle: keeps pale ones visible on white and dark ones on black."""

SELECTION = "#ee7300"
FRONT = "#c2418f"
SERIES = ("#3b82d6", "#b07d0c")
"""Two models beside each other."""

BETTER = "#2a7fb8"
WORSE = "#d4463c"
WITHIN_NOISE = "#7a808b"
"""Differences from a parent: text that can be read on white and on black."""

QUIET_TEXT = WITHIN_NOISE
LABEL_GROUND = "#1f2630"
LABEL_TEXT = "#f5f7fa"
"""Ground and text of a hover label: the same in both themes, because chips are drawn on it."""

PAGES = MappingProxyType({"light": "#ffffff", "dark": "#0e1117"})
"""Grounds of the app's pages."""
