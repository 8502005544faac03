"""The overview: every finished model as a circle, on two metrics or on a map, with the selected model marked."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.charts.captions import weights_text
from remap_core.drawing.charts.circles import accuracy_axis, circle_marker, radius_legend, symbol_legend, symbols
from remap_core.drawing.charts.hover_labels import Labels
from remap_core.drawing.charts.projection import Projection, metric_projection
from remap_core.drawing.charts.style import CLEAR, HOVER, base_figure
from remap_core.drawing.palette import FRONT, SELECTION, UNFINISHED
from remap_core.formatting import accuracy_over_seeds, count, percent, pluralize
from remap_core.trials.population import Ints, Population
from remap_core.views.view import View

MODELS = "models"
FRONT_LINE = "Pareto<br>front"
SELECTED = "selected"
PARENT = "parent"
CHILDREN = "children"
ARRIVED = "arrived"
RUNNING = "running"
WAITING = "waiting"
SUGGESTED = "suggested"
EDITS = "edits"
FOCUSED = "focused"
"""Names of the traces. All but the first two are empty and define styles: what is selected, and what happens after the
figure was drawn, is filled in by the browser, and the figure stays the same."""

MOVING_MS = 700
"""Milliseconds that circles take to their new places."""

PLAIN_UP_TO = 3_000
"""Circles that are drawn as shapes with hover labels. More are drawn by WebGL and labelled next to the chart: 10,000
labels would weigh 8 MB and take 2 s to write."""

Segments = tuple[list[float | None], list[float | None]]
"""x and y of points; a None ends a line."""


def overview_figure(
    population: Population,
    view: View,
    projection: Projection | None = None,
    *,
    dark: bool = False,
) -> go.Figure:
    """The models that the view's filter shows, by default on the view's metrics; as large as its place.

    Colour is the objective's value, radius the logarithm of the parameters; models over a cap are faded.
    customdata of a circle is its model's id. Raises InvalidView for weights of another data set.
    """
    placed = projection or metric_projection(population, view)
    transition = None
    if placed.moving:
        transition = {"duration": MOVING_MS, "easing": "cubic-in-out"}
    figure = base_figure(
        margin={"l": 8, "r": 8, "t": 36, "b": 8, "pad": 0},  # a row for the mode bar, which covers nothing then
        dragmode="select",
        hovermode="closest",
        uirevision=placed.name,
        legend=_LEGEND,
        xaxis=placed.x,
        yaxis=placed.y,
        shapes=placed.limits,
        transition=transition,
        coloraxis=accuracy_axis(view.objective.value(population), _colour_title(view), dark=dark),
    )
    figure.add_trace(_front(placed))
    figure.add_trace(_lines(CHILDREN, "solid"))
    figure.add_trace(_lines(PARENT, "dot"))
    figure.add_trace(_models(population, view, placed))
    figure.add_trace(_arrived(population, view))
    figure.add_trace(_hollow(RUNNING, opacity=1))
    figure.add_trace(_hollow(WAITING, opacity=0))
    figure.add_trace(_suggested())
    figure.add_trace(_hollow(EDITS, opacity=0))
    figure.add_traces(radius_legend(population.parameters))
    figure.add_traces(symbol_legend(population.suggested, population.in_full))
    figure.add_trace(_ring(FOCUSED, meta={"dash": "dot"}))
    figure.add_trace(_ring(SELECTED))
    return figure


def overview_alt(population: Population, view: View) -> str:
    """The overview in one sentence.

    For example "40 models, best 98.1 % with 24,122 parameters; 6 on the Pareto front".
    """
    models = counted_models(population, view)
    eligible = view.counts(population)
    values = np.where(eligible, view.objective.value(population), np.nan)
    if np.isnan(values).all():
        return models
    best = int(np.nanargmax(values))
    accuracy = value_text(population, view, best)
    if not view.objective.is_unweighted:
        accuracy += f" for {weights_text(view.objective, population.class_names)}"
    parameters = pluralize(int(population.parameters[best]), "parameter")
    front = count(len(metric_projection(population, view).front))
    return f"{models}, best {accuracy} with {parameters}; {front} on the Pareto front"


def value_text(population: Population, view: View, row: int) -> str:
    """The objective's value of a model; with its spread over seeds, which is known where all classes count alike."""
    value = float(view.objective.value(population)[row])
    if not view.objective.is_unweighted:
        return percent(value)
    return accuracy_over_seeds(value, population.deviation[row], int(population.seeds[row]))


def counted_models(population: Population, view: View) -> str:
    """How many models the filter shows: "23 of 40 models", or "40 models" without a filter."""
    models = pluralize(len(population), "model")
    if not view.filter:
        return models
    shown = int(view.filter.mask(population).sum())
    return f"{count(shown)} of {models}"


def selection_points(population: Population, view: View, model: int, projection: Projection) -> dict[str, Segments]:
    """The points of the traces SELECTED, PARENT and CHILDREN for a model: its place, and lines to its relatives'."""
    has_place = np.isfinite(projection.places).all(axis=1)
    has_place &= view.filter.mask(population)
    row = population.row_of(model)
    if row is None or not has_place[row]:
        return {SELECTED: ([], []), PARENT: ([], []), CHILDREN: ([], [])}
    place = projection.places[row].tolist()
    parent = population.parent[row]
    parents = has_place & (population.id == parent) & (parent > 0)
    children = has_place & (population.parent == model)
    x, y = place
    return {
        SELECTED: ([x], [y]),
        PARENT: _segments(place, projection.places[parents].tolist()),
        CHILDREN: _segments(place, projection.places[children].tolist()),
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
    x: list[float | None] = []
    y: list[float | None] = []
    for end in ends:
        x += [start[0], end[0], None]
        y += [start[1], end[1], None]
    return x, y


def _models(population: Population, view: View, placed: Projection) -> go.Scatter | go.Scattergl:
    rows = placed.drawn(view.filter.mask(population))
    scatter = go.Scatter
    if len(rows) > PLAIN_UP_TO:
        scatter = go.Scattergl
    marker = circle_marker(
        population.parameters,
        view.objective.value(population),
        rows,
        faded=~view.objective.allows(population),
    )
    if population.suggested[rows].any() or not population.in_full[rows].all():
        marker["symbol"] = symbols(population.suggested[rows], population.in_full[rows])
    return scatter(
        name=MODELS,
        x=placed.places[rows, 0],
        y=placed.places[rows, 1],
        customdata=population.id[rows].tolist(),  # a list: a typed array would come back from the browser as an object
        mode="markers",
        marker=marker,
        unselected={"marker": {"opacity": 0.3}},
        showlegend=False,
        **_hover(population, view, rows),
    )


def _colour_title(view: View) -> str:
    if view.objective.is_unweighted:
        return "Accuracy"
    return "Weighted accuracy"


def _arrived(population: Population, view: View) -> go.Scatter:
    """Models that finish after the figure was drawn; their circles look like the others."""
    marker = circle_marker(population.parameters, view.objective.value(population), np.empty(0, np.int64))
    return go.Scatter(
        name=ARRIVED,
        x=[],
        y=[],
        mode="markers",
        marker=marker,
        unselected={"marker": {"opacity": 0.3}},
        hovertemplate=HOVER,
        showlegend=False,
    )


def _hollow(name: str, opacity: float) -> go.Scatter:
    """Trainings without a result. The browser draws a dashed ring where one waits: the circle itself is unseen."""
    return go.Scatter(
        name=name,
        x=[],
        y=[],
        mode="markers",
        opacity=opacity,
        marker={"size": 12, "color": CLEAR, "line": {"color": UNFINISHED, "width": 2}},
        meta={"dash": "dot"},
        hovertemplate=HOVER,
        showlegend=False,
    )


def _suggested() -> go.Scatter:
    """Where suggestions are expected; the browser draws the dashed ring, as for what waits."""
    trace = _hollow(SUGGESTED, opacity=0)
    trace.update(marker={"size": 14, "line": {"color": FRONT, "width": 2}}, meta={"dash": "dash"})
    return trace


def _hover(population: Population, view: View, rows: Ints) -> dict[str, Any]:
    if len(rows) > PLAIN_UP_TO:
        return {"hoverinfo": "none"}  # no label, but the event is still sent
    labels = Labels.of(population, view)
    return {
        "hovertext": [labels.html(int(row)) for row in rows],
        "hovertemplate": HOVER,
    }


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
    return go.Scatter(
        name=name,
        x=[],
        y=[],
        mode="lines",
        line={"color": SELECTION, "width": 1.5, "dash": dash},
        hoverinfo="skip",
        showlegend=False,
    )


def _ring(name: str, **more: Any) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[],
        y=[],
        mode="markers",
        marker={"symbol": "circle-open", "size": 20, "color": SELECTION, "line": {"width": 3, "color": SELECTION}},
        unselected={"marker": {"opacity": 1}},
        hoverinfo="skip",
        showlegend=False,
        **more,
    )
