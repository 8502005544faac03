"""The models that finished last: a table whose selected rows are inspected, edited or added to the drawer."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.formatting import NOT_AVAILABLE, dataset_title, duration
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, drawer_state, navigation
from remap_core.ui.tables import ACCURACY, MODEL, PARAMETERS, model_rows, selected_rows, snac_column

MAX_ROWS = 10
"""Rows without scrolling."""

LEFT_OUT = ("Train accuracy", "Multiply-adds", "State")


def show_complete(trials: Sequence[Trial]) -> None:
    """Finished trainings, the last first, with how long they took and what to do with the selected ones."""
    heading = st.container(horizontal=True, vertical_alignment="center", gap="small")
    heading.markdown("##### Recently finished", width="content")
    if not trials:
        st.caption("No training has finished yet.")
        return
    rows = [{name: value for name, value in row.items() if name not in LEFT_OUT} for row in model_rows(trials)]
    is_one_dataset = {trial.proposal.dataset for trial in trials} <= {app_data.looked_at()}
    for row, trial in zip(rows, trials, strict=True):
        row["Duration"] = _duration(trial)
        if not is_one_dataset:
            row["Data set"] = dataset_title(trial.proposal.dataset)
    selected = selected_rows(
        rows,
        trials,
        "queue-finished",
        columns={
            "SNAC": snac_column(trial.architecture for trial in trials),
            "Model": MODEL,
            "Validation accuracy": ACCURACY,
            "Parameters": PARAMETERS,
        },
        max_rows=MAX_ROWS,
        alt="Recently finished models.",
    )
    with heading:
        _actions(selected)


def _actions(selected: Sequence[Trial]) -> None:
    models = list(dict.fromkeys(trial.model for trial in selected))
    is_one = len(models) == 1
    if st.button("Inspect", key="queue-inspect", type="tertiary", disabled=not is_one):
        navigation.open_model(models[0])
    if st.button("Generate", key="queue-generate", type="tertiary", disabled=not is_one):
        navigation.open_model(models[0], "generate")
    if st.button("Add to drawer", key="queue-add-to-drawer", type="tertiary", disabled=not models):
        drawer_state.add(models)
        st.rerun()  # the whole page: the drawer is outside this fragment
    if not models:
        st.caption("Select rows to inspect, edit or keep their models.", width="content")


def _duration(trial: Trial) -> str:
    if trial.started is None or trial.finished is None:
        return NOT_AVAILABLE
    return duration(trial.finished - trial.started)
