"""A search space as a diagram: its steps as chips, top to bottom, and what follows each as arcs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.charts.style import CLEAR, HOVER, base_figure, escape_html
from remap_core.drawing.palette import BOARD, HEAD, OUTLINE, QUIET_TEXT, chip_appearance, chip_ink
from remap_core.formatting import percent
from remap_core.space.markov.search_space import FIRST, LAST, Part, SearchSpace, State
from remap_core.space.markov.space_text import likeliest, step_text

ROW = 30
"""Pixels of a step."""
CHIP = 20
WIDEST = 9.0
"""Pixels of an arc of probability 1."""
THINNEST = 0.8
FADED = 0.55
PART_TEXTS = {Part.IMAGES: "images", Part.VECTORS: "vectors"}

Curve = tuple[list[float], list[float]]
"""x and y of its points."""

_BEND = np.linspace(0, np.pi, 25)
"""Along half an ellipse."""


def space_figure(space: SearchSpace) -> go.Figure:
    """One row for each step and one for the end. Arcs on the right go on, those on the left go back."""
    rows = (*space.states(), LAST)
    place = {state: row for row, state in enumerate(rows)}
    reach = max(3.0, 0.5 * len(rows))
    figure = base_figure(
        height=ROW * len(rows) + 24,
        dragmode=False,
        showlegend=False,
        hovermode="closest",
        xaxis={"visible": False, "range": [-0.62 * reach, 1.08 * reach], "fixedrange": True},
        yaxis=_step_axis(rows),
        shapes=_parts(rows),
        annotations=_part_names(rows),
    )
    for state in rows[:-1]:
        colour = OUTLINE if state == FIRST else chip_appearance(_kind(space, state)).border
        for following, probability in likeliest(space, state):
            curve = _curve(place[state], place[following], reach, len(rows))
            figure.add_trace(_arc(state, following, probability, colour, curve))
    figure.add_trace(_chips(space, rows))
    return figure


def space_alt(space: SearchSpace) -> str:
    """The steps of a space in one sentence, each with what most probably follows."""
    parts = []
    for state in space.states():
        following, probability = likeliest(space, state)[0]
        parts.append(f"{state.step} to {following.step} ({percent(probability, decimals=0)})")
    return f"Search space {space.name}, most probable next steps: {', '.join(parts)}."


def _step_axis(rows: Sequence[State]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(rows))),
        "ticktext": [escape_html(state.step, 18) for state in rows],
        "range": [len(rows) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": CLEAR,
    }


def _blocks(rows: Sequence[State]) -> list[tuple[Part, int, int]]:
    """The first and the last row of each part; start and end belong to none."""
    blocks = []
    for part in Part:
        places = [row for row, state in enumerate(rows) if state.part is part and state not in (FIRST, LAST)]
        if places:
            blocks.append((part, places[0], places[-1]))
    return blocks


def _parts(rows: Sequence[State]) -> list[dict[str, Any]]:
    """A ground behind the steps that output images, and one behind those that output vectors."""
    return [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": first - 0.46,
            "y1": last + 0.46,
            "fillcolor": BOARD,
            "line": {"width": 0},
            "layer": "below",
        }
        for _, first, last in _blocks(rows)
    ]


def _part_names(rows: Sequence[State]) -> list[dict[str, Any]]:
    return [
        {
            "xref": "paper",
            "x": 1,
            "xanchor": "right",
            "xshift": -4,
            "y": first - 0.46,
            "yanchor": "top",
            "text": PART_TEXTS[part],
            "showarrow": False,
            "font": {"size": 12, "color": QUIET_TEXT},
        }
        for part, first, _ in _blocks(rows)
    ]


def _arc(state: State, following: State, probability: float, colour: str, curve: Curve) -> go.Scatter:
    """From a step to what follows it, as wide as that is probable."""
    x, y = curve
    text = f"{escape_html(state.step)} → {escape_html(following.step)}: {percent(probability, decimals=0)}"
    return go.Scatter(
        name="arc",
        mode="lines+markers",
        x=x,
        y=y,
        line={"color": colour, "width": max(THINNEST, WIDEST * probability), "shape": "spline"},
        opacity=FADED,
        marker={
            "symbol": "arrow",
            "angleref": "previous",
            "size": [0] * (len(x) - 1) + [7 + 5 * probability],
            "color": colour,
            "line": {"width": 0},
        },
        hovertext=text,
        hovertemplate=HOVER,
    )


def _curve(begin: int, end: int, reach: float, rows: int) -> Curve:
    """From a row to another, half an ellipse beside the chips, wider for a longer way: to the right where it goes on.

    To the left it goes back; a loop there follows itself.
    """
    edge = 0.12 * reach
    if begin == end:
        loop = np.linspace(0.25 * np.pi, 1.75 * np.pi, 25)
        x = -edge - 0.07 * reach * (1 - np.cos(loop))
        return x.tolist(), (begin - 0.28 * np.sin(loop)).tolist()
    width = reach * (0.1 + 0.82 * (abs(end - begin) - 1) / max(1, rows - 2))
    if end < begin:
        edge, width = -edge, -0.5 * width
    middle, half = (begin + end) / 2, (begin - end) / 2
    return (edge + width * np.sin(_BEND)).tolist(), (middle + half * np.cos(_BEND)).tolist()


def _chips(space: SearchSpace, rows: Sequence[State]) -> go.Scatter:
    kinds = [_kind(space, state) for state in rows]
    looks = [chip_appearance(kind) for kind in kinds]
    is_step = [state not in (FIRST, LAST) for state in rows]
    return go.Scatter(
        name="steps",
        mode="markers+text",
        x=[0.0] * len(rows),
        y=list(range(len(rows))),
        text=[look.symbol if step and len(look.symbol) == 1 else "" for look, step in zip(looks, is_step, strict=True)],
        textfont={"color": [chip_ink(kind) for kind in kinds], "size": 12},
        marker={
            "symbol": ["square" if step else "circle" for step in is_step],
            "size": [CHIP if step else CHIP - 6 for step in is_step],
            "color": [look.colour if step else OUTLINE for look, step in zip(looks, is_step, strict=True)],
            "line": {"color": [look.border for look in looks], "width": 1},
        },
        hovertext=[_hover(space, state) for state in rows],
        hovertemplate=HOVER,
    )


def _kind(space: SearchSpace, state: State) -> str:
    """The kind whose chip stands for a step: its first layer's."""
    if state in (FIRST, LAST):
        return HEAD
    return space.grid[state.step][0].kind


def _hover(space: SearchSpace, state: State) -> str:
    if state == FIRST:
        return "The image"
    if state == LAST:
        return "The head: one value a class"
    return f"<b>{escape_html(state.step)}</b><br>{escape_html(step_text(space.grid[state.step]), 120)}"
