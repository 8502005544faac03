"""What happens after the overview was drawn, as additions to its traces: the browser puts them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, log10, nan
from typing import Any

import numpy as np
import plotly.graph_objects as go

from remap_core.analysis.suggest.suggestion import Suggestion
from remap_core.drawing.charts.circles import FADED, accuracy_bounds, decades, diameters, symbols
from remap_core.drawing.charts.hover_labels import Labels
from remap_core.drawing.charts.overview_figure import ARRIVED, FRONT_LINE, RUNNING, WAITING
from remap_core.drawing.charts.projection import Projection
from remap_core.drawing.charts.style import escape_html
from remap_core.drawing.snac.strip import strip_html
from remap_core.formatting import model_tag, percent, pluralize, predicted_accuracy
from remap_core.trials.population import Ints, Population
from remap_core.trials.trial import Trial, TrialState
from remap_core.views.filters import MEMORY, memory_of
from remap_core.views.metrics import OBJECTIVE
from remap_core.views.view import View

Ends = list[float]
"""Both ends of an axis, as Plotly takes them: on a logarithmic axis, exponents of ten."""


@dataclass(frozen=True)
class Unfinished:
    """A training that waits or runs, where it is expected. accuracy: of its last epoch, else predicted. text: lines."""

    trial: Trial
    accuracy: float
    text: tuple[str, ...]


@dataclass(frozen=True)
class Later:
    """Additions to an overview that was drawn before.

    traces: new values of some of its traces by their names, each by the attribute's path. colours: ends of the colour
    axis. x, y: ends of the axes that hold everything; None where they stay. rings: x and y of dashed rings.
    """

    traces: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    colours: tuple[float, float] | None = None
    x: Ends | None = None
    y: Ends | None = None
    rings: tuple[list[float], list[float]] = ((), ())  # type: ignore[assignment]


def later(
    drawn: Population,
    newest: Population,
    view: View,
    projection: Projection,
    unfinished: Sequence[Unfinished],
    *,
    circles: Ints,
) -> Later:
    """What to add to the overview of the models `drawn`: models that finished since then, and unfinished trainings.

    projection: of the `newest` models; on a map, unfinished trainings have no place. circles: ids of the models that
    have a circle already; a model without one may have a place by now.
    """
    is_new = ~np.isin(newest.id, circles)
    rows = projection.drawn(view.filter.mask(newest) & is_new)
    traces = {ARRIVED: _arrived(drawn, newest, rows, view, projection)}
    places: list[tuple[float, float]] = []
    if not view.map:
        for name, state in ((RUNNING, TrialState.RUNNING), (WAITING, TrialState.WAITING)):
            placed = [(one, _place(one, view, projection)) for one in unfinished if one.trial.state is state]
            known = [(one, place) for one, place in placed if all(map(isfinite, place))]
            traces[name] = _hollow(known, _caveat(view))
            places += [place for _, place in known]
        if len(rows):  # else it is the one that was drawn
            front = projection.places[projection.front].T.tolist()
            traces[FRONT_LINE] = {"x": front[0], "y": front[1]}
    waiting = traces.get(WAITING, {"x": [], "y": []})
    values = view.objective.value(newest)
    return Later(
        traces=traces,
        colours=accuracy_bounds(values),
        x=_ends(projection, "x", [x for x, _ in places]),
        y=_ends(projection, "y", [y for _, y in places]),
        rings=(waiting["x"], waiting["y"]),
    )


def suggested_circles(suggestions: Sequence[Suggestion], view: View) -> dict[str, list[Any]]:
    """The values of the trace SUGGESTED; empty on maps, and on metrics that are not known before a training."""
    placed = []
    if not view.map:
        for suggestion in suggestions:
            x, y = _expected(suggestion, view, view.x), _expected(suggestion, view, view.y)
            if isfinite(x) and isfinite(y) and not suggestion.is_guess:
                placed.append((x, y, _suggestion_label(suggestion)))
    return {
        "x": [x for x, _, _ in placed],
        "y": [y for _, y, _ in placed],
        "hovertext": [label for _, _, label in placed],
    }


def with_additions(figure: go.Figure, additions: Later) -> go.Figure:
    """A copy of a drawn overview with the additions in it, for charts to which the browser cannot add anything."""
    whole = go.Figure(figure)
    for name, attributes in additions.traces.items():
        for trace in whole.select_traces({"name": name}):
            for path, values in attributes.items():
                trace[path] = values
    whole.update_traces(opacity=1, selector={"name": WAITING})  # a ring of its own: no browser draws a dashed one
    if additions.colours:
        low, high = additions.colours
        whole.update_layout(coloraxis={"cmin": low, "cmax": high})
    whole.update_layout(xaxis_range=additions.x, yaxis_range=additions.y)
    return whole


def _arrived(
    drawn: Population, newest: Population, rows: Ints, view: View, projection: Projection
) -> dict[str, list[Any]]:
    labels = Labels.of(newest, view)
    allowed = view.objective.allows(newest)
    return {
        "x": projection.places[rows, 0].tolist(),
        "y": projection.places[rows, 1].tolist(),
        "customdata": newest.id[rows].tolist(),
        "hovertext": [labels.html(row) for row in rows.tolist()],
        "marker.size": diameters(newest.parameters[rows], decades(drawn.parameters)).tolist(),
        "marker.color": view.objective.value(newest)[rows].tolist(),
        "marker.opacity": np.where(allowed[rows], 1.0, FADED).tolist(),
        "marker.symbol": symbols(newest.suggested[rows], newest.in_full[rows]),
    }


def _place(one: Unfinished, view: View, projection: Projection) -> tuple[float, float]:
    return _on_axis(_value(one, view.x), projection.x), _on_axis(_value(one, view.y), projection.y)


def _on_axis(value: float, axis: Mapping[str, Any]) -> float:
    """The value; NaN for 0 on a logarithmic axis, where it has no place."""
    if axis.get("type") == "log" and value <= 0:
        return nan
    return value


def _value(one: Unfinished, metric: str) -> float:
    """A metric of a training that is not finished; NaN where nothing is known about it."""
    architecture = one.trial.architecture
    match metric:
        case "objective" | "accuracy":
            return one.accuracy
        case "parameters":
            return float(architecture.parameters)
        case "multiply-adds":
            return float(architecture.multiply_adds)
    if metric in MEMORY.values():
        return memory_of(architecture, metric)
    last = one.trial.last
    known = {"train-accuracy": "train_accuracy", "loss": "validation_loss", "seconds": "seconds"}
    if last and metric in known:
        return float(getattr(last, known[metric]))
    return nan


def _hollow(placed: Sequence[tuple[Unfinished, tuple[float, float]]], caveat: str) -> dict[str, list[Any]]:
    return {
        "x": [x for _, (x, _) in placed],
        "y": [y for _, (_, y) in placed],
        "customdata": [one.trial.id for one, _ in placed],
        "hovertext": [_label(one, caveat) for one, _ in placed],
    }


def _caveat(view: View) -> str:
    """What the place does not say: accuracies by class are known at the end of a training."""
    if view.objective.is_unweighted or OBJECTIVE not in (view.x, view.y):
        return ""
    return "placed by all classes, weighted equally"


def _label(one: Unfinished, caveat: str) -> str:
    strip = strip_html(one.trial.architecture)
    lines = [f"<b>{model_tag(one.trial.id)}</b>  {strip}", *(escape_html(line, 60) for line in one.text)]
    if caveat:
        lines.append(caveat)
    return "<br>".join(lines)


def _ends(projection: Projection, direction: str, values: Sequence[float]) -> Ends | None:
    """The ends of an axis, widened for the values; None on an axis without ends."""
    axis = getattr(projection, direction)
    if "range" not in axis:
        return None
    low, high = axis["range"]
    margin = 0.03 * (high - low)
    for value in values:
        place = value
        if axis.get("type") == "log":
            place = log10(value)
        low = min(low, place - margin)
        high = max(high, place + margin)
    return [low, high]


def _expected(suggestion: Suggestion, view: View, metric: str) -> float:
    """NaN where nothing is expected of the metric. What is predicted is the objective's value."""
    match metric:
        case "objective":
            return suggestion.accuracy
        case "accuracy" if view.objective.is_unweighted:
            return suggestion.accuracy
        case "parameters":
            return float(suggestion.parameters)
        case "multiply-adds":
            return float(suggestion.architecture.multiply_adds)
    if metric in MEMORY.values():
        return memory_of(suggestion.architecture, metric)
    return nan


def _suggestion_label(suggestion: Suggestion) -> str:
    origin = "a new sample"
    if suggestion.parent is not None:
        origin = f"{suggestion.edit}, from {model_tag(suggestion.parent)}"
    expected = predicted_accuracy(suggestion.accuracy, suggestion.low, suggestion.high)
    lines = (
        origin,
        f"{expected} expected, {pluralize(suggestion.parameters, 'parameter')}",
        f"{percent(suggestion.chance, decimals=0)} chance to move the front",
    )
    head = f"<b>suggested</b>  {strip_html(suggestion.architecture)}"
    return "<br>".join([head, *(escape_html(line, 60) for line in lines)])
