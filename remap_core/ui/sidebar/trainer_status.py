"""The trainer in the sidebar: its state, and a button that starts one."""

from __future__ import annotations

import subprocess

import streamlit as st

from remap_core.errors import FolderUnusable, NoCatalogue
from remap_core.formatting import count, pluralize
from remap_core.services.trainer_process import last_words, start_trainer
from remap_core.trials.trial import TrialState
from remap_core.ui import app_data
from remap_core.ui.live import POLL
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session
from remap_core.ui.sidebar.batch_toasts import show_batch_toasts
from remap_core.version import __version__


@st.cache_resource(show_spinner=False)
def started_trainers() -> list[subprocess.Popen[bytes]]:
    """The trainers that this process started; the first call starts one if none runs and the settings allow it."""
    if app_data.settings().autostart and app_data.trainer() is None:
        return _start()
    return []


def _start() -> list[subprocess.Popen[bytes]]:
    """Start a trainer; if the data folder does not allow that, the sidebar says why."""
    session = current_session()
    session.send_error = ""
    try:
        return [start_trainer(app_data.settings(), app_data.folder())]
    except FolderUnusable as error:
        session.send_error = f"The trainer cannot start: {error}"
        return []


def _start_another() -> None:
    started_trainers().extend(_start())


@st.fragment(run_every=2 * POLL)
def show_trainer_status() -> None:
    """The trainer's state, live, with a button that starts one if none runs."""
    show_batch_toasts()
    st.markdown("#### Trainer")
    if current_session().send_error:
        st.error(escape_markdown(current_session().send_error))
    trainer = app_data.trainer()
    if trainer is None:
        _no_trainer()
        return
    if trainer.version != __version__:
        st.warning(
            f"The trainer runs version {escape_markdown(trainer.version)}, this app version {__version__}: they may "
            "not understand each other. Restart the older one.",
            icon=":material/difference:",
        )
    if trainer.message:
        st.warning(escape_markdown(trainer.message))
    st.caption(_progress_sentence())


def _no_trainer() -> None:
    started = started_trainers()
    last = None
    if started:
        last = started[-1]
    if last and last.poll() is None:
        st.caption("Starting …")
        return
    st.warning("No trainer is running. Commands wait until one starts.", icon=":material/bedtime:")
    if last and last.returncode:
        st.error(escape_markdown(f"The last trainer stopped: {last_words(app_data.folder())}"))
    st.button("Start a trainer", on_click=_start_another, key="start-trainer")


def _progress_sentence() -> str:
    try:
        catalogue = app_data.catalogue()
    except NoCatalogue:
        return "Preparing the first models …"
    counts = catalogue.counts()
    running = counts[TrialState.RUNNING]
    waiting = counts[TrialState.WAITING]
    complete = f"{pluralize(counts[TrialState.COMPLETE], 'training')} complete"
    if not running and not waiting:
        return f"Idle, {complete}."
    progress = f"{count(running)} running, {count(waiting)} waiting, {complete}."
    if catalogue.paused():
        return f"Paused: {progress}"
    return progress
