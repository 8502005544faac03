"""Toasts on any page: the answers to this visitor's commands, and when a batch that they sent has finished."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

import streamlit as st

from remap_core.data_folder.inbox import Inbox
from remap_core.errors import RemapError
from remap_core.trials.commands import Outcome
from remap_core.trials.trial import TrialState, finished_of
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session


def show_receipt_toasts() -> None:
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
    st.toast(text, icon=f":material/{icon}:", duration=duration)
    current_session().toasted = time.monotonic()


def show_batch_toasts() -> None:
    """Announce each of this visitor's batches once its last training has finished."""
    for batch in list(current_session().batches):
        states = _states(batch)
        finished, total = finished_of(states)
        if finished == total > 0:
            _toast(_finished_sentence(batch, states), "check_circle")
            current_session().batches.remove(batch)


def _finished_sentence(batch: str, counts: Mapping[TrialState, int]) -> str:
    states = ", ".join(f"{number} {state.value}" for state, number in counts.items() if number)
    title = batch.split(",", maxsplit=1)[0].capitalize()
    return f"{title} finished: {states}."


def _states(batch: str) -> dict[TrialState, int]:
    try:
        return app_data.catalogue().batch_states(batch)
    except RemapError:  # no catalogue can be read, which the page itself says
        return {}
