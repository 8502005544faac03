"""How many images each class has, as bars: whether the classes are balanced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.charts.style import CLEAR, HOVER, axis, base_figure, class_axis, escape_html
from remap_core.drawing.palette import SERIES
from remap_core.formatting import count, pluralize

MAX_BARS = 60
"""Bars at most; of more classes only the largest and the smallest are drawn."""
BAR, EDGE = 24, 56
"""Pixels of one bar with its gap, and of the axis below."""


def class_balance_figure(class_names: Sequence[str], images: Sequence[int]) -> go.Figure:
    """One horizontal bar a class, the most frequent class on top."""
    shown = _shown(images)
    names = [class_names[row] for row in shown]
    counts = [images[row] for row in shown]
    y_axis = class_axis(names, letters=22, down=True)
    y_axis |= {"ticks": "outside", "ticklen": 6, "tickcolor": CLEAR, "automargin": True}
    figure = base_figure(
        height=BAR * len(shown) + EDGE,
        dragmode=False,
        showlegend=False,
        bargap=0.25,
        xaxis=axis("Images", range=[0, 1.18 * max(counts, default=1)], zeroline=False, nticks=5),
        yaxis=y_axis,
    )
    hovertext = [f"{escape_html(name, 60)}: {pluralize(n, 'image')}" for name, n in zip(names, counts, strict=True)]
    figure.add_trace(
        go.Bar(
            name="classes",
            orientation="h",
            x=counts,
            y=list(range(len(shown))),
            marker={"color": SERIES[0], "line": {"width": 0}},
            text=[count(number) for number in counts],
            textposition="outside",
            cliponaxis=False,
            hovertext=hovertext,
            hovertemplate=HOVER,
        )
    )
    return figure


def class_balance_alt(class_names: Sequence[str], images: Sequence[int]) -> str:
    """The largest and the smallest class in one sentence, and how many of them are drawn."""
    if not images:
        return "There are no classes."
    largest = int(np.argmax(images))
    smallest = int(np.argmin(images))
    sentence = (
        f"Images by class, from {count(images[smallest])} of {class_names[smallest]:.60} "
        f"to {count(images[largest])} of {class_names[largest]:.60}"
    )
    if images[smallest] == images[largest]:
        sentence = f"Every class has {pluralize(images[largest], 'image')}"
    if len(images) <= MAX_BARS:
        return f"{sentence}."
    half = MAX_BARS // 2
    return f"{sentence}. Drawn: the {half} largest and the {half} smallest of {count(len(images))} classes."


def _shown(images: Sequence[int]) -> list[int]:
    order: list[int] = np.argsort(-np.asarray(images, np.int64), kind="stable").tolist()
    if len(order) <= MAX_BARS:
        return order
    half = MAX_BARS // 2
    return order[:half] + order[-half:]
