"""What each layer earns: the accuracy that a model loses without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from remap_core.drawing.charts.style import HOVER, axis, base_figure, escape_html
from remap_core.drawing.palette import BETTER, OUTLINE, WITHIN_NOISE, WORSE
from remap_core.formatting import pluralize, points

BARS = "earnings"


@dataclass(frozen=True)
class LayerContribution:
    """A layer (0-based) and its ablation: share of accuracy lost without it, parameters saved, whether that is noise.

    noise is None while the two models cannot be tested against each other.
    """

    index: int
    text: str
    accuracy: float
    parameters: int
    noise: bool | None


def layer_contributions_figure(earnings: Sequence[LayerContribution]) -> go.Figure:
    """One bar a layer, upwards where the model is worse without it; grey where that is within noise.

    customdata of a bar is its layer's index.
    """
    figure = base_figure(
        height=240,
        dragmode=False,
        showlegend=False,
        bargap=0.35,
        xaxis={
            "tickvals": [one.index for one in earnings],
            "ticktext": [f"{one.index + 1} {escape_html(one.text, 14)}" for one in earnings],
            "automargin": True,
            "showgrid": False,
        },
        yaxis=axis("Accuracy it earns, points", zerolinecolor=OUTLINE),
    )
    figure.add_bar(
        name=BARS,
        x=[one.index for one in earnings],
        y=[100 * one.accuracy for one in earnings],
        customdata=[one.index for one in earnings],
        marker={"color": [_colour(one) for one in earnings], "line": {"width": 0}},
        hovertext=[escape_html(_sentence(one)) for one in earnings],
        hovertemplate=HOVER,
    )
    return figure


def layer_contributions_alt(earnings: Sequence[LayerContribution]) -> str:
    """What the chart says, a sentence a layer."""
    return " ".join(f"{_sentence(one)}." for one in earnings) or "No layer has been ablated yet."


def _colour(one: LayerContribution) -> str:
    if one.noise or not one.accuracy:
        return WITHIN_NOISE
    return BETTER if one.accuracy > 0 else WORSE


def _sentence(one: LayerContribution) -> str:
    noise = ", within noise" if one.noise else ""
    saved = f"{pluralize(abs(one.parameters), 'parameter')} {'fewer' if one.parameters >= 0 else 'more'} without it"
    return f"{one.text} at {one.index + 1}: {points(one.accuracy)}{noise}, {saved}"
