"""Projections: where in the plane the circles of models stand, and what the plane's axes say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.charts.captions import metric_title
from remap_core.drawing.charts.style import axis, escape_html, percent_axis
from remap_core.drawing.palette import OUTLINE
from remap_core.formatting import pluralize
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.population import Floats, Ints, Population
from remap_core.views.metrics import Metric, Unit, best_rows, metrics
from remap_core.views.view import View


@dataclass(frozen=True, eq=False)
class Projection:
    """Where n models stand: (n, 2) float64 x and y, NaN for one that has no place.

    x, y: layouts of the axes. front: (k,) int64 rows of the Pareto front, in the order of its line; empty on a map.
    limits: shapes of the caps in force. name: while it stays the same, so does the visitor's zoom. moving: whether
    circles that get another place are seen going there.
    """

    name: str
    places: Floats
    x: Mapping[str, Any]
    y: Mapping[str, Any]
    front: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    limits: tuple[Mapping[str, Any], ...] = ()
    moving: bool = False

    def drawn(self, shown: NDArray[np.bool_]) -> Ints:
        """(k,) int64 rows that are `shown` and have a place."""
        return np.flatnonzero(shown & np.isfinite(self.places).all(axis=1))


def map_projection(drawn: ModelMap | None, population: Population) -> Projection:
    """The places of a map, whose distances alone mean something: both axes share one scale and say nothing.

    Models that are not on the map (yet) have no place. A map that is laid anew moves the circles there.
    """
    places = drawn.positions_of(population.id) if drawn else np.full((len(population), 2), np.nan)
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False, "title": {"text": ""}}
    wide, high = (padded_range(places[:, column], otherwise=(-1, 1), share=0.1) for column in (0, 1))
    name = f"map by {drawn.relation}" if drawn else "map"
    return Projection(name, places, {**bare, "range": wide}, {**bare, "range": high, "scaleanchor": "x"}, moving=True)


def map_caption(drawn: ModelMap | None) -> str:
    """How far a map can be believed, in words.

    For example "40 models; distances kept to within 19 % on the whole (stress-1 of 0.19)".
    """
    if drawn is None:
        return "No model is on this map yet."
    share = f"distances kept to within {round(100 * drawn.stress)} % on the whole (stress-1 of {drawn.stress:.2f})"
    return f"{pluralize(len(drawn), 'model')}; {share}"


MAP_HELP = {
    Relation.STRUCTURE: (
        "Near circles have nearly the same layers: what it takes to carry the layers of one over to the other (OTMANN, "
        "Kandasamy et al. 2018, as a share of both). Far apart means other kinds of layers, sizes or orders. "
        "Directions mean nothing."
    ),
    Relation.PREDICTION: (
        "Near circles say nearly the same of the validation images, right or wrong: the distance is the share of "
        "images on which two models differ. Models that err alike lie together. Directions mean nothing."
    ),
}
"""What near and far mean on each map."""


def metric_projection(population: Population, view: View) -> Projection:
    """One metric against another, with the Pareto front of what the filter shows and the caps allow."""
    known = metrics(population.class_names)
    across, up = known[view.x], known[view.y]
    shown = view.filter.mask(population)
    x, y = (_on_axis(metric, metric.values(population, view.objective)) for metric in (across, up))
    eligible = shown & view.objective.allows(population) & ~np.isnan(x)
    return Projection(
        f"{view.x} {view.y}",
        np.column_stack([x, y]),
        _axis(across, view, population, x[shown]),
        _axis(up, view, population, y[shown]),
        best_rows((across, np.where(eligible, x, np.nan)), (up, y)),
        tuple(_limits(view, across.key, "x") + _limits(view, up.key, "y")),
    )


def padded_range(values: Floats, otherwise: tuple[float, float], share: float = 0.06) -> list[float]:
    """An axis range that holds all circles whole, `share` of it free on both sides; `otherwise` where none is known.

    >>> padded_range(np.array([1.0, 2.0, np.nan]), (0, 1), share=0.25)
    [0.5, 2.5]
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return list(otherwise)
    low, high = float(known.min()), float(known.max())
    margin = share / (1 - 2 * share) * (high - low) or 0.1
    return [low - margin, high + margin]


def _on_axis(metric: Metric, values: Floats) -> Floats:
    """An amount of nothing has no place on a logarithmic axis."""
    return np.where(values > 0, values, np.nan) if metric.unit.is_amount else values


def _axis(metric: Metric, view: View, population: Population, values: Floats) -> dict[str, Any]:
    """Fixed ranges: the ring round a selected circle must not make the axes grow and the circles move."""
    title = escape_html(metric_title(metric, view.objective, population.class_names), 60)
    if metric.unit.is_amount:
        digits = np.log10(values)
        spans_decades = np.isfinite(digits).any() and np.nanmax(digits) - np.nanmin(digits) >= 1
        unit = {Unit.MILLISECONDS: " (ms)", Unit.SECONDS: ""}.get(metric.unit, "")
        ticks = {"dtick": 1} if spans_decades else {"nticks": 6}
        span = padded_range(digits, otherwise=(2, 6))
        return axis(title + unit, type="log", exponentformat="SI", range=span, **ticks)
    if metric.unit is Unit.SHARE:
        return percent_axis(title, range=padded_range(values, otherwise=(0, 1)))
    return axis(title, range=padded_range(values, otherwise=(0, 1)))


def _limits(view: View, key: str, direction: str) -> list[dict[str, Any]]:
    caps = {"parameters": view.objective.max_parameters, "latency-1": view.objective.max_latency_ms}
    cap, other = caps.get(key), "y" if direction == "x" else "x"
    if cap is None:
        return []
    across = {f"{direction}0": cap, f"{direction}1": cap}
    along = {f"{other}0": 0, f"{other}1": 1, f"{other}ref": f"{other} domain"}
    line = {"color": OUTLINE, "dash": "dash", "width": 1.5}
    return [{"type": "line", "layer": "below", "line": line, **across, **along}]
