"""Repeats: a model trained again with other seeds, so that its accuracy has a mean and a spread."""

from __future__ import annotations

import time

import streamlit as st

from remap_core import formatting
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NotFound
from remap_core.services.expected_time import expected_time, time_sentence, workers_of
from remap_core.services.proposals import propose_repeats
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import MAX_REPEATS, Trial, TrialState
from remap_core.ui import app_data, sent_commands
from remap_core.ui.session import current_session
from remap_core.ui.tables import ACCURACY, MODEL

SEEDS = "repeat-seeds"


def show_repeats(catalogue: Catalogue, trial: Trial) -> None:
    """The trainings of a model by seed, what they come to together, and a way to ask for more."""
    model = catalogue.trial(trial.model)
    repeats = catalogue.repeats(model.id)
    if repeats:
        _table([model, *repeats])
    if model.score:
        st.caption(f"#{model.id} reaches {model.accuracy_text()}: mean and sample standard deviation.")
    if model.state is not TrialState.COMPLETE:
        st.caption("Once it is trained, a model can be trained again with other seeds.")
        return
    _ask(catalogue, model)


def _table(trainings: list[Trial]) -> None:
    rows = [
        {
            "Seed": one.proposal.config.seed,
            "Model": one.id,
            "Validation accuracy": one.last.validation_accuracy if one.last else None,
            "Status": f"epoch {one.epochs_done} of {one.proposal.config.epochs}"
            if one.state is TrialState.RUNNING
            else one.state.value,
        }
        for one in trainings
    ]
    config = {"Model": MODEL, "Validation accuracy": ACCURACY}
    alt = "Trainings of the same model with other seeds."
    st.dataframe(rows, key="repeats", hide_index=True, width="content", column_config=config, alt=alt)


def _ask(catalogue: Catalogue, model: Trial) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = st.number_input(
            "Further seeds", 1, MAX_REPEATS, 3, key=SEEDS, width=160, help="The first training is a seed, too."
        )
        st.button(
            f"Train with {formatting.pluralize(seeds, 'further seed')}",
            key="repeat-train",
            icon=":material/repeat:",
            on_click=_train,
            args=(model,),
        )
    st.caption(_expected(catalogue, model, seeds))


def _train(model: Trial) -> None:
    proposals = propose_repeats(app_data.catalogue(), model, int(st.session_state[SEEDS]), time.time())
    sent_commands.send(Enqueue(proposals))
    current_session().batches.append(proposals[0].batch)


def _expected(catalogue: Catalogue, model: Trial, seeds: int) -> str:
    proposals = propose_repeats(catalogue, model, seeds, time.time())
    try:
        estimates = app_data.time_estimates({model.proposal.dataset})
    except NotFound:
        estimates = {}
    return time_sentence(
        expected_time(catalogue, proposals, workers=workers_of(app_data.trainer()), estimates=estimates)
    )
