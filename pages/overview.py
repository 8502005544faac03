"""Where to start: all trained models, accuracy against size."""

from typing import Any

import streamlit as st

from remap_core.drawing import overview
from remap_core.population import Population
from remap_core.ui import shell, state
from remap_core.ui.events import Mark, Point, draw, listen, picked_ids

CHART = "overview-chart"


def choose(point: Point) -> None:
    for model in picked_ids([point]):
        state.select(model)


def keep_all(points: list[Point]) -> None:
    state.keep(picked_ids(points))


def selected_mark(population: Population) -> Mark:
    place = overview.overview_point(population, state.session().selected or 0)
    return Mark(overview.SELECTED, *([[], []] if place is None else [[place[0]], [place[1]]]))


@st.cache_resource(max_entries=4, show_spinner=False)
def drawn(dataset: str, models: int, _population: Population) -> Any:  # noqa: ARG001 (the first two are the key)
    """The figure changes only when models were added; what is selected is marked in the browser."""
    return overview.overview_figure(_population)


with shell.page("overview"):
    catalogue = state.catalogue()
    shell.choose_dataset(catalogue)
    population = state.population()
    words = overview.overview_alt(population)
    st.caption(f"{words}. Darker is more accurate, larger has more parameters; click a circle to keep it.")
    draw(drawn(population.dataset, len(population), population), CHART, words)
    listen(CHART, on_click=choose, on_brush=keep_all, mark=selected_mark(population))
    shell.watch(state.finished_models, len(population))
