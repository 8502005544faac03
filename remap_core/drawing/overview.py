"""The overview: every finished model as a circle, accuracy against parameters, with the Pareto front."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.circles import circle_marker, radius_legend
from remap_core.drawing.frame import HOVER, axis, framed, percent_axis, plain
from remap_core.drawing.palette import FRONT, SELECTION
from remap_core.drawing.svg import strip_html
from remap_core.drawing.words import count, counted, percent
from remap_core.errors import InvalidTrial
from remap_core.population import Floats, Population, pareto_front

MODELS = "models"
FRONT_LINE = "Pareto<br>front"
SELECTED = "selected"
"""Names of the traces. SELECTED is empty: a click fills it in the browser, the figure itself stays the same."""

GL_ABOVE = 3_000
"""More circles than this are painted by the graphics card."""

LABELS_UP_TO = 10_000
"""More models than this carry no hover label of their own: their text would weigh more than the page."""


def overview_figure(population: Population, *, class_index: int | None = None) -> go.Figure:
    """Validation accuracy (of one class, where chosen) against parameters on a logarithmic axis.

    Darkness is the accuracy, radius the logarithm of the parameters. customdata of a circle is its model's id.
    Raises InvalidTrial where the data set has no such class.
    """
    values = shown_accuracy(population, class_index)
    figure = framed(
        height=460,
        dragmode="select",
        hovermode="closest",
        uirevision="overview",
        legend=_LEGEND,
        xaxis=axis("Parameters", type="log", exponentformat="SI"),
        yaxis=percent_axis(_accuracy_title(population, class_index)),
    )
    if not len(population):
        figure.update_layout(xaxis_range=[2, 6], yaxis_range=[0, 1])
    figure.add_trace(_front(population, values))
    figure.add_trace(_models(population, values, class_index))
    figure.add_traces([*radius_legend(population.parameters), _selected()])
    return figure


def overview_alt(population: Population, *, class_index: int | None = None) -> str:
    """The overview in one sentence.

    For example "40 models, best 98.1 % with 24,122 parameters; 6 on the Pareto front".
    """
    values = shown_accuracy(population, class_index)
    models = counted(len(population), "model")
    if np.isnan(values).all():
        return models
    best = int(np.nanargmax(values))
    of_class = "" if class_index is None else f" for {population.class_names[class_index]}"
    parameters = counted(int(population.parameters[best]), "parameter")
    front = count(len(pareto_front(population.parameters, values)))
    return f"{models}, best {percent(values[best])}{of_class} with {parameters}; {front} on the Pareto front"


def overview_point(population: Population, model: int, *, class_index: int | None = None) -> tuple[float, float] | None:
    """x and y of a model's circle, None where it has none: what fills the trace SELECTED."""
    row = population.row_of(model)
    if row is None:
        return None
    accuracy = float(shown_accuracy(population, class_index)[row])
    return None if np.isnan(accuracy) else (float(population.parameters[row]), accuracy)


def shown_accuracy(population: Population, class_index: int | None = None) -> Floats:
    """(n,) float64 validation accuracy, or that of one class; raises InvalidTrial where there is no such class."""
    if class_index is None:
        return population.accuracy
    classes = len(population.class_names)
    if not 0 <= class_index < classes:
        raise InvalidTrial(f"0 <= class_index < {classes} must hold for this data set, but got {class_index}.")
    return population.class_accuracy[:, class_index]


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


def _accuracy_title(population: Population, class_index: int | None) -> str:
    if class_index is None:
        return "Validation accuracy"
    return f"Validation accuracy for {plain(population.class_names[class_index], 24)}"


def _models(population: Population, values: Floats, class_index: int | None) -> go.Scatter | go.Scattergl:
    scatter = go.Scattergl if len(population) > GL_ABOVE else go.Scatter
    return scatter(
        name=MODELS,
        x=population.parameters,
        y=values,
        customdata=population.id.tolist(),  # a list: a typed array would come back from the browser as an object
        mode="markers",
        marker=circle_marker(population.parameters, values),
        unselected={"marker": {"opacity": 0.3}},
        showlegend=False,
        **_hover(population, class_index),
    )


def _front(population: Population, values: Floats) -> go.Scatter:
    rows = pareto_front(population.parameters, values)
    return go.Scatter(
        name=FRONT_LINE,
        x=population.parameters[rows],
        y=values[rows],
        mode="lines",
        line={"shape": "hv", "color": FRONT, "width": 2},
        hoverinfo="skip",
        showlegend=len(rows) > 0,
        legendrank=2_000,  # below the circles
    )


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


def _hover(population: Population, class_index: int | None) -> dict[str, Any]:
    if len(population) > LABELS_UP_TO:
        return {"hoverinfo": "none"}  # the event still comes
    labels = [_label(population, row, class_index) for row in range(len(population))]
    return {"hovertext": labels, "hovertemplate": HOVER}


def _label(population: Population, row: int, class_index: int | None) -> str:
    text = population.text[row]
    lines = [f"<b>#{population.id[row]}</b>  {strip_html(text)}", *map(plain, wrap(text, 48))]
    if class_index is not None:
        share = population.class_accuracy[row, class_index]
        lines.append(f"{plain(population.class_names[class_index], 24)} {percent(share)}")
    lines.append(f"validation {percent(population.accuracy[row])}, training {percent(population.train_accuracy[row])}")
    parameters = counted(int(population.parameters[row]), "parameter")
    return "<br>".join([*lines, f"{parameters}, {counted(int(population.epochs[row]), 'epoch')}"])
