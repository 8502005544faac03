"""Accuracy by the number of training images: what was measured, and the curve carried on with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.charts.style import HOVER, axis, base_figure, percent_axis
from remap_core.drawing.palette import SERIES
from remap_core.formatting import count, percent

_ROOM = 1.15
"""By how much the axis goes on beyond the first and the last tick."""


@dataclass(frozen=True)
class ImageCurve:
    """The fitted curve at (p,) numbers of images: accuracies (0..1), and the ends of their band."""

    images: Sequence[float]
    accuracy: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


Measured = Sequence[tuple[int, float]]
"""Images and validation accuracy (0..1) of each training."""


def image_curve_figure(measured: Measured, curve: ImageCurve | None) -> go.Figure:
    """Trainings as circles, the curve dashed where it is carried on beyond all images. Images on a log axis."""
    figure = base_figure(
        height=260,
        margin={"l": 8, "r": 8, "t": 28, "b": 8, "pad": 0},
        showlegend=False,
        xaxis=axis("Training images", type="log", **_ticks(measured, curve)),
        yaxis=percent_axis("Validation accuracy"),
    )
    whole = max((images for images, _ in measured), default=0)
    if curve:
        _add_curve(figure, curve, whole)
    figure.add_trace(
        go.Scatter(
            x=[images for images, _ in measured],
            y=[accuracy for _, accuracy in measured],
            mode="markers",
            marker={"color": SERIES[0], "size": 9, "opacity": 0.75},
            hovertext=[f"{count(images)} images: {percent(accuracy)}" for images, accuracy in measured],
            hovertemplate=HOVER,
        )
    )
    return figure


def image_curve_alt(measured: Measured, curve: ImageCurve | None) -> str:
    """The figure in words."""
    parts = []
    for images in sorted({images for images, _ in measured}):
        each = [accuracy for own, accuracy in measured if own == images]
        parts.append(f"{count(images)} images: {percent(sum(each) / len(each))}")
    words = f"Validation accuracy by training images. {'; '.join(parts)}."
    if curve:
        words += f" Carried on to {count(round(curve.images[-1]))} images: {percent(curve.accuracy[-1])}."
    return words


def _ticks(measured: Measured, curve: ImageCurve | None) -> dict[str, Any]:
    """Ticks at what was measured, at twice and at four times the whole."""
    sizes = sorted({images for images, _ in measured})
    if curve and sizes:
        sizes += [2 * sizes[-1], 4 * sizes[-1]]
    ticks: dict[str, Any] = {"tickvals": list(map(float, sizes)), "ticktext": [count(size) for size in sizes]}
    if sizes:
        ticks["range"] = [log10(sizes[0] / _ROOM), log10(sizes[-1] * _ROOM)]
    return ticks


def _add_curve(figure: go.Figure, curve: ImageCurve, whole: int) -> None:
    there_and_back = [*curve.images, *reversed(curve.images)]
    ends = [*curve.high, *reversed(curve.low)]
    band = {"mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": SERIES[0], "opacity": 0.15}
    figure.add_trace(go.Scatter(x=there_and_back, y=ends, hoverinfo="skip", **band))
    labels = [
        f"{count(round(images))} images: {percent(accuracy)} expected ({percent(low)} to {percent(high)})"
        for images, accuracy, low, high in zip(curve.images, curve.accuracy, curve.low, curve.high, strict=True)
    ]
    measured = [row for row, images in enumerate(curve.images) if images <= whole]
    carried_on = range(measured[-1] if measured else 0, len(curve.images))
    for rows, dash in ((measured, "solid"), (carried_on, "dash")):
        figure.add_trace(
            go.Scatter(
                x=[curve.images[row] for row in rows],
                y=[curve.accuracy[row] for row in rows],
                mode="lines",
                line={"color": SERIES[0], "width": 2, "dash": dash},
                hovertext=[labels[row] for row in rows],
                hovertemplate=HOVER,
            )
        )
