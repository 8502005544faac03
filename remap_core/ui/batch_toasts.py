"""Batches that this visitor asked for: a word when one is finished, on whatever page they are."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from remap_core.errors import RemapError
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.session import current_session


def show_batch_toasts() -> None:
    """A toast for each batch of this visitor whose last training has ended since the last look."""
    for batch in list(current_session().batches):
        trials = _trials(batch)
        if trials and all(trial.state.is_finished() for trial in trials):
            current_session().batches.remove(batch)
            states = Counter(trial.state.value for trial in trials)
            said = ", ".join(f"{number} {name}" for name, number in states.items())
            st.toast(f"{batch.split(',')[0].capitalize()}: all done, {said}.", icon=":material/check_circle:")


def _trials(batch: str) -> list[Trial]:
    try:
        return app_data.catalogue().batch(batch)
    except RemapError:  # nothing is published (any more); the page says so itself
        return []
