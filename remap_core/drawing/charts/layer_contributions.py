"""Layer contributions: the accuracy that a model loses without each of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from remap_core.drawing.charts.style import HOVER, axis, base_figure, escape_html
from remap_core.drawing.palette import BETTER, OUTLINE, WITHIN_NOISE, WORSE
from remap_core.formatting import more_or_fewer, points

BARS = "contributions"


@dataclass(frozen=True)
class LayerContribution:
    """What the ablation of a layer (0-based) shows.

    accuracy: share (0..1) lost without the layer. parameters: saved without it. noise: whether the difference is
    within noise, None while the two models cannot be tested against each other.
    """

    index: int
    text: str
    accuracy: float
    parameters: int
    noise: bool | None


def layer_contributions_figure(contributions: Sequence[LayerContribution]) -> go.Figure:
    """One bar a layer, upwards where the model is worse without it; grey within noise.

    customdata of a bar is its layer's index.
    """
    indices = [layer.index for layer in contributions]
    figure = base_figure(
        height=240,
        dragmode=False,
        showlegend=False,
        bargap=0.35,
        xaxis={
            "tickvals": indices,
            "ticktext": [f"{layer.index + 1} {escape_html(layer.text, 14)}" for layer in contributions],
            "automargin": True,
            "showgrid": False,
        },
        yaxis=axis("Accuracy lost<br>without the layer (points)", zerolinecolor=OUTLINE),
    )
    figure.add_bar(
        name=BARS,
        x=indices,
        y=[100 * layer.accuracy for layer in contributions],
        customdata=indices,
        marker={"color": [_colour(layer) for layer in contributions], "line": {"width": 0}},
        hovertext=[escape_html(_sentence(layer)) for layer in contributions],
        hovertemplate=HOVER,
    )
    return figure


def layer_contributions_alt(contributions: Sequence[LayerContribution]) -> str:
    """The chart in words, a sentence a layer."""
    if not contributions:
        return "No layer has been ablated yet."
    return " ".join(f"{_sentence(layer)}." for layer in contributions)


def _colour(layer: LayerContribution) -> str:
    if layer.noise or not layer.accuracy:
        return WITHIN_NOISE
    if layer.accuracy > 0:
        return BETTER
    return WORSE


def _sentence(layer: LayerContribution) -> str:
    lost = points(layer.accuracy)
    if layer.noise:
        lost += " (within noise)"
    parameters = more_or_fewer(-layer.parameters, "parameter")
    return f"{layer.text} at {layer.index + 1}: {lost}, {parameters} without it"
