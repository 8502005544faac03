"""Where to start while no model is selected: three models with what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.overview_figure import value_text
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.svg import snac_data_uri
from remap_core.errors import NoModels
from remap_core.formatting import count, dataset_title, model_tag, pluralize
from remap_core.trials.trial import Trial, TrialId, TrialState
from remap_core.ui import app_data, drawer_state, live, navigation, sent_commands, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.generate.ways import ABLATIONS, VARIATIONS, WAY
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.newer_recipe import offer_newer_recipe
from remap_core.ui.pictures import picture
from remap_core.ui.session import Tab, current_session
from remap_core.ui.tables import training_status
from remap_core.views.starting_points import MOST_ACCURATE, StartingPoint, starting_points
from remap_core.views.target_fit import none_fits_sentence
from remap_core.views.view import View

MAX_COMING = 8
"""Models that are shown while none has finished."""


def require_model(catalogue: Catalogue) -> Trial:
    """The selected model; if there is none, the page ends here with models to start from."""
    selected = catalogue.trials([current_session().selected or 0])
    if not selected:
        sent_commands.show_answers()
        show_start()
        raise live.PageEnds
    return selected[0]


def show_start() -> None:
    """Three models to start from; before any has finished, what is coming."""
    dataset = app_data.dataset_view()
    view = view_state.current_view()
    points = starting_points(dataset.population, view)
    if points:
        _cards(dataset, view, points)
        offer_newer_recipe(app_data.catalogue(), dataset)
        live.watch(_points, points)
    elif len(dataset.population):
        st.info(_nothing_counts(dataset, view))
    else:
        _coming()


def _points() -> list[StartingPoint]:
    return starting_points(app_data.dataset_view().population, view_state.current_view())


def _cards(dataset: DatasetView, view: View, points: Sequence[StartingPoint]) -> None:
    st.markdown("###### Start here")
    for point in points:
        _card(dataset, view, point)
    st.caption("Or click any circle on the map.")


def _card(dataset: DatasetView, view: View, point: StartingPoint) -> None:
    population = dataset.population
    model = int(population.id[point.row])
    parameters = pluralize(int(population.parameters[point.row]), "parameter")
    architecture = app_data.catalogue().trial(model).architecture
    with st.container(border=True, key=f"start-{model}", gap="small"):
        st.caption(" · ".join(point.reasons))
        st.markdown(f"**{model_tag(model)}** {value_text(population, view, point.row)} · {parameters}")
        picture(snac_data_uri(architecture, blocks=0, size=Size.MEDIUM), snac_alt(architecture))
        best = dataset.best_of_many(view) if MOST_ACCURATE in point.reasons else None
        if best:
            st.caption(best.sentence)
        with st.container(horizontal=True, gap="small"):
            if st.button("Ablate", key=f"start-ablate-{model}", type="primary"):
                generate_from(model, ABLATIONS)
            if st.button("Vary", key=f"start-vary-{model}"):
                generate_from(model, VARIATIONS)
            if st.button("Inspect", key=f"start-inspect-{model}"):
                drawer_state.select(model)
                navigation.open_model(model)
            if best and st.button("Sealed test", key="best-sealed-test", type="tertiary", icon=":material/lock:"):
                _open_sealed_test(model)


def _open_sealed_test(model: TrialId) -> None:
    """Select a model, and go to where it can be scored on the sealed test images."""
    drawer_state.select(model)
    current_session().tab = Tab.PERFORMANCE
    navigation.open_model(model)


def generate_from(model: TrialId, way: str) -> None:
    """Select a model, and go to where children of this kind are made from it."""
    drawer_state.select(model)
    st.session_state[WAY] = way
    navigation.open_model(model, "generate")


def _nothing_counts(dataset: DatasetView, view: View) -> str:
    """Why none of the finished models is worth a start."""
    population = dataset.population
    shown = view.filter.mask(population)
    if not shown.any():
        return "No models match the filter."
    if not (shown & view.objective.allows(population)).any():
        if view.objective.target and none_fits_sentence(view.objective.target, population):
            return none_fits_sentence(view.objective.target, population)
        return f"None of {pluralize(int(shown.sum()), 'model')} is within the caps of the objective."
    return "No model reached an accuracy."


def _coming() -> None:
    """What is being trained while nothing has finished."""
    live.watch(_has_finished, seen=False)
    live.live(_show_coming)


def _has_finished() -> bool:
    try:
        return len(app_data.dataset_view().population) > 0
    except NoModels:
        return False


def _show_coming(catalogue: Catalogue) -> None:
    trials = catalogue.queue(0, app_data.dataset_name(), waiting=MAX_COMING)
    name = escape_markdown(dataset_title(app_data.dataset_name()))
    if not trials:
        st.info(f"{name} has no finished models yet, and the queue is empty.")
        return
    st.markdown("###### The first models are being trained")
    for trial in trials[:MAX_COMING]:
        with st.container(horizontal=True, vertical_alignment="center"):
            picture(snac_data_uri(trial.architecture, blocks=0, size=Size.SMALL), snac_alt(trial.architecture))
            st.caption(f"{model_tag(trial.id)} {_state(trial)}", width="content")
    more = _unfinished(catalogue) - min(len(trials), MAX_COMING)
    if more:
        st.caption(f"… and {count(more)} more.")


def _unfinished(catalogue: Catalogue) -> int:
    return sum(number for state, number in catalogue.queued(app_data.dataset_name()).items() if not state.is_finished())


def _state(trial: Trial) -> str:
    if trial.state is TrialState.WAITING:
        return pluralize(trial.architecture.parameters, "parameter")
    return training_status(trial)
