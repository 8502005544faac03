"""A toast on any page when a batch that this visitor sent has finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from remap_core.errors import RemapError
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.session import current_session


def show_batch_toasts() -> None:
    """Announce each of this visitor's batches once its last training has finished."""
    for batch in list(current_session().batches):
        trials = _trials(batch)
        if trials and all(trial.state.is_finished() for trial in trials):
            current_session().batches.remove(batch)
            st.toast(_finished_sentence(batch, trials), icon=":material/check_circle:")


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
