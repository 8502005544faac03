"""The SNAC of a parent with a switch under each block for every kind of edit that variations may make there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.charts.style import CLEAR, HOVER
from remap_core.drawing.palette import OUTLINE, SELECTION
from remap_core.drawing.snac.chips import Size, chips
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import pluralize
from remap_core.space.architecture import Architecture

SWITCHES, ROWS = "switches", "rows"
"""Names of the traces."""

WORDS = {"prepend": "insert", "remove": "remove", "replace": "replace", "reparameterize": "change"}
"""Labels of the rows by kind of edit, in the rows' order."""

PITCH, SIDE = 28, 16
"""Pixels from one row of switches to the next, and of a switch's side; all shrink with the blocks on narrow pages."""

LABELS, BUTTONS = 66, 76
"""Pixels left of the blocks for the rows' names, and right of them for "all" and "none"."""

ALL_X, NONE_X = 16, 52
"""Pixels from the blocks' right end to the middle of these two words."""

Allowed = Mapping[int, Collection[str]]
"""Allowed kinds of edit by the layer's index; the head's index is the number of layers."""


def permissions_figure(architecture: Architecture, allowed: Allowed) -> go.Figure:
    """The SNAC in LARGE with a row of switches for each kind of edit below it; filled where the edit is allowed.

    customdata of a switch in SWITCHES is ["switch", kind, index], of a point in ROWS ["row", kind, "all" or "none"].
    """
    figure = snac_figure(architecture, Size.LARGE)
    low, high = figure.layout.yaxis.range
    left, right = figure.layout.xaxis.range
    depth = PITCH * len(WORDS)
    figure.update_layout(
        width=right - left + LABELS + BUTTONS,
        height=high - low + depth,
        dragmode=False,
        xaxis={"range": [left - LABELS, right + BUTTONS]},
        yaxis={"range": [low - depth, high]},
    )
    row_y = {kind: low - PITCH * (number + 0.5) for number, kind in enumerate(WORDS)}
    for kind, y in row_y.items():
        figure.add_annotation(
            x=left - 4,
            y=y,
            text=WORDS[kind],
            xanchor="right",
            showarrow=False,
            font={"size": 12},
        )
    switches = _switches(architecture, allowed, row_y)
    squares = [_square(switch) for switch in switches]
    figure.layout.shapes += tuple(squares)  # all at once: Plotly copies all shapes for each that is added
    figure.add_traces([_switch_trace(switches), _row_trace(row_y, right)])
    return figure


def permissions_alt(architecture: Architecture, allowed: Allowed) -> str:
    """How many layers allow each kind of edit, in one sentence.

    >>> permissions_alt(Architecture((1, 2, 2), 3, ()), {0: {"prepend"}})
    'Allowed edits: insert at 1 place, remove at 0 places, replace at 0 places, change at 0 places.'
    """
    indices = range(len(architecture.layers) + 1)
    parts = []
    for kind, word in WORDS.items():
        places = sum(kind in allowed.get(index, ()) for index in indices)
        parts.append(f"{word} at {pluralize(places, 'place')}")
    return f"Allowed edits: {', '.join(parts)}."


@dataclass(frozen=True)
class _Switch:
    """A switch at (x, y) for a kind of edit at the layer with this index and text."""

    kind: str
    index: int
    layer: str
    x: float
    y: float
    is_on: bool

    @property
    def hover(self) -> str:
        verdict = "not allowed"
        if self.is_on:
            verdict = "allowed"
        return f"{WORDS[self.kind]}: {self.layer}, {verdict}"


def _switches(architecture: Architecture, allowed: Allowed, row_y: Mapping[str, float]) -> list[_Switch]:
    """One switch for each kind and layer; before the head, layers can only be inserted."""
    switches = []
    for kind, y in row_y.items():
        for index, chip in enumerate(chips(architecture, Size.LARGE)):
            if chip.index is None and kind != "prepend":
                continue
            is_on = kind in allowed.get(index, ())
            x = chip.x + chip.width / 2
            switches.append(_Switch(kind, index, chip.text, x, y, is_on))
    return switches


def _switch_trace(switches: list[_Switch]) -> go.Scatter:
    """Invisible markers that are clicked; the visible shapes shrink with the blocks."""
    symbols = {True: "square", False: "square-open"}
    return go.Scatter(
        name=SWITCHES,
        x=[switch.x for switch in switches],
        y=[switch.y for switch in switches],
        customdata=[["switch", switch.kind, switch.index] for switch in switches],
        mode="markers",
        marker={
            "symbol": [symbols[switch.is_on] for switch in switches],
            "size": SIDE,
            "opacity": 0,
        },
        hovertext=[switch.hover for switch in switches],
        hovertemplate=HOVER,
    )


def _square(switch: _Switch) -> dict[str, Any]:
    half = SIDE / 2
    colour, fill = OUTLINE, CLEAR
    if switch.is_on:
        colour, fill = SELECTION, SELECTION
    return {
        "type": "rect",
        "x0": switch.x - half,
        "x1": switch.x + half,
        "y0": switch.y - half,
        "y1": switch.y + half,
        "fillcolor": fill,
        "line": {"color": colour, "width": 1.5},
    }


def _row_trace(row_y: Mapping[str, float], right: float) -> go.Scatter:
    """The words "all" and "none" at the end of each row."""
    points = []
    for kind, y in row_y.items():
        points.append((right + ALL_X, y, kind, "all"))
        points.append((right + NONE_X, y, kind, "none"))
    return go.Scatter(
        name=ROWS,
        x=[x for x, _, _, _ in points],
        y=[y for _, y, _, _ in points],
        customdata=[["row", kind, word] for _, _, kind, word in points],
        text=[f"<u>{word}</u>" for _, _, _, word in points],
        mode="markers+text",
        textposition="middle center",
        marker={"symbol": "square", "size": 22, "opacity": 0},
        hovertext=[f"{WORDS[kind]}: {word}" for _, _, kind, word in points],
        hovertemplate=HOVER,
    )
