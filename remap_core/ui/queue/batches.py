"""The batches of the queue: a bar each, and the choice of one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.trials.commands import CancelBatch
from remap_core.trials.trial import Trial, finished_of
from remap_core.ui import sent_commands
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor

MAX_BARS = 5

LABEL_WIDTH = 300
"""Pixels, like those of the running trainings below."""


def choose_batch(trials: Sequence[Trial]) -> str | None:
    """The batch whose trainings are shown; None for all."""
    batches = _batches(trials)
    if len(batches) < 2 and "queue-batch" not in st.session_state:
        return None
    return st.selectbox(
        "Batch",
        batches,
        index=None,
        placeholder="All batches",
        key="queue-batch",
        label_visibility="collapsed",
        width=300,
    )


def show_batches(catalogue: Catalogue, trials: Sequence[Trial]) -> None:
    """A bar for each batch that is not finished, and a button that cancels what is left of it."""
    unfinished = [trial for trial in trials if not trial.state.is_finished()]
    with st.container(key="queue-batches", gap=None):
        for batch in _batches(unfinished)[:MAX_BARS]:
            _bar(catalogue, batch)


def _bar(catalogue: Catalogue, batch: str) -> None:
    finished, total = finished_of(catalogue.batch_states(batch))
    name = batch.split(",", maxsplit=1)[0].capitalize()
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.markdown(f"{escape_markdown(name)}: {finished} of {total}", width=LABEL_WIDTH)
    row.progress(finished / total)
    if all(map(visitor.may_change, catalogue.batch_owners(batch))):
        row.button(
            "Cancel batch",
            key=f"cancel-batch-{batch}",
            type="tertiary",
            on_click=sent_commands.send,
            args=(CancelBatch(batch),),
        )


def _batches(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(trial.proposal.batch for trial in trials if trial.proposal.batch))
