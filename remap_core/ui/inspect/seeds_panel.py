"""Repeats: a model trained again with other seeds, which gives its accuracy a mean and a spread."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidTrial
from remap_core.formatting import model_name, pluralize
from remap_core.services.proposals import propose_repeats
from remap_core.trials.trial import MAX_REPEATS, Trial, TrialState
from remap_core.ui import app_data, sent_commands
from remap_core.ui.inspect.live_results import missing_sentence
from remap_core.ui.people import visitor
from remap_core.ui.tables import ACCURACY, MODEL, in_percent, training_status
from remap_core.ui.time_labels import expected_now, time_caption, with_time

SEEDS = "repeat-seeds"


def show_repeats(catalogue: Catalogue, trial: Trial) -> None:
    """The trainings of a model by seed, their mean and spread, and a way to start more."""
    model = catalogue.trial(trial.model)
    repeats = catalogue.repeats(model.id)
    if repeats:
        _table([model, *repeats])
    if model.score:
        st.caption(f"{model_name(model.id)}: {model.accuracy_text()}, mean and sample standard deviation.")
    if model.state is not TrialState.COMPLETE:
        st.caption(missing_sentence(model))
    elif visitor.may(Role.BUILDER):
        _offer(catalogue, model)
    elif not repeats:
        st.caption("Not repeated yet.")


def _table(trainings: Sequence[Trial]) -> None:
    rows = [
        {
            "Seed": training.proposal.config.seed,
            "Model": training.id,
            "Validation accuracy": in_percent(training.last.validation_accuracy) if training.last else None,
            "Status": training_status(training),
        }
        for training in trainings
    ]
    st.dataframe(
        rows,
        key="repeats",
        hide_index=True,
        width="content",
        column_config={"Model": MODEL, "Validation accuracy": ACCURACY},
        alt="Trainings of the same model with other seeds.",
    )


def _offer(catalogue: Catalogue, model: Trial) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = st.number_input(
            "Other seeds", 1, MAX_REPEATS, 3, key=SEEDS, width=160, help="In addition to the first training."
        )
        try:
            repeats = propose_repeats(catalogue, model, seeds, time.time())
        except InvalidTrial as error:
            st.caption(str(error))
            return
        expected = expected_now(catalogue, repeats)
        label = f"Repeat with {pluralize(seeds, 'other seed')}"
        st.button(
            with_time(label, expected),
            key="repeat-train",
            icon=":material/repeat:",
            on_click=_train,
            args=(model, sent_commands.press(f"repeat-{model.id}")),
        )
    time_caption(expected)


def _train(model: Trial, press: sent_commands.Press) -> None:
    seeds = int(st.session_state[SEEDS])
    sent_commands.enqueue(propose_repeats(app_data.catalogue(), model, seeds, time.time()), press)
