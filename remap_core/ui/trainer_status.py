"""The trainer in the sidebar: its state, and starting one."""

from __future__ import annotations

import subprocess

import streamlit as st

from remap_core import __version__
from remap_core.errors import FolderUnusable, NoCatalogue
from remap_core.formatting import pluralize
from remap_core.services.trainer_process import last_words, start_trainer
from remap_core.trials.trial import TrialState
from remap_core.ui import app_data
from remap_core.ui.batch_toasts import show_batch_toasts
from remap_core.ui.live import POLL
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session


@st.cache_resource(show_spinner=False)
def started_trainers() -> list[subprocess.Popen[bytes]]:
    """The trainers that this process has started: at first one, where none is alive and the settings allow it."""
    allowed = app_data.settings().autostart and app_data.trainer() is None
    return _start_trainer() if allowed else []


def _start_trainer() -> list[subprocess.Popen[bytes]]:
    """The trainer; none where the folder does not allow it, which the sidebar then says."""
    current_session().unsent = ""
    try:
        return [start_trainer(app_data.settings(), app_data.folder())]
    except FolderUnusable as error:
        current_session().unsent = f"No trainer can start: {error}"
        return []


def _start_another() -> None:
    started_trainers().extend(_start_trainer())


@st.fragment(run_every=2 * POLL)
def show_trainer_status() -> None:
    """The trainer's state, live, with a button to start one where none runs."""
    show_batch_toasts()
    st.markdown("#### Trainer")
    if current_session().unsent:
        st.error(escape_markdown(current_session().unsent))
    trainer = app_data.trainer()
    if trainer is None:
        _no_trainer()
        return
    if trainer.version != __version__:
        st.warning(
            f"The trainer is of version {escape_markdown(trainer.version)}, this app is "
            f"of version {__version__}: they may misunderstand each other. Restart the older of the two.",
            icon=":material/difference:",
        )
    if trainer.message:
        st.warning(escape_markdown(trainer.message))
    st.caption(_progress_sentence())


def _no_trainer() -> None:
    started = started_trainers()
    if started and started[-1].poll() is None:
        st.caption("Starting …")
        return
    st.warning("No trainer is alive: what you ask for waits until one is.", icon=":material/bedtime:")
    if started and started[-1].returncode:
        st.error(escape_markdown(f"The last one ended: {last_words(app_data.folder())}"))
    st.button("Start a trainer", on_click=_start_another, key="start-trainer")


def _progress_sentence() -> str:
    try:
        catalogue = app_data.catalogue()
    except NoCatalogue:
        return "Preparing the first models …"
    counts = catalogue.counts()
    running, waiting = counts[TrialState.RUNNING], counts[TrialState.WAITING]
    done = f"{pluralize(counts[TrialState.COMPLETE], 'training')} done"
    if not running and not waiting:
        return f"Idle, {done}."
    paused = "Paused: " if catalogue.paused() else ""
    return f"{paused}{running} running, {waiting} waiting, {done}."
