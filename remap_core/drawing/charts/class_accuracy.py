"""Accuracy of each class as bars, the worst ones easy to find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.charts.shown_classes import worst_classes
from remap_core.drawing.charts.style import CLEAR, HOVER, base_figure, class_axis, escape_html, percent_axis
from remap_core.drawing.palette import OUTLINE, SERIES
from remap_core.errors import InvalidTrial
from remap_core.formatting import NOT_AVAILABLE, count, percent
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.population import Floats

BAR, EDGE = 26, 64
"""Pixels of one bar with its gap, and of the axis below."""


def class_accuracy_figure(
    evaluation: Evaluation,
    class_names: Sequence[str],
    classes: Sequence[int] | None = None,
) -> go.Figure:
    """One horizontal bar a class, the overall accuracy as a dotted line.

    classes: which ones, by default those of `worst_classes`. customdata of a bar is its class's index. Raises
    InvalidTrial where names and evaluation differ in length.
    """
    if classes is None:
        classes = worst_classes(evaluation)
    labels = list(classes)
    shares = _shares(evaluation, class_names)[labels]
    y_axis = class_axis([class_names[label] for label in labels], letters=24, down=True)
    y_axis |= {"ticks": "outside", "ticklen": 6, "tickcolor": CLEAR}  # a gap between names and bars
    figure = base_figure(
        height=BAR * len(shares) + EDGE,
        dragmode=False,
        showlegend=False,
        bargap=0.25,
        shapes=[_overall(evaluation.accuracy, len(shares))],
        xaxis=percent_axis(
            "Validation accuracy",
            range=[0, 1.13],
            tickvals=[0, 0.25, 0.5, 0.75, 1],
            zeroline=False,
        ),
        yaxis={**y_axis, "automargin": True},
    )
    figure.add_traces([_bars(evaluation, class_names, labels, shares), _numbers(shares)])
    return figure


def class_accuracy_alt(evaluation: Evaluation, class_names: Sequence[str]) -> str:
    """The best and the worst class in one sentence."""
    shares = _shares(evaluation, class_names)
    if np.isnan(shares).all():
        return "No class has validation images."
    best = int(np.nanargmax(shares))
    worst = int(np.nanargmin(shares))
    return (
        f"Accuracy by class, from {percent(shares[worst])} for {class_names[worst]} "
        f"to {percent(shares[best])} for {class_names[best]}; {percent(evaluation.accuracy)} overall."
    )


def _shares(evaluation: Evaluation, class_names: Sequence[str]) -> Floats:
    shares = evaluation.class_accuracy
    if len(shares) != len(class_names):
        raise InvalidTrial(f"An evaluation of {len(shares)} classes cannot be drawn with {len(class_names)} names.")
    return shares


def _overall(accuracy: float, classes: int) -> dict[str, Any]:
    return {
        "type": "line",
        "layer": "below",
        "line": {"color": OUTLINE, "dash": "dot", "width": 1.5},
        "x0": accuracy,
        "x1": accuracy,
        "y0": -0.5,
        "y1": classes - 0.5,
    }


def _bars(evaluation: Evaluation, class_names: Sequence[str], labels: list[int], shares: Floats) -> go.Bar:
    images = evaluation.confusion.sum(axis=1)[labels].tolist()
    names = [escape_html(class_names[label], 40) for label in labels]
    return go.Bar(
        name="classes",
        orientation="h",
        x=np.nan_to_num(shares),
        y=list(range(len(shares))),
        customdata=labels,
        marker={"color": SERIES[0], "line": {"width": 0}},
        hovertext=[class_sentence(*row) for row in zip(names, shares, images, strict=True)],
        hovertemplate=HOVER,
    )


def _numbers(shares: Floats) -> go.Scatter:
    """One column of numbers beyond the longest bar, where nothing crosses them."""
    return go.Scatter(
        name="numbers",
        x=[1.01] * len(shares),
        y=list(range(len(shares))),
        text=[percent(share) for share in shares],
        mode="text",
        textposition="middle right",
        hoverinfo="skip",
    )


def class_sentence(name: str, share: float, images: int) -> str:
    """What a bar says: the accuracy of a class on so many images."""
    if percent(share) == NOT_AVAILABLE:
        return f"{name} has no validation images"
    return f"{percent(share)} of {count(images)} images of {name} are classified correctly"
