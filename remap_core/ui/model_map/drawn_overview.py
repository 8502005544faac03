"""The overview as it is sent to a browser: drawn once for all visitors, and kept while models are only added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.captions import caps_text
from remap_core.drawing.charts.overview_figure import MODELS, PLAIN_UP_TO, overview_alt, overview_figure
from remap_core.drawing.charts.projection import Projection, map_projection, metric_projection
from remap_core.drawing.charts.style import EncodedFigure
from remap_core.trials.model_maps import ModelMap
from remap_core.trials.population import Ints, Population
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.events import chart_events
from remap_core.views.view import View

CHART = "overview-chart"

_SERIALS = count(1)

_SHOWN = "remap-overview"
"""Its key in st.session_state."""

MAX_ADDED = 50
MAX_ADDED_SHARE = 0.05
"""So many models, or such a share of them, are added to a drawn overview; with more, the next page draws a new one."""


@dataclass(frozen=True, eq=False)
class DrawnOverview:
    """A figure and what it shows. The selection is not part of it, nor what happened since: the browser adds both.

    encoded: the figure as it is sent. points: of very many models the circles, which the browser puts into the encoded
    figure: Streamlit reads a figure twice and draws it once out of sight. circles: ids of the models with a circle.
    alt: what it shows, in words; it stays as long as the figure, because another text makes Streamlit remount the
    chart. serial: a unique number.
    """

    figure: Any
    encoded: EncodedFigure
    points: bytes
    alt: str
    dataset: str
    population: Population
    circles: Ints
    view: View
    map_version: int
    dark: bool
    serial: int

    def can_stay(self, dataset: DatasetView, view: View, model_map: ModelMap | None, *, dark: bool) -> bool:
        """Whether additions make this figure show the data set as it is now."""
        if (self.dataset, self.view, self.dark) != (dataset.name, view, dark):
            return False
        if not self.has_layout(model_map):
            return False
        population = dataset.population
        added = len(population) - len(self.population)
        if added > max(MAX_ADDED, MAX_ADDED_SHARE * len(self.population)):
            return False
        return population is self.population or _begins_with(population, self.population)

    def has_layout(self, model_map: ModelMap | None) -> bool:
        """Whether it shows this layout of the map."""
        return self.map_version == _version(model_map)


def shown_overview(dataset: DatasetView, view: View, model_map: ModelMap | None, *, dark: bool) -> DrawnOverview:
    """The overview for this visitor: the one their browser has while it can stay, else a new one.

    model_map: the map of the view's relation, None for metrics.
    """
    shown = last_shown()
    if shown is None or not shown.can_stay(dataset, view, model_map, dark=dark):
        shown = _drawn(dataset, view, model_map, dark)
        st.session_state[_SHOWN] = shown
    return shown


def last_shown() -> DrawnOverview | None:
    """The overview that this visitor's browser has; None before the first."""
    return cast("DrawnOverview | None", st.session_state.get(_SHOWN))


CACHE_KEYS: dict[str | type, Callable[[Any], object]] = {
    Catalogue: lambda catalogue: catalogue.key,
    DrawnOverview: lambda drawn: drawn.serial,
    DatasetView: lambda dataset: f"{dataset.name} {dataset.stamp}",
    View: lambda view: str(view.to_query()),
    ModelMap: lambda model_map: f"{model_map.version} {len(model_map)}",
}
"""One text each: Streamlit hashes a tuple item by item, which takes longer than the text."""


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=CACHE_KEYS)
def projected(dataset: DatasetView, view: View, model_map: ModelMap | None) -> Projection:
    """The places of a data set's models under a view."""
    if view.map:
        return map_projection(model_map, dataset.population)
    return metric_projection(dataset.population, view)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=CACHE_KEYS)
def _drawn(dataset: DatasetView, view: View, model_map: ModelMap | None, dark: bool) -> DrawnOverview:
    population = dataset.population
    projection = projected(dataset, view, model_map)
    figure = overview_figure(population, view, projection, dark=dark)
    serial = next(_SERIALS)
    encoded, points = EncodedFigure.of(figure), b""
    if len(population) > PLAIN_UP_TO:
        encoded, arrays = encoded.without_points(MODELS)
        encoded = encoded.with_meta(serial)
        points = chart_events.encode_points(CHART, MODELS, arrays, figure=serial)
    return DrawnOverview(
        figure=figure,
        encoded=encoded,
        points=points,
        alt=overview_alt(population, view),
        dataset=dataset.name,
        population=population,
        circles=population.id[projection.drawn(view.filter.mask(population))],
        view=view,
        map_version=_version(model_map),
        dark=dark,
        serial=serial,
    )


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=CACHE_KEYS)
def overview_caption(dataset: DatasetView, view: View) -> str:
    """The overview in one sentence, with the caps in force."""
    return overview_alt(dataset.population, view) + caps_text(view.objective)


def _version(model_map: ModelMap | None) -> int:
    return model_map.version if model_map else 0


def _begins_with(newest: Population, drawn: Population) -> bool:
    """Whether the models that were drawn are still the first ones, with the same numbers."""
    rows = len(drawn)
    if rows > len(newest) or newest.class_names != drawn.class_names:
        return False
    same_models = np.array_equal(newest.id[:rows], drawn.id)
    return same_models and np.array_equal(newest.accuracy[:rows], drawn.accuracy, equal_nan=True)
