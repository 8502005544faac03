"""The trainer in the sidebar: what it trains and for how long, and a button that starts one."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import CommandRefused, FolderUnusable, RemapError
from remap_core.formatting import count, duration, model_tag, sentence_case
from remap_core.services.expected_time import FIRST_WAITING, queue_time, waiting_behind, workers_of
from remap_core.services.trainer_process import StartedTrainer, start_trainer, why_ended
from remap_core.trials.commands import Pause, Resume
from remap_core.trials.trial import Trial, TrialState, finished_of
from remap_core.ui import app_data, live, sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.navigation import show_count
from remap_core.ui.people import visitor
from remap_core.ui.people.admission import admit
from remap_core.ui.session import current_session
from remap_core.ui.sidebar.batch_toasts import show_batch_toasts, show_receipt_toasts
from remap_core.version import __version__

SECONDS_BETWEEN_STARTS = 30.0
"""Of a demo's trainers, by themselves: one that cannot start is not tried with every run of a page."""

MAX_RUNNING = 4
"""Running trainings that are named."""

_STARTING = threading.Lock()
"""Two visitors, or two presses of one, start one trainer."""


@st.cache_resource(show_spinner=False)
def started_trainers() -> list[StartedTrainer]:
    """The trainers that this process started; the first call starts one if none runs and the settings allow it."""
    if app_data.settings().autostart and app_data.trainer() is None:
        return _start()
    return []


def keep_a_trainer() -> None:
    """Start the first trainer; in a demo, where no admin would, also another one once it has ended."""
    started = started_trainers()
    if not app_data.settings().is_demo or not started or app_data.trainer():
        return
    with _STARTING:
        last = started[-1]
        if not last.is_running() and time.time() - last.started > SECONDS_BETWEEN_STARTS:
            started.extend(_start())


def _start() -> list[StartedTrainer]:
    """Start a trainer; if the data folder does not allow that, the sidebar says why."""
    session = current_session()
    session.send_error = ""
    try:
        return [start_trainer(app_data.settings(), app_data.folder())]
    except FolderUnusable as error:
        session.send_error = f"The trainer cannot start: {error}"
        return []


def _start_another() -> None:
    try:
        admit(Role.ADMIN, "start a trainer")
    except CommandRefused as error:
        current_session().send_error = f"Not started: {error}"
        return
    with _STARTING:
        started = started_trainers()
        if not any(trainer.is_running() for trainer in started):
            started.extend(_start())


def show_progress() -> None:
    """What is trained, live: how much is done, how long it takes, and a button that starts a trainer if none runs."""

    @st.fragment(run_every=live.timer())
    def redraw() -> None:
        app_data.look()
        if not visitor.is_still_in():
            st.rerun()
        if live.is_moving() != current_session().moves:
            live.rerun_page()  # from now on, its parts update by themselves, or no longer do
        _show()

    redraw()
    live.follow(lambda: (_is_starting(), visitor.is_still_in()))


def _is_starting() -> bool:
    started = started_trainers()
    return bool(started) and started[-1].is_running()


def _show() -> None:
    show_receipt_toasts()
    show_batch_toasts()
    _count_in_navigation()
    st.markdown("###### Trainer")
    if current_session().send_error:
        st.error(escape_markdown(current_session().send_error))
    trainer = app_data.trainer()
    if trainer is None:
        show_no_trainer("start-trainer")
    elif trainer.version != __version__:
        st.warning(
            f"The trainer runs version {escape_markdown(trainer.version)}, this app version {__version__}: they may "
            "not understand each other. Restart the older one.",
            icon=":material/difference:",
        )
    if trainer and not trainer.is_closed and not visitor.is_open():
        st.error(
            "The trainer takes commands that nobody signed: it sees neither [auth] in .streamlit/secrets.toml nor "
            "REMAP_ADMINS. Give it the same settings as the app, and restart it."
        )
    if trainer and trainer.message:
        st.warning(escape_markdown(trainer.message))
    try:
        _progress(app_data.catalogue(), is_alive=trainer is not None)
    except RemapError:
        if trainer:
            st.caption("Preparing the first models …")


def show_no_trainer(key: str) -> None:
    """That no trainer is running, why the last one ended, and a button that starts one."""
    started = started_trainers()
    if _is_starting():
        st.caption("The trainer is starting …")
        return
    st.warning("No trainer running. Requests wait until one starts.", icon=":material/bedtime:")
    reason = why_ended(started[-1], app_data.folder()) if started else ""
    if reason:
        st.error(escape_markdown(f"The last trainer stopped: {reason}"))
    if visitor.may(Role.ADMIN):
        st.button("Start a trainer", on_click=_start_another, key=key)


def _progress(catalogue: Catalogue, *, is_alive: bool) -> None:
    counts = catalogue.counts()
    finished, total = finished_of(counts)
    first = catalogue.queue(0, waiting=FIRST_WAITING)
    paused = catalogue.paused()
    if not first:
        st.caption(f"Idle, {count(finished)} trained.")
        if paused:
            _pause_button(paused)
        return
    left = _time_left(catalogue, workers_of(app_data.trainer())) if is_alive else ""
    st.progress(finished / total, f"{count(finished)} of {count(total)} trained{left}")
    running = [trial for trial in first if trial.state is TrialState.RUNNING]
    if running and is_alive:
        st.caption(" · ".join(map(_epoch_text, running[:MAX_RUNNING])))
    for batch in current_session().batches:
        _batch_progress(batch, catalogue.batch_states(batch))
    _pause_button(paused)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Catalogue: lambda catalogue: catalogue.key})
def _time_left(catalogue: Catalogue, workers: int) -> str:
    """How long all trainings will take; nothing while that is not known."""
    first = catalogue.queue(0, waiting=FIRST_WAITING)
    estimates = app_data.time_estimates({trial.proposal.dataset for trial in first})
    expected = queue_time(first, estimates, workers=workers, more=waiting_behind(first, catalogue.counts()))
    if expected is None:
        return ""
    return f", {duration(expected.seconds)} left"


def _epoch_text(trial: Trial) -> str:
    return f"{model_tag(trial.id)} epoch {trial.epochs_done}/{trial.proposal.config.epochs}"


def _batch_progress(batch: str, states: Mapping[TrialState, int]) -> None:
    """A bar for a request of this visitor's; none once all of it has finished, which a toast says."""
    finished, total = finished_of(states)
    if finished < total:
        name = sentence_case(batch.split(",", maxsplit=1)[0])
        st.progress(finished / total, f"{escape_markdown(name)}: {finished} of {total}")


def _pause_button(paused: bool) -> None:
    if not visitor.may(Role.ADMIN):
        return
    label, command = ("Resume", Resume()) if paused else ("Pause", Pause())
    st.button(label, key="trainer-pause", type="tertiary", on_click=sent_commands.send, args=(command,))


def _count_in_navigation() -> None:
    """Trainings that wait or run, behind the name of the page Queue."""
    found = app_data.newest()
    counts = found.counts() if found else {}
    show_count("queue", counts.get(TrialState.RUNNING, 0) + counts.get(TrialState.WAITING, 0))
