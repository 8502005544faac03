"""Where to start: all finished models on two metrics or on a map, under an objective and a filter."""

from dataclasses import replace

import streamlit as st

from remap_core.drawing.charts.captions import metric_title
from remap_core.drawing.charts.projection import MAP_HELP
from remap_core.trials.population import Population
from remap_core.ui import app_data, frame, live, sent_commands, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.filter_panel import clear_button, filter_panel, show_warnings
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
MODELS_PER_SECOND = 1_000  # a chart of 1,000 models is redrawn every second at most, of 10,000 every ten seconds

READING_HELP = (
    "Darker circles are more accurate, larger ones have more parameters. Click a circle to add its model to the drawer."
)


def choose_axis(name: str) -> None:
    metric = st.session_state[f"axis-{name}"]
    view_state.change_view(lambda view: replace(view, **{name: metric}))


def axes(population: Population, view: View) -> None:
    names = population.class_names
    titles = {key: metric_title(metric, view.objective, names) for key, metric in metrics(names).items()}
    titles["objective"] = "Objective"
    for name, label in (("x", "X axis"), ("y", "Y axis")):
        st.selectbox(
            label,
            list(titles),
            format_func=titles.__getitem__,
            key=view_state.bind(f"axis-{name}", getattr(view, name)),
            on_change=choose_axis,
            args=(name,),
            width=220,
        )


def chart_stamp() -> object:
    """The chart is out of date when this changes."""
    dataset = app_data.dataset_view()
    relation = view_state.current_view().map
    return dataset.stamp, dataset.map_stamp(relation) if relation else None


def show_chart(dataset: DatasetView, view: View) -> None:
    population = dataset.population
    overview = draw_overview(dataset, view, dataset.model_map(view.map) if view.map else None)
    st.caption(f"{escape_markdown(overview.alt)}. {READING_HELP}")
    if view.map:
        st.caption(f"{overview.map_caption}.", help=MAP_HELP[view.map])
    if len(population) and not view.filter.mask(population).any():
        st.info("No models match the filter. Widen a range, allow more layers, or clear the filter.")
        clear_button("filter-clear-empty")
        return
    show_circles(overview, CHART, selection_marks(population, view, overview.projection))
    front_shortcuts(population, view, overview.projection)
    model_panel(CHART, population, view)


with frame.page("overview"):
    stamp = chart_stamp()  # before anything is read: what is published from here on is drawn by the next rerun
    dataset = app_data.dataset_view()
    view = view_state.current_view()
    view_state.write_view_to_url()
    show_warnings(current_session().warnings)
    chart, panel = st.columns([2.2, 1], gap="medium")
    with chart, st.container(horizontal=True, vertical_alignment="bottom"):
        projection_choice(view)
        filter_panel()
        if view.map is None:
            axes(dataset.population, view)
        else:
            recompute_layout_button(dataset.name, view.map)
    sent_commands.show_answers()
    with chart:
        show_chart(dataset, view)
    with panel:
        objective_panel()
    live.watch(
        chart_stamp,
        stamp,
        every=max(live.POLL, len(dataset.population) / MODELS_PER_SECOND),
    )
