"""The overview: every finished model as a circle, on two metrics or on a map, with what is selected marked."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.charts.captions import weights_text
from remap_core.drawing.charts.circles import circle_marker, radius_legend
from remap_core.drawing.charts.hover_labels import Labels
from remap_core.drawing.charts.projection import Projection, metric_projection
from remap_core.drawing.charts.style import HOVER, base_figure
from remap_core.drawing.palette import FRONT, SELECTION
from remap_core.formatting import accuracy_over_seeds, count, percent, pluralize
from remap_core.trials.population import Ints, Population
from remap_core.views.view import View

MODELS = "models"
FRONT_LINE = "Pareto<br>front"
SELECTED = "selected"
PARENT = "parent"
CHILDREN = "children"
"""Names of the traces. The last three are empty and say what marks look like: a click sets them in the browser, the
figure stays the same."""

MOVING_MS = 700
"""Milliseconds that circles take to their new places."""

PLAIN_UP_TO = 3_000
"""Circles that are drawn as shapes with labels of their own. More are painted by the graphics card and labelled
beside the chart: 10,000 labels would weigh 8 MB and take 2 s to write."""

Segments = tuple[list[float | None], list[float | None]]
"""x and y of points; a None ends a line."""


def overview_figure(population: Population, view: View, projection: Projection | None = None) -> go.Figure:
    """The models that the view's filter shows, by default on the view's metrics.

    Darkness is the objective's value, radius the logarithm of the parameters; models beyond a cap are faded.
    customdata of a circle is its model's id. Raises InvalidView for weights of another data set.
    """
    placed = projection or metric_projection(population, view)
    figure = base_figure(
        height=480,
        margin={"l": 8, "r": 8, "t": 40, "b": 8, "pad": 0},  # the mode bar's row: it covers nothing
        dragmode="select",
        hovermode="closest",
        uirevision=placed.name,
        legend=_LEGEND,
        xaxis=placed.x,
        yaxis=placed.y,
        shapes=placed.limits,
        transition={"duration": MOVING_MS, "easing": "cubic-in-out"} if placed.moving else None,
    )
    figure.add_traces([_front(placed), _lines(CHILDREN, "solid"), _lines(PARENT, "dot")])
    figure.add_trace(_models(population, view, placed))
    figure.add_traces([*radius_legend(population.parameters), _selected()])
    return figure


def overview_alt(population: Population, view: View) -> str:
    """What the overview shows in one sentence.

    For example "40 models, best 98.1 % with 24,122 parameters; 6 on the Pareto front".
    """
    shown, values = view.filter.mask(population), view.objective.value(population)
    models = counted_models(population, view)
    eligible = np.where(shown & view.objective.allows(population), values, np.nan)
    if np.isnan(eligible).all():
        return models
    best = int(np.nanargmax(eligible))
    aim = "" if view.objective.counts_alike else f" for {weights_text(view.objective, population.class_names)}"
    parameters = pluralize(int(population.parameters[best]), "parameter")
    front = count(len(metric_projection(population, view).front))
    return f"{models}, best {value_text(population, view, best)}{aim} with {parameters}; {front} on the Pareto front"


def value_text(population: Population, view: View, row: int) -> str:
    """The objective's value of a model; how much it spreads over the seeds is known where all classes count alike."""
    value = float(view.objective.value(population)[row])
    if not view.objective.counts_alike:
        return percent(value)
    return accuracy_over_seeds(value, population.deviation[row], int(population.seeds[row]))


def counted_models(population: Population, view: View) -> str:
    """How many models the filter leaves: "23 of 40 models", or "40 models" where nothing is filtered."""
    models = pluralize(len(population), "model")
    return f"{count(int(view.filter.mask(population).sum()))} of {models}" if view.filter else models


def selection_points(population: Population, view: View, model: int, projection: Projection) -> dict[str, Segments]:
    """What fills the traces SELECTED, PARENT and CHILDREN for a model: its place, and lines to its relatives'."""
    placed = view.filter.mask(population) & np.isfinite(projection.places).all(axis=1)
    row = population.row_of(model)
    if row is None or not placed[row]:
        return {SELECTED: ([], []), PARENT: ([], []), CHILDREN: ([], [])}
    own, parent = projection.places[row].tolist(), population.parent[row]
    up = np.flatnonzero(placed & (population.id == parent) & (parent > 0))
    down = np.flatnonzero(placed & (population.parent == model))
    return {
        SELECTED: ([own[0]], [own[1]]),
        PARENT: _segments(own, projection.places[up].tolist()),
        CHILDREN: _segments(own, projection.places[down].tolist()),
    }


_LEGEND = {
    "title": {"text": "Parameters"},
    "x": 1.02,
    "xanchor": "left",
    "y": 0.0,
    "yanchor": "bottom",
    "itemclick": False,
    "itemdoubleclick": False,
}
"""Below the colour bar, in one column with it: it never wraps, however narrow the page."""


def _segments(start: list[float], ends: list[list[float]]) -> Segments:
    x: list[float | None] = [value for end in ends for value in (start[0], end[0], None)]
    y: list[float | None] = [value for end in ends for value in (start[1], end[1], None)]
    return x, y


def _models(population: Population, view: View, placed: Projection) -> go.Scatter | go.Scattergl:
    rows = placed.drawn(view.filter.mask(population))
    scatter = go.Scattergl if len(rows) > PLAIN_UP_TO else go.Scatter
    return scatter(
        name=MODELS,
        x=placed.places[rows, 0],
        y=placed.places[rows, 1],
        customdata=population.id[rows].tolist(),  # a list: a typed array would come back from the browser as an object
        mode="markers",
        marker=circle_marker(
            population.parameters,
            view.objective.value(population),
            rows,
            faded=~view.objective.allows(population),
            title="Accuracy" if view.objective.counts_alike else "Weighted accuracy",
        ),
        unselected={"marker": {"opacity": 0.3}},
        showlegend=False,
        **_hover(population, view, rows),
    )


def _hover(population: Population, view: View, rows: Ints) -> dict[str, Any]:
    if len(rows) > PLAIN_UP_TO:
        return {"hoverinfo": "none"}  # the event still comes
    labels = Labels.of(population, view)
    return {"hovertext": [labels.html(int(row)) for row in rows], "hovertemplate": HOVER}


def _front(placed: Projection) -> go.Scatter:
    return go.Scatter(
        name=FRONT_LINE,
        x=placed.places[placed.front, 0],
        y=placed.places[placed.front, 1],
        mode="lines",
        line={"shape": "hv", "color": FRONT, "width": 2},
        hoverinfo="skip",
        showlegend=len(placed.front) > 0,
        legendrank=2_000,  # below the circles
    )


def _lines(name: str, dash: str) -> go.Scatter:
    line = {"color": SELECTION, "width": 1.5, "dash": dash}
    return go.Scatter(name=name, x=[], y=[], mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _selected() -> go.Scatter:
    return go.Scatter(
        name=SELECTED,
        x=[],
        y=[],
        mode="markers",
        marker={"symbol": "circle-open", "size": 20, "color": SELECTION, "line": {"width": 3}},
        unselected={"marker": {"opacity": 1}},
        hoverinfo="skip",
        showlegend=False,
    )
