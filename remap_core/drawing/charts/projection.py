"""Projections: where in the plane the circles of models are, and what the plane's axes mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.charts.captions import metric_title
from remap_core.drawing.charts.style import axis, escape_html, percent_axis
from remap_core.drawing.palette import OUTLINE
from remap_core.formatting import percent, pluralize
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.population import Floats, Ints, Population
from remap_core.views.metrics import Metric, Unit, best_rows, metrics
from remap_core.views.objective import Objective
from remap_core.views.targets import target_limits
from remap_core.views.view import View

FAR = 10
"""How many times the largest value of a model a budget may be and still be in sight."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The places of n models: (n, 2) float64 x and y, NaN for a model without a place.

    x, y: layouts of the axes. front: (k,) int64 rows of the Pareto front, in the order of its line; empty on a map.
    limits: shapes of the caps in force. name: while it stays the same, so does the visitor's zoom. moving: whether
    circles move visibly to a new place.
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


def map_projection(model_map: ModelMap | None, population: Population) -> Projection:
    """The places of a map. Only distances mean something: both axes share one scale and have no ticks.

    Models that are not on the map (yet) have no place. Circles move when the layout is recomputed.
    """
    name = "map"
    places = np.full((len(population), 2), np.nan)
    if model_map:
        name = f"map by {model_map.relation}"
        places = model_map.positions_of(population.id)
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False, "title": {"text": ""}}
    x_range = padded_range(places[:, 0], otherwise=(-1, 1), share=0.1)
    y_range = padded_range(places[:, 1], otherwise=(-1, 1), share=0.1)
    return Projection(
        name=name,
        places=places,
        x={**bare, "range": x_range},
        y={**bare, "range": y_range, "scaleanchor": "x"},
        moving=True,
    )


def map_caption(model_map: ModelMap | None) -> str:
    """How far a map can be trusted, in words.

    For example "40 models; distances on the map are off by about 19 % (stress-1: 0.19)".
    """
    if model_map is None:
        return "No models on this map yet"
    off = percent(model_map.stress, decimals=0)
    models = pluralize(len(model_map), "model")
    return f"{models}; distances on the map are off by about {off} (stress-1: {model_map.stress:.2f})"


MAP_HELP = {
    Relation.STRUCTURE: (
        "Models that are close have similar layers: the distance is the cost of turning the layers of one into those "
        "of the other (OTMANN, Kandasamy et al. 2018, relative to the size of both). Models that are far apart differ "
        "in the kinds, sizes or order of their layers. Directions have no meaning."
    ),
    Relation.PREDICTION: (
        "Models that are close predict the same classes, right or wrong: the distance is the share of validation "
        "images for which two models predict different classes. Directions have no meaning."
    ),
}
"""What distances mean on each map."""


def metric_projection(population: Population, view: View) -> Projection:
    """One metric against another, with the Pareto front of the models that the filter shows and the caps allow."""
    by_key = metrics(population.class_names)
    x_limits, y_limits = _limits(view.objective, view.x), _limits(view.objective, view.y)
    x_metric = by_key[view.x]
    y_metric = by_key[view.y]
    x = _on_axis(x_metric, x_metric.values(population, view.objective))
    y = _on_axis(y_metric, y_metric.values(population, view.objective))
    shown = view.filter.mask(population)
    eligible = view.counts(population) & ~np.isnan(x)
    x_eligible = np.where(eligible, x, np.nan)
    return Projection(
        name=f"{view.x} {view.y}",
        places=np.column_stack([x, y]),
        x=_axis(x_metric, view, population, _with_budgets(x[shown], x_limits)),
        y=_axis(y_metric, view, population, _with_budgets(y[shown], y_limits)),
        front=best_rows((x_metric, x_eligible), (y_metric, y)),
        limits=(*_lines(x_limits, "x"), *_lines(y_limits, "y")),
    )


def padded_range(values: Floats, otherwise: tuple[float, float], share: float = 0.06) -> list[float]:
    """An axis range that holds all circles, with a margin of `share` on both sides; `otherwise` without known values.

    >>> padded_range(np.array([1.0, 2.0, np.nan]), (0, 1), share=0.25)
    [0.5, 2.5]
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return list(otherwise)
    low = float(known.min())
    high = float(known.max())
    margin = share / (1 - 2 * share) * (high - low) or 0.1
    return [low - margin, high + margin]


def _on_axis(metric: Metric, values: Floats) -> Floats:
    """The values, with NaN for amounts of 0, which have no place on a logarithmic axis."""
    if not metric.unit.is_amount:
        return values
    return np.where(values > 0, values, np.nan)


def _axis(metric: Metric, view: View, population: Population, values: Floats) -> dict[str, Any]:
    """A fixed range: the ring around the selected circle must not make the axes grow and the circles move."""
    title = escape_html(metric_title(metric, view.objective, population.class_names), 60)
    if metric.unit.is_amount:
        return _logarithmic_axis(title, metric, values)
    value_range = padded_range(values, otherwise=(0, 1))
    if metric.unit is Unit.SHARE:
        return percent_axis(title, range=value_range)
    return axis(title, range=value_range)


def _logarithmic_axis(title: str, metric: Metric, values: Floats) -> dict[str, Any]:
    logarithms = np.log10(values)
    known = logarithms[np.isfinite(logarithms)]
    ticks = {"nticks": 6}
    if len(known) and np.ptp(known) >= 1:
        ticks = {"dtick": 1}
    if metric.unit is Unit.MILLISECONDS:
        title += " (ms)"
    if metric.unit is Unit.KILOBYTES:
        title += " (KB)"
    return axis(
        title,
        type="log",
        exponentformat="SI",
        range=padded_range(logarithms, otherwise=(2, 6)),
        **ticks,
    )


class _Limit(NamedTuple):
    """Where a cap ends on an axis. name: of the target whose budget it is; empty for a cap of one's own."""

    value: float
    name: str = ""


def _limits(objective: Objective, key: str) -> list[_Limit]:
    """The caps in force on a metric."""
    own = {
        "parameters": objective.max_parameters,
        "multiply-adds": objective.max_multiply_adds,
        "latency-1": objective.max_latency_ms,
    }
    cap = own.get(key)
    limits = [] if cap is None else [_Limit(cap)]
    if objective.target and key in target_limits(objective.target):
        limits.append(_Limit(target_limits(objective.target)[key], objective.target.name))
    return limits


def _with_budgets(values: Floats, limits: Sequence[_Limit]) -> Floats:
    """The values of an axis, and the ends of budgets that are not far beyond them, so that their lines are in sight."""
    known = values[np.isfinite(values)]
    if not len(known):
        return values
    near = [limit.value for limit in limits if limit.name and limit.value <= FAR * known.max()]
    return np.append(values, near)


_LABEL = {"textposition": "start", "xanchor": "left", "font": {"color": OUTLINE, "size": 11}}
"""Along the line, from its start on: the default would put half of it outside the plot where a line is vertical."""


def _lines(limits: Sequence[_Limit], direction: str) -> Iterator[dict[str, Any]]:
    """A dashed line at each cap on an axis ("x" or "y"), with the name of a target along it."""
    across = "y" if direction == "x" else "x"
    for limit in limits:
        line = {
            "type": "line",
            "layer": "below",
            "line": {"color": OUTLINE, "dash": "dash", "width": 1.5},
            f"{direction}0": limit.value,
            f"{direction}1": limit.value,
            f"{across}0": 0,
            f"{across}1": 1,
            f"{across}ref": f"{across} domain",
        }
        if limit.name:
            line["label"] = {"text": limit.name, **_LABEL}
        yield line
