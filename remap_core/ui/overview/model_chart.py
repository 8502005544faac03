"""The chart of circles on the overview: clicked and brushed; the browser alone marks what is selected."""

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
from remap_core.formatting import compact, model_tag
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

MAX_SHORTCUTS = 12
"""Models of the Pareto front that have a button."""


@dataclass(frozen=True, eq=False)
class DrawnOverview:
    """The overview of a data set, ready to be shown. The selection is not part of it: the browser marks that."""

    figure: Any
    projection: Projection
    alt: str
    map_caption: str


_CACHE_KEYS: dict[str | type, Callable[[Any], object]] = {
    DatasetView: lambda dataset: (dataset.name, dataset.stamp),
    View: View.to_query,
    ModelMap: lambda model_map: (model_map.version, len(model_map)),
}


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_CACHE_KEYS)
def draw_overview(dataset: DatasetView, view: View, model_map: ModelMap | None) -> DrawnOverview:
    """The overview of a data set. model_map: the map of the view's relation, None for metrics."""
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
    draw(
        overview.figure,
        key,
        overview.alt,
        on_click=_click,
        on_brush=_brush,
        marks=marks,
    )


def selection_marks(population: Population, view: View, projection: Projection) -> list[Mark]:
    """Ring and lines of the selected model, if it is shown."""
    points = overview_figure.selection_points(population, view, current_session().selected or 0, projection)
    return [Mark(trace, x, y) for trace, (x, y) in points.items()]


def front_shortcuts(population: Population, view: View, projection: Projection) -> None:
    """A button for each model on the Pareto front, which keyboards and thumbs reach more easily than circles."""
    front = projection.front.tolist()
    if not front:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="front"):
        st.caption("Pareto front", width="content")
        for row in front[:MAX_SHORTCUTS]:
            model = int(population.id[row])
            accuracy = overview_figure.value_text(population, view, row)
            size = compact(int(population.parameters[row]))
            label = f"{model_tag(model)} · {accuracy} · {size}"
            st.button(
                label,
                key=f"front-{model}",
                on_click=select,
                args=(model,),
            )
        if len(front) > MAX_SHORTCUTS:
            st.caption(f"and {len(front) - MAX_SHORTCUTS} more", width="content")


@st.fragment
def model_panel(chart: str, population: Population, view: View) -> None:
    """The selected model, with links to its pages; the hovered one in charts too large for hover labels."""
    if len(population) > overview_figure.PLAIN_UP_TO:
        listen(chart, on_hover=_hover, key="hovers")
    model = current_session().hovered or current_session().selected
    if model is None:
        return
    row = population.row_of(model)
    if row is None:
        return
    with st.container(border=True, key="overview-model"):
        _model_summary(model, row, population, view)
        with st.container(horizontal=True):
            if st.button("Inspect", key="overview-inspect"):
                navigation.open_model(model, "inspect")
            if st.button("Generate", key="overview-generate"):
                navigation.open_model(model, "generate")


def _model_summary(model: TrialId, row: int, population: Population, view: View) -> None:
    architecture = app_data.catalogue().trial(model).architecture
    title = f"**{model_tag(model)}**"
    if model == current_session().selected:
        title += " is selected"
    st.markdown(title)
    picture(
        snac_data_uri(
            architecture,
            blocks=0,
            size=Size.MEDIUM,
        ),
        snac_alt(architecture),
    )
    numbers = "; ".join(Labels.of(population, view).lines(row))
    st.markdown(f"{escape_markdown(population.text[row])}. {escape_markdown(numbers)}.")


def select(model: TrialId) -> None:
    """Select a model and add it to the drawer; what was hovered no longer counts."""
    current_session().hovered = None
    drawer_state.select(model)


def _hover(point: Point) -> None:
    current_session().hovered = next(iter(picked_ids([point])), None)


def _click(point: Point) -> None:
    for model in picked_ids([point]):
        select(model)


def _brush(points: list[Point]) -> None:
    drawer_state.add(picked_ids(points))
