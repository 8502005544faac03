"""Where to start: all trained models on two metrics, under an objective and a filter."""

from dataclasses import replace
from typing import Any

import streamlit as st

from remap_core.drawing.charts import overview_figure
from remap_core.drawing.charts.captions import metric_title
from remap_core.drawing.charts.projection import MAP_HELP, Projection, map_caption, map_projection, metric_projection
from remap_core.trials.model_maps import ModelMap
from remap_core.trials.population import Population
from remap_core.ui import app_data, frame, live, navigation, view_state
from remap_core.ui.drawer.notes import show_receipts
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.filter_panel import clear_button, filter_panel, show_ignored
from remap_core.ui.overview.model_chart import front_shortcuts, model_panel, selection_marks, show_circles
from remap_core.ui.overview.objective_panel import objective_panel
from remap_core.ui.overview.projection_choice import projection_choice, recompute_layout_button
from remap_core.ui.session import current_session
from remap_core.views.metrics import metrics
from remap_core.views.view import View

CHART = "overview-chart"
MODELS_A_SECOND = 1_000  # a chart of so many models is drawn anew each second at most, of ten times as many every ten


def choose_axis(name: str) -> None:
    view_state.change(lambda view: replace(view, **{name: st.session_state[f"axis-{name}"]}))


def axes(population: Population, view: View) -> None:
    known = metrics(population.class_names)
    titles = {key: metric_title(metric, view.objective, population.class_names) for key, metric in known.items()}
    titles["objective"] = "Objective"
    for name, label in (("x", "Across"), ("y", "Up")):
        st.selectbox(
            label,
            list(titles),
            format_func=titles.__getitem__,
            key=view_state.bound(f"axis-{name}", getattr(view, name)),
            on_change=choose_axis,
            args=(name,),
            width=220,
        )


@st.cache_resource(max_entries=8, show_spinner=False)
def drawn(key: object, _population: Population, _view: View, _map: ModelMap | None) -> tuple[Any, Projection]:  # noqa: ARG001
    """What is selected is no part of it: that is marked in the browser."""
    placed = map_projection(_map, _population) if _view.map else metric_projection(_population, _view)
    return overview_figure.overview_figure(_population, _view, placed), placed


def stamp() -> object:
    """What stays the same as long as the chart does."""
    relation = view_state.view().map
    return app_data.population_stamp(), app_data.map_stamp(relation) if relation else None


def show(population: Population, view: View) -> None:
    alt = overview_figure.overview_alt(population, view)
    st.caption(
        f"{escape_markdown(alt)}. Darker is more accurate, larger has more parameters; click a circle to keep it."
    )
    on_map = app_data.model_map(view.map) if view.map else None
    if view.map:
        st.caption(f"{map_caption(on_map)}.", help=MAP_HELP[view.map])
    if len(population) and not view.filter.mask(population).any():
        st.info("No model passes the filter. Widen a range or allow more layers, or begin anew:")
        clear_button("filter-clear-empty")
        return
    places = (on_map.version, len(on_map)) if on_map else None
    trainings = (population.id.tobytes(), int(population.seeds.sum()))
    key = (str(app_data.settings().home.absolute()), population.dataset, trainings, places, view.to_query())
    figure, placed = drawn(key, population, view, on_map)
    show_circles(figure, alt, CHART, selection_marks(population, view, placed))
    front_shortcuts(population, view, placed)
    model_panel(CHART, population, view)


with frame.page("overview"):
    catalogue = app_data.catalogue()
    navigation.choose_dataset(catalogue)
    seen = stamp()  # first: what is published from here on is drawn by the next look
    population, view = app_data.population(), view_state.view()
    view_state.write_url()
    show_ignored(current_session().ignored)
    chart, panel = st.columns([2.2, 1], gap="medium")
    with chart, st.container(horizontal=True, vertical_alignment="bottom"):
        projection_choice(view)
        filter_panel()
        if view.map is None:
            axes(population, view)
        else:
            recompute_layout_button(population.dataset, view.map)
    show_receipts()
    with chart:
        show(population, view)
    with panel:
        objective_panel()
    live.watch(stamp, seen, every=max(live.POLL, len(population) / MODELS_A_SECOND))
