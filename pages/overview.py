"""Where to start: all trained models on two metrics, under an objective and a filter."""

from dataclasses import replace

import streamlit as st

from remap_core.drawing.charts.captions import metric_title
from remap_core.drawing.charts.projection import MAP_HELP
from remap_core.trials.population import Population
from remap_core.ui import app_data, frame, live, navigation, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.drawer.notes import show_receipts
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.filter_panel import clear_button, filter_panel, show_ignored
from remap_core.ui.overview.model_chart import (
    draw_overview,
    front_shortcuts,
    model_panel,
    selection_marks,
    show_circles,
)
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


def stamp() -> object:
    """What stays the same as long as the chart does."""
    dataset = app_data.dataset_view()
    relation = view_state.view().map
    return dataset.stamp, dataset.map_stamp(relation) if relation else None


def show(dataset: DatasetView, view: View) -> None:
    population = dataset.population
    overview = draw_overview(dataset, view, dataset.model_map(view.map) if view.map else None)
    st.caption(
        f"{escape_markdown(overview.alt)}. Darker is more accurate, larger has more parameters; "
        "click a circle to keep it."
    )
    if view.map:
        st.caption(f"{overview.map_caption}.", help=MAP_HELP[view.map])
    if len(population) and not view.filter.mask(population).any():
        st.info("No model passes the filter. Widen a range or allow more layers, or begin anew:")
        clear_button("filter-clear-empty")
        return
    show_circles(overview, CHART, selection_marks(population, view, overview.projection))
    front_shortcuts(population, view, overview.projection)
    model_panel(CHART, population, view)


with frame.page("overview"):
    catalogue = app_data.catalogue()
    navigation.choose_dataset(catalogue)
    seen = stamp()  # first: what is published from here on is drawn by the next look
    dataset, view = app_data.dataset_view(), view_state.view()
    population = dataset.population
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
        show(dataset, view)
    with panel:
        objective_panel()
    live.watch(stamp, seen, every=max(live.POLL, len(population) / MODELS_A_SECOND))
