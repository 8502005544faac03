"""The autopilot: suggestions trained one batch after the other, until an end is reached or somebody stops it."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import CommandRefused, FolderUnusable, NotFound, NotSignedIn
from remap_core.formatting import dataset_title
from remap_core.services.suggestions.autopilot import (
    SearchState,
    search_name,
    search_state,
    start_search,
    stop_search,
)
from remap_core.services.suggestions.search_plan import MAX_TRAININGS, SearchPlan
from remap_core.trials.population import Population
from remap_core.trials.trial import Origin
from remap_core.ui import app_data, live, view_state
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session
from remap_core.ui.suggest.candidates_panel import EXPLORE, STEP


def show_autopilot() -> None:
    """Start it, watch it, stop it; and whose models are on the front."""
    st.markdown(
        "###### Go on by itself",
        help="The trainer trains suggestions batch after batch, under the objective, its caps and the filter of now.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        trainings = st.number_input("Trainings", 0, MAX_TRAININGS, 20, key="autopilot-trainings", width=110)
        minutes = st.number_input(
            "Minutes", 0, 10_000, 0, key="autopilot-minutes", width=110, help="0: until the other ends are reached."
        )
        patience = st.number_input(
            "Patience",
            0,
            MAX_TRAININGS,
            0,
            key="autopilot-patience",
            width=110,
            help="Ends when the front has not moved for so many trainings. 0: never for that.",
        )
    ends = (int(trainings), int(minutes), int(patience))
    live.live(lambda catalogue: _show(catalogue, ends))


def _show(catalogue: Catalogue, ends: tuple[int, int, int]) -> None:
    state = search_state(app_data.folder(), catalogue)
    is_on = state is not None and not state.ended
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Start",
            key="autopilot-start",
            icon=":material/play_arrow:",
            disabled=is_on or not any(ends),
            on_click=_start,
            args=(ends,),
        )
        st.button("Stop", key="autopilot-stop", icon=":material/stop:", disabled=not is_on, on_click=_stop)
    if state:
        st.caption(escape_markdown(_sentence(state)))
    st.caption(front_sentence(app_data.dataset_view().population))


def _sentence(state: SearchState) -> str:
    on = ""
    if state.plan.dataset != app_data.dataset_name():
        on = f"On {dataset_title(state.plan.dataset)}: "
    return f"{on}{state.sentence}"


def front_sentence(population: Population) -> str:
    """Whose models are on the Pareto front: "On the front: 2 initial, 3 a person's, 4 suggested."."""
    front = population.front()
    suggested = int(np.count_nonzero(population.suggested[front]))
    initial = sum(population.origin[row] == Origin.INITIAL and not population.suggested[row] for row in front)
    own = len(front) - suggested - initial
    return f"On the front: {initial} initial, {own} edited by people, {suggested} suggested."


def _start(ends: tuple[int, int, int]) -> None:
    trainings, minutes, patience = ends
    now = time.time()
    plan = SearchPlan(
        dataset=app_data.dataset_name(),
        name=search_name(now),
        view=view_state.current_view().to_query(),
        trainings=trainings,
        until=now + 60 * minutes if minutes else 0.0,
        patience=patience,
        explore=float(st.session_state.get(EXPLORE, SearchPlan.explore)),
        step=int(st.session_state.get(STEP, SearchPlan.step)),
    )
    try:
        start_search(app_data.folder(), plan, visitor.sender())
    except (CommandRefused, FolderUnusable, NotSignedIn) as error:
        current_session().send_error = f"Not started: {error}"


def _stop() -> None:
    try:
        stop_search(app_data.folder(), app_data.newest(), time.time(), visitor.sender())
    except (NotFound, FolderUnusable, NotSignedIn) as error:
        current_session().send_error = f"Not stopped: {error}"
