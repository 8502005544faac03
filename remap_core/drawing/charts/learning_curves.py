"""Learning curves: loss and accuracy over the epochs, training and validation, of one model or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.charts.style import axis, base_figure, escape_html, percent_axis
from remap_core.drawing.palette import SERIES
from remap_core.errors import InvalidTrial
from remap_core.formatting import percent, pluralize
from remap_core.trials.evaluation import EpochResult

MAX_TICKS = 10

LEGEND_ROW = 20
"""Pixels of a row of the legend."""

Curves = Mapping[str, Sequence[EpochResult]]
"""The epochs so far of each model, by the name it is shown with."""


def learning_curves_figure(curves: Curves, *, side_by_side: bool = False) -> go.Figure:
    """Accuracy above, loss below, over the epochs; validation solid, training dotted, a colour for each model.

    side_by_side: accuracy on the left, loss on the right, a third as high. Raises InvalidTrial
    for more than two models.
    """
    if len(curves) > len(SERIES):
        raise InvalidTrial(f"Learning curves are drawn for {len(SERIES)} models at most, but got {len(curves)}.")
    longest = max(map(len, curves.values()), default=0)
    legend_rows = max(1, len(curves))
    layout = _side_by_side(longest, legend_rows) if side_by_side else _stacked(longest)
    figure = base_figure(
        hovermode="x unified",
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
        },
        **layout,
    )
    for (name, epochs), colour in zip(curves.items(), SERIES, strict=False):
        for part in _PARTS:
            figure.add_trace(_accuracy(name, part, epochs, colour))
            loss = _loss(name, part, epochs, colour)
            if side_by_side:
                loss.xaxis = "x2"
            figure.add_trace(loss)
    return figure


def _stacked(longest: int) -> dict[str, Any]:
    return {
        "height": 452,
        "margin": {"l": 8, "r": 8, "t": 64, "b": 8, "pad": 0},  # rows for the mode bar and the legend
        "xaxis": axis("Epoch", anchor="y2", showspikes=False, **_epoch_ticks(longest)),
        "yaxis": percent_axis("Accuracy", domain=[0.54, 1.0]),
        "yaxis2": axis("Loss", domain=[0.0, 0.46], rangemode="tozero"),
    }


def _side_by_side(longest: int, legend_rows: int) -> dict[str, Any]:
    epochs = axis("Epoch", showspikes=False, **_epoch_ticks(longest))
    top = 8 + LEGEND_ROW * legend_rows
    return {
        "height": 136 + top,
        "margin": {"l": 8, "r": 8, "t": top, "b": 8, "pad": 0},
        "xaxis": {**epochs, "domain": [0.0, 0.44]},
        "xaxis2": {**epochs, "domain": [0.56, 1.0], "anchor": "y2"},
        "yaxis": percent_axis("Accuracy"),
        "yaxis2": axis("Loss", anchor="x2", rangemode="tozero"),
    }


def learning_curves_alt(curves: Curves) -> str:
    """Where each model's curves end, in one sentence a model."""
    if not curves:
        return "No learning curves yet."
    return " ".join(_ending(name, epochs) for name, epochs in curves.items())


@dataclass(frozen=True)
class _Part:
    """A part of a data set: its name, the prefix of its fields in EpochResult, and the style of its lines."""

    name: str
    field: str
    dash: str
    symbol: str


_PARTS = (
    _Part("validation", "validation", dash="solid", symbol="circle"),
    _Part("training", "train", dash="dot", symbol="circle-open"),
)


def _ending(name: str, epochs: Sequence[EpochResult]) -> str:
    if not epochs:
        return f"{name}: no epoch yet."
    last = epochs[-1]
    accuracies = f"validation {percent(last.validation_accuracy)}, training {percent(last.train_accuracy)}"
    return f"{name} after {pluralize(last.epoch, 'epoch')}: {accuracies}."


def _accuracy(name: str, part: _Part, epochs: Sequence[EpochResult], colour: str) -> go.Scatter:
    values = [getattr(epoch, f"{part.field}_accuracy") for epoch in epochs]
    return go.Scatter(
        y=values,
        yaxis="y",
        text=[percent(value) for value in values],
        hovertemplate="%{text}",
        showlegend=True,
        **_line(name, part, epochs, colour),
    )


def _loss(name: str, part: _Part, epochs: Sequence[EpochResult], colour: str) -> go.Scatter:
    return go.Scatter(
        y=[getattr(epoch, f"{part.field}_loss") for epoch in epochs],
        yaxis="y2",
        hovertemplate="%{y:.3f}",
        showlegend=False,
        **_line(name, part, epochs, colour),
    )


def _line(name: str, part: _Part, epochs: Sequence[EpochResult], colour: str) -> dict[str, Any]:
    marker_size = 5
    if len(epochs) <= 1:
        marker_size = 9  # no line shows a single point
    return {
        "name": f"{escape_html(name, 24)} {part.name}",
        "x": [epoch.epoch for epoch in epochs],
        "mode": "lines+markers",
        "line": {"color": colour, "dash": part.dash, "width": 2},
        "marker": {"size": marker_size, "symbol": part.symbol},
        "legendgroup": f"{name} {part.name}",
    }


def _epoch_ticks(longest: int) -> dict[str, Any]:
    """Ticks at whole epochs."""
    step = max(1, -(-longest // MAX_TICKS))
    first = 1
    if step > 1:
        first = 0
    return {
        "tick0": first,
        "dtick": step,
        "range": [0.5, max(longest, 1) + 0.5],
    }
