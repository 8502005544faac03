"""The map beside every page: drawn by the entry point, so that a change of the page leaves it as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.hover_labels import Labels
from remap_core.drawing.charts.later_circles import Later, later, suggested_circles, with_additions
from remap_core.drawing.charts.overview_figure import EDITS, PLAIN_UP_TO, SUGGESTED
from remap_core.drawing.charts.projection import MAP_HELP, map_caption
from remap_core.drawing.snac.icon import icon_uri
from remap_core.formatting import model_tag
from remap_core.trials.model_maps import ModelMap
from remap_core.trials.population import Population
from remap_core.trials.trial import TrialId
from remap_core.ui import app_data, live, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.events.chart_events import Mark, draw, in_frames, listen, put_points, update
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.model_map.drawn_overview import (
    CACHE_KEYS,
    CHART,
    DrawnOverview,
    last_shown,
    overview_caption,
    projected,
    shown_overview,
)
from remap_core.ui.model_map.edit_labels import edit_labels
from remap_core.ui.model_map.filter_panel import clear_button
from remap_core.ui.model_map.map_events import (
    on_brush,
    on_click,
    on_hover,
    redraw_selection,
    select,
    selection_marks,
    waiting_rings,
)
from remap_core.ui.model_map.toolbar import show_toolbar
from remap_core.ui.model_map.unfinished import unfinished_trainings
from remap_core.ui.session import current_session
from remap_core.views.view import View

KEYS = (
    "Map of models. Left and right arrows move along the Pareto front, up and down through all models; Enter selects."
)


def show_map() -> None:
    """Toolbar, chart and caption. What finishes later is put into the chart; a click selects a model on every page."""
    dataset = app_data.dataset_view()
    view = view_state.current_view()
    model_map = dataset.model_map(view.map) if view.map else None
    with st.container(key="map-head", gap=None):  # the stack lies over the chart
        show_toolbar(dataset, view)
        live.part("stack", _show_stack)
    shown = shown_overview(dataset, view, model_map, dark=st.context.theme.type == "dark")
    if in_frames():
        _draw_whole(shown, dataset, view, model_map)
        return
    draw(shown.encoded, CHART, shown.alt, fills=True)
    live.part("clicks", _listen)
    if shown.points:
        put_points(CHART, shown.points)
    if len(shown.population) > PLAIN_UP_TO:
        _follow_hovers(dataset.population, view)
    _live(view)


def _listen() -> None:
    session = current_session()
    has_warnings = bool(session.url_warnings or session.warnings)  # a click may answer them
    after = partial(redraw_selection, whole=has_warnings)
    listen(CHART, on_click=on_click, on_brush=on_brush, after=after, keys=KEYS)


def _draw_whole(shown: DrawnOverview, dataset: DatasetView, view: View, model_map: ModelMap | None) -> None:
    """In a frame: with all additions and marks in the figure, which is sent again once something has finished."""
    added = _later(shown, dataset, view, model_map, app_data.catalogue())
    draw(
        with_additions(shown.figure, added),
        CHART,
        shown.alt,
        on_click=on_click,
        on_brush=on_brush,
        marks=selection_marks(dataset.population, view, projected(dataset, view, model_map)),
    )
    _caption(dataset, view, model_map)
    live.watch(lambda: _stamps(view), _stamps(view))


def _stamps(view: View) -> tuple[object, ...]:
    """What differs once a training has finished or the map has another layout."""
    dataset = app_data.dataset_view()
    return (dataset.name, dataset.stamp, dataset.map_stamp(view.map) if view.map else None)


@st.fragment
def _follow_hovers(population: Population, view: View) -> None:
    """In charts too large for hover labels, a line below tells of the model under the pointer."""
    listen(CHART, on_hover=on_hover, key="hovers")
    model = current_session().hovered
    row = population.row_of(model) if model else None
    with st.container(key="hovered-model"):
        if not model or row is None:
            st.caption("Hover over a circle to see its model.")  # the line stays, and the chart above as high as it is
        else:
            icon = icon_uri(app_data.catalogue().trial(model).architecture, blocks=0)
            numbers = "; ".join(Labels.of(population, view).lines(row))
            st.caption(f"![]({icon}) **{model_tag(model)}** {escape_markdown(numbers)}")


def _show_stack() -> None:
    """The models whose circles lie upon one another where the last click was, to choose from."""
    session = current_session()
    if session.selected not in session.stack:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="stack"):
        st.caption(f"{len(session.stack)} models here:", width="content")
        for model in session.stack:
            style: Literal["primary", "secondary"] = "primary" if model == session.selected else "secondary"
            st.button(model_tag(model), key=f"stack-{model}", type=style, on_click=_select, args=(model,))


def _select(model: TrialId) -> None:
    select(model)
    redraw_selection()


def _live(view: View) -> None:
    live.live(lambda _: _additions(view), key="map")


def _additions(view: View) -> None:
    """Put into the chart what happened since it was drawn, mark what is selected, and say what is shown."""
    if view_state.current_view() != view:
        live.rerun_page()  # it was changed right here, and the chart is outside
        return
    shown = last_shown()
    dataset = app_data.dataset_view()
    if shown is None or shown.dataset != dataset.name:
        return
    model_map = dataset.model_map(view.map) if view.map else None
    if not shown.has_layout(model_map):
        live.rerun_page()  # all circles move
        return
    added = _later(shown, dataset, view, model_map, app_data.catalogue())
    projection = projected(dataset, view, model_map)
    suggested = suggested_circles(current_session().suggested, view)
    rings = (waiting_rings(*added.rings), Mark(SUGGESTED, suggested["x"], suggested["y"]))
    marks = [*selection_marks(dataset.population, view, projection), *rings]
    labels = edit_labels(app_data.catalogue(), dataset.population, projection, current_session().selected)
    update(
        CHART,
        shown.figure,
        marks=marks,
        later=replace(added, traces=added.traces | {EDITS: labels, SUGGESTED: suggested}),
    )
    _caption(dataset, view, model_map)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=CACHE_KEYS)
def _later(
    shown: DrawnOverview, dataset: DatasetView, view: View, model_map: ModelMap | None, catalogue: Catalogue
) -> Later:
    """The additions to an overview, which are the same for all who were sent it."""
    unfinished = unfinished_trainings(catalogue, dataset)
    projection = projected(dataset, view, model_map)
    return later(shown.population, dataset.population, view, projection, unfinished, circles=shown.circles)


def _caption(dataset: DatasetView, view: View, model_map: ModelMap | None) -> None:
    if view.filter and not view.filter.mask(dataset.population).any():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("No models match the filter. Widen a range, allow more layers, or clear the filter.")
            clear_button("filter-clear-empty")
        return
    text = escape_markdown(overview_caption(dataset, view))
    if view.map:
        st.caption(f"{text}. {map_caption(model_map)}.", help=MAP_HELP[view.map])
    else:
        st.caption(text)
