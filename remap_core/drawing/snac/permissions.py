"""The SNAC of a parent with a switch under each block for every kind of edit that variations may make there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.charts.style import HOVER
from remap_core.drawing.palette import OUTLINE, SELECTION
from remap_core.drawing.snac.chips import Size, chips
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import pluralize
from remap_core.space.architecture import Architecture

SWITCHES, ROWS = "switches", "rows"
"""Names of the traces."""

WORDS = {"prepend": "prepend", "remove": "remove", "replace": "replace", "reparameterize": "change"}
"""Kinds of edit in the order of the rows, as these are labelled."""

PITCH, SIDE = 28, 16
"""Pixels from one row of switches to the next, and of a switch's side; all shrink with the blocks where room lacks."""
LABELS, BUTTONS = 66, 76
"""Pixels left of the blocks for the rows' names, and right of them for "all" and "none"."""


def permissions_figure(architecture: Architecture, allowed: Mapping[int, Collection[str]]) -> go.Figure:
    """The SNAC, large, and below it a row of switches a kind of edit; filled where it is allowed.

    allowed: kinds by the layer's index, the head's is the number of layers. customdata of a switch in SWITCHES is
    ["switch", kind, index], of a point in ROWS ["row", kind, "all" or "none"].
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
    rows = {kind: low - PITCH * (number + 0.5) for number, kind in enumerate(WORDS)}
    for kind, y in rows.items():
        figure.add_annotation(x=left - 4, y=y, text=WORDS[kind], xanchor="right", showarrow=False, font={"size": 12})
    switches = _switches(architecture, allowed, rows)
    places = zip(switches.x, switches.y, switches.marker.symbol, strict=True)
    squares = [_square(x, y, is_on=symbol == "square") for x, y, symbol in places]
    figure.layout.shapes += tuple(squares)  # one by one they take seconds: Plotly copies all for each
    figure.add_traces([switches, _rows(rows, right)])
    return figure


def permissions_alt(architecture: Architecture, allowed: Mapping[int, Collection[str]]) -> str:
    """How many layers allow each kind of edit, in one sentence.

    >>> permissions_alt(Architecture((1, 2, 2), 3, ()), {0: {"prepend"}})
    'Allowed edits: prepend at 1 place, remove at 0 places, replace at 0 places, change at 0 places.'
    """
    places = range(len(architecture.layers) + 1)
    counts = {kind: sum(kind in allowed.get(index, ()) for index in places) for kind in WORDS}
    said = ", ".join(f"{WORDS[kind]} at {pluralize(number, 'place')}" for kind, number in counts.items())
    return f"Allowed edits: {said}."


def _switches(
    architecture: Architecture, allowed: Mapping[int, Collection[str]], rows: Mapping[str, float]
) -> go.Scatter:
    row = chips(architecture, Size.LARGE)
    head = len(architecture.layers)
    cells = [(kind, index) for kind in rows for index in range(head + 1) if index < head or kind == "prepend"]
    on = [kind in allowed.get(index, ()) for kind, index in cells]
    return go.Scatter(
        name=SWITCHES,
        x=[row[index].x + row[index].width / 2 for _, index in cells],
        y=[rows[kind] for kind, _ in cells],
        customdata=[["switch", kind, index] for kind, index in cells],
        mode="markers",
        marker={
            "symbol": ["square" if yes else "square-open" for yes in on],
            "size": SIDE,
            "opacity": 0,  # they are clicked; what is seen are shapes, which shrink with the blocks
        },
        hovertext=[
            f"{WORDS[kind]}: {row[index].text}, {'allowed' if yes else 'not allowed'}"
            for (kind, index), yes in zip(cells, on, strict=True)
        ],
        hovertemplate=HOVER,
    )


def _square(x: float, y: float, *, is_on: bool) -> dict[str, Any]:
    colour, half = SELECTION if is_on else OUTLINE, SIDE / 2
    corners = {"x0": x - half, "x1": x + half, "y0": y - half, "y1": y + half}
    fill = colour if is_on else "rgba(0,0,0,0)"
    return {"type": "rect", **corners, "fillcolor": fill, "line": {"color": colour, "width": 1.5}}


def _rows(rows: Mapping[str, float], right: float) -> go.Scatter:
    points: list[tuple[float, float, list[Any]]] = [
        (right + x, y, ["row", kind, word]) for kind, y in rows.items() for x, word in ((16, "all"), (52, "none"))
    ]
    return go.Scatter(
        name=ROWS,
        x=[x for x, _, _ in points],
        y=[y for _, y, _ in points],
        customdata=[said for _, _, said in points],
        text=[f"<u>{said[2]}</u>" for _, _, said in points],
        mode="markers+text",
        textposition="middle center",
        marker={"symbol": "square", "size": 22, "opacity": 0},
        hovertext=[f"{WORDS[said[1]]}: {said[2]}" for _, _, said in points],
        hovertemplate=HOVER,
    )
