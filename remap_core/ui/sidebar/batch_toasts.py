"""Toasts on any page: the answers to this visitor's commands, and when a batch that they sent has finished."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from remap_core.data_folder.inbox import Inbox
from remap_core.errors import RemapError
from remap_core.trials.commands import Outcome
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import Toast, current_session

SAID_AGAIN_SECONDS = 3.0
"""For so long runs of the page repeat a toast, which a browser shows once: it may have missed the first.

A busy browser draws what several runs have sent at once, and then never the toast of one that another has replaced.
"""


def show_toasts() -> None:
    """All that is new, after what was said a moment ago."""
    if time.monotonic() - current_session().toasted >= SAID_AGAIN_SECONDS:
        current_session().toasts.clear()
    for toast in current_session().toasts:
        st.toast(toast.text, icon=toast.icon, duration=toast.duration)
    _show_answers()
    _show_batches()


def _show_answers() -> None:
    """Say once what came of each command: done, refused and why, or not understood."""
    found = app_data.newest()
    inbox = Inbox(app_data.folder())
    for command in current_session().unannounced:
        receipt = found.receipt(command) if found else None
        if receipt:
            _announce(command, receipt.message, is_applied=receipt.outcome is Outcome.APPLIED)
            continue
        reason = inbox.rejection(command)
        if reason:
            _announce(command, f"The trainer could not read this command: {reason}", is_applied=False)


def _announce(command: str, sentence: str, *, is_applied: bool) -> None:
    icon = "check" if is_applied else "block"
    _toast(escape_markdown(sentence), icon, duration="long")
    current_session().announced.add(command)


def _toast(text: str, icon: str, duration: Literal["short", "long"] = "short") -> None:
    """A run that another one overtakes ends here: what was said is noted after it."""
    toast = Toast(text, f":material/{icon}:", duration)
    st.toast(toast.text, icon=toast.icon, duration=toast.duration)
    current_session().toasts.append(toast)
    current_session().toasted = time.monotonic()


def _show_batches() -> None:
    """Announce each of this visitor's batches once its last training has finished."""
    for batch in list(current_session().batches):
        trials = _trials(batch)
        if trials and all(trial.state.is_finished() for trial in trials):
            _toast(_finished_sentence(batch, trials), "check_circle")
            current_session().batches.remove(batch)


def _finished_sentence(batch: str, trials: Sequence[Trial]) -> str:
    counts = Counter(trial.state.value for trial in trials)
    states = ", ".join(f"{number} {state}" for state, number in counts.items())
    title = batch.split(",", maxsplit=1)[0].capitalize()
    return f"{title} finished: {states}."


def _trials(batch: str) -> list[Trial]:
    try:
        return app_data.catalogue().batch(batch)
    except RemapError:  # no catalogue can be read, which the page itself says
        return []
