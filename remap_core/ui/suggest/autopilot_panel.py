"""The autopilot: suggestions trained one batch after the other, until an end is reached or somebody stops it."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import CommandRefused, FolderUnusable, NotFound
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
from remap_core.ui.people.admission import admit
from remap_core.ui.session import current_session
from remap_core.ui.suggest.candidates_panel import EXPLORE, STEP

Ends = tuple[int, int, int]
"""Trainings, minutes, patience."""


def show_autopilot() -> None:
    """Start it, watch it, stop it; and whose models are on the front."""
    st.markdown(
        "###### Go on by itself",
        help="The trainer trains suggestions batch after batch, under the objective, its caps and the filter of now.",
    )
    ends = _ends() if visitor.may(Role.BUILDER) else None
    live.live(lambda catalogue: _show(catalogue, ends))


def _ends() -> Ends:
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
    return int(trainings), int(minutes), int(patience)


def _show(catalogue: Catalogue, ends: Ends | None) -> None:
    """ends: None for who may not start one."""
    state = search_state(app_data.folder(), catalogue)
    if ends:
        _buttons(state, ends)
    if state:
        st.caption(escape_markdown(_sentence(state)))
    st.caption(front_sentence(app_data.dataset_view().population))


def _buttons(state: SearchState | None, ends: Ends) -> None:
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
        if not (state and is_on) or visitor.may_change(state.owner):
            st.button("Stop", key="autopilot-stop", icon=":material/stop:", disabled=not is_on, on_click=_stop)


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


def _start(ends: Ends) -> None:
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
        start_search(app_data.folder(), plan, admit(Role.BUILDER, "start a search"))
    except (CommandRefused, FolderUnusable) as error:
        current_session().send_error = f"Not started: {error}"


def _stop() -> None:
    try:
        sender = admit(Role.BUILDER, "stop a search")
        state = search_state(app_data.folder(), app_data.newest())
        if state and not visitor.may_change(state.owner):
            raise CommandRefused(f"It belongs to {state.owner or 'everybody'}: only they or an admin may stop it.")
        stop_search(app_data.folder(), app_data.newest(), time.time(), sender)
    except (CommandRefused, NotFound, FolderUnusable) as error:
        current_session().send_error = f"Not stopped: {error}"
