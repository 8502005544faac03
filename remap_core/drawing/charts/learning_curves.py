"""Learning curves: loss and accuracy over the epochs, training and validation, of one model or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import plotly.graph_objects as go

from remap_core.drawing.charts.style import axis, base_figure, escape_html, percent_axis
from remap_core.drawing.palette import SERIES
from remap_core.errors import InvalidTrial
from remap_core.formatting import percent, pluralize
from remap_core.trials.evaluation import EpochResult

Curves = Mapping[str, Sequence[EpochResult]]
"""The epochs so far of each model, by the name it is shown with."""


def learning_curves_figure(curves: Curves) -> go.Figure:
    """Accuracy above, loss below, epochs to the right; validation solid, training dotted, a colour for each model.

    Raises InvalidTrial for more than two models.
    """
    if len(curves) > len(SERIES):
        raise InvalidTrial(f"Learning curves are drawn for {len(SERIES)} models at most, but got {len(curves)}.")
    longest = max(map(len, curves.values()), default=0)
    figure = base_figure(
        height=452,
        margin={"l": 8, "r": 8, "t": 64, "b": 8, "pad": 0},  # the mode bar's row, then the legend's
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
        xaxis=axis("Epoch", anchor="y2", showspikes=False, **_whole_epochs(longest)),
        yaxis=percent_axis("Accuracy", domain=[0.54, 1.0]),
        yaxis2=axis("Loss", domain=[0.0, 0.46], rangemode="tozero"),
    )
    for (name, epochs), colour in zip(curves.items(), SERIES, strict=False):
        figure.add_traces(list(_lines(name, epochs, colour)))
    return figure


def learning_curves_alt(curves: Curves) -> str:
    """Where each model's curves end, in one sentence a model."""
    return " ".join(_ending(name, epochs) for name, epochs in curves.items()) or "No learning curves yet."


def _ending(name: str, epochs: Sequence[EpochResult]) -> str:
    if not epochs:
        return f"{name}: no epoch yet."
    last = epochs[-1]
    accuracies = f"validation {percent(last.validation_accuracy)}, training {percent(last.train_accuracy)}"
    return f"{name} after {pluralize(last.epoch, 'epoch')}: {accuracies}."


def _lines(name: str, epochs: Sequence[EpochResult], colour: str) -> Iterator[go.Scatter]:
    for part, dash in (("validation", "solid"), ("train", "dot")):
        for measure, scale in (("accuracy", "y"), ("loss", "y2")):
            yield go.Scatter(
                name=f"{escape_html(name, 24)} {'training' if part == 'train' else part}",
                x=[epoch.epoch for epoch in epochs],
                y=[getattr(epoch, f"{part}_{measure}") for epoch in epochs],
                yaxis=scale,
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 5 if len(epochs) > 1 else 9, "symbol": "circle" if dash == "solid" else "circle-open"},
                legendgroup=f"{name} {part}",
                showlegend=measure == "accuracy",
                hovertemplate="%{y:.1%}" if measure == "accuracy" else "%{y:.3f}",
            )


def _whole_epochs(longest: int) -> dict[str, object]:
    step = max(1, -(-longest // 10))
    return {"tick0": 0 if step > 1 else 1, "dtick": step, "range": [0.5, max(longest, 1) + 0.5]}
