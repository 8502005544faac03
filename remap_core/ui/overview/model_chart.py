"""The chart of circles on a page: clicked and brushed, with what is selected marked in the browser alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from remap_core.drawing.charts import overview_figure
from remap_core.drawing.charts.hover_labels import Labels
from remap_core.drawing.charts.projection import Projection, map_caption, map_projection, metric_projection
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.formatting import compact
from remap_core.trials.model_maps import ModelMap
from remap_core.trials.population import Population
from remap_core.trials.trial import TrialId
from remap_core.ui import app_data, drawer_state, navigation
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.events.chart_events import Mark, Point, draw, listen, picked_ids
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.pictures import picture
from remap_core.ui.session import current_session
from remap_core.views.view import View

SHORTCUTS = 12
"""Models of the Pareto front that have a button."""


@dataclass(frozen=True, eq=False)
class DrawnOverview:
    """The overview of a data set, ready to be shown. The selection is no part of it: the browser marks that."""

    figure: Any
    projection: Projection
    alt: str
    map_caption: str


_SAME_IF_EQUAL: dict[str | type, Callable[[Any], object]] = {
    DatasetView: lambda dataset: (dataset.name, dataset.stamp),
    View: View.to_query,
    ModelMap: lambda model_map: (model_map.version, len(model_map)),
}


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_SAME_IF_EQUAL)
def draw_overview(dataset: DatasetView, view: View, model_map: ModelMap | None) -> DrawnOverview:
    """The overview of a data set; `model_map` is that of the relation that the view asks for."""
    population = dataset.population
    projection = map_projection(model_map, population) if view.map else metric_projection(population, view)
    return DrawnOverview(
        figure=overview_figure.overview_figure(population, view, projection),
        projection=projection,
        alt=overview_figure.overview_alt(population, view),
        map_caption=map_caption(model_map),
    )


def show_circles(overview: DrawnOverview, key: str, marks: list[Mark]) -> None:
    """Show the circles; a click selects a model and adds it to the drawer, a box adds all models in it."""
    draw(overview.figure, key, overview.alt, on_click=_choose, on_brush=_keep, marks=marks)


def selection_marks(population: Population, view: View, projection: Projection) -> list[Mark]:
    """Ring and lines of the selected model, wherever it has a place."""
    points = overview_figure.selection_points(population, view, current_session().selected or 0, projection)
    return [Mark(trace, x, y) for trace, (x, y) in points.items()]


def front_shortcuts(population: Population, view: View, projection: Projection) -> None:
    """A button for each model on the Pareto front: circles for keyboards and thumbs."""
    if not len(projection.front):
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="front"):
        st.caption("On the Pareto front", width="content")
        for row in projection.front[:SHORTCUTS]:
            model = int(population.id[row])
            value, size = (
                overview_figure.value_text(population, view, int(row)),
                compact(int(population.parameters[row])),
            )
            label = f"#{model} · {value} · {size}"
            st.button(label, key=f"front-{model}", on_click=choose, args=(model,))
        if len(projection.front) > SHORTCUTS:
            st.caption(f"and {len(projection.front) - SHORTCUTS} more", width="content")


@st.fragment
def model_panel(chart: str, population: Population, view: View) -> None:
    """The selected model with ways on; the hovered one in charts so large that their circles have no labels."""
    if len(population) > overview_figure.PLAIN_UP_TO:
        listen(chart, on_hover=_look_at, key="hovers")
    model = current_session().hovered or current_session().selected
    row = population.row_of(model) if model else None
    if model is None or row is None:
        return
    architecture = app_data.catalogue().trial(model).architecture
    with st.container(border=True, key="overview-model"):
        st.markdown(f"**#{model}**{' is selected' if model == current_session().selected else ''}")
        picture(snac_data_uri(architecture, blocks=0, size=Size.MEDIUM), snac_alt(architecture))
        st.markdown(
            f"{escape_markdown(population.text[row])}. "
            f"{escape_markdown('; '.join(Labels.of(population, view).lines(row)))}."
        )
        with st.container(horizontal=True):
            for page, label in (("inspect", "Inspect"), ("generate", "Generate")):
                if st.button(label, key=f"overview-{page}"):
                    navigation.open_model(model, page)


def _look_at(point: Point) -> None:
    current_session().hovered = next(iter(picked_ids([point])), None)


def _choose(point: Point) -> None:
    for model in picked_ids([point]):
        choose(model)


def choose(model: TrialId) -> None:
    """Select a model, and look at no other."""
    current_session().hovered = None
    drawer_state.select(model)


def _keep(points: list[Point]) -> None:
    drawer_state.add(picked_ids(points))
