"""Tables that pages share: models with their SNACs, and the layers of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from remap_core import services
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing import words
from remap_core.drawing.svg import snac_data_uri
from remap_core.errors import NotFound
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Candidate, sentences
from remap_core.trials import EpochResult, Origin, Trial, TrialId

ROW_HEIGHT = 36
"""Pixels of a table row: a medium SNAC with some air."""

SNAC = st.column_config.ImageColumn("SNAC", width="medium")
MODEL = st.column_config.NumberColumn("Model", format="#%d", width="small")
ACCURACY = st.column_config.NumberColumn("Validation accuracy", format="percent")
PARAMETERS = st.column_config.NumberColumn("Parameters", format="localized")


def model_rows(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One row a model, SNACs aligned left on one scale; numbers that are not known yet are None."""
    blocks = max((len(trial.architecture.layers) for trial in trials), default=0) + 1
    return [
        {
            "SNAC": snac_data_uri(trial.architecture, blocks=blocks),
            "Model": trial.id,
            "Validation accuracy": trial.last.validation_accuracy if trial.last else None,
            "Train accuracy": trial.last.train_accuracy if trial.last else None,
            "Parameters": trial.architecture.parameters,
            "Multiply-adds": trial.architecture.multiply_adds,
            "Epochs": trial.epochs_done,
            "Origin": trial.proposal.origin.value,
            "State": trial.state.value,
        }
        for trial in trials
    ]


def model_table(trials: Sequence[Trial], key: str) -> None:
    """The models as a sortable table."""
    st.dataframe(
        model_rows(trials),
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        column_config={
            "SNAC": SNAC,
            "Model": MODEL,
            "Validation accuracy": ACCURACY,
            "Train accuracy": st.column_config.NumberColumn("Train accuracy", format="percent"),
            "Parameters": PARAMETERS,
            "Multiply-adds": st.column_config.NumberColumn("Multiply-adds", format="localized"),
        },
    )


def children_table(
    parent: Trial, children: Sequence[Trial], curves: Mapping[int, Sequence[EpochResult]], key: str
) -> None:
    """The children of a model with their edits, what they changed, and how far their training is."""
    rows = [
        row
        | {
            "Edit": edit_sentence(child, parent),
            "Change": _change(child, parent),
            "Loss": [result.validation_loss for result in curves.get(child.id, ())],
            "Epochs": child.epochs_done / child.proposal.config.epochs,
        }
        for row, child in zip(model_rows(children), children, strict=True)
    ]
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        column_order=(
            "SNAC",
            "Model",
            "Edit",
            "Validation accuracy",
            "Change",
            "Parameters",
            "Loss",
            "Epochs",
            "State",
        ),
        column_config={
            "SNAC": SNAC,
            "Model": MODEL,
            "Validation accuracy": ACCURACY,
            "Change": st.column_config.NumberColumn("Change", format="%+.1f points", help="Against the parent."),
            "Parameters": PARAMETERS,
            "Loss": st.column_config.LineChartColumn("Validation loss", width="small"),
            "Epochs": st.column_config.ProgressColumn(
                "Trained", format="percent", min_value=0, max_value=1, width="small"
            ),
        },
    )


def preview_table(parent: Trial, previewed: Sequence[Candidate], known: Mapping[str, TrialId], key: str) -> None:
    """What would be trained, and for what would not the reason; nothing is left out silently.

    `known`: fingerprints of the catalogue's models, with their ids.
    """
    blocks = max((len(found.child.layers) for found in previewed if found.child), default=0) + 1
    rows = [
        {
            "SNAC": snac_data_uri(found.child, blocks=blocks) if found.child else None,
            "Edit": "; ".join(sentences(parent.architecture, found.edits)) if found.child else _asked(parent, found),
            "Parameters": found.child.parameters if found.child else None,
            "Multiply-adds": found.child.multiply_adds if found.child else None,
            "Verdict": _verdict(found, known),
        }
        for found in previewed
    ]
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        column_config={
            "SNAC": SNAC,
            "Parameters": PARAMETERS,
            "Multiply-adds": st.column_config.NumberColumn("Multiply-adds", format="localized"),
            "Verdict": st.column_config.TextColumn("", width="large"),
        },
    )


def _asked(parent: Trial, impossible: Candidate) -> str:
    return impossible.edits[0].sentence(parent.architecture)


def _verdict(found: Candidate, known: Mapping[str, TrialId]) -> str:
    if found.child is None:
        return f"Does not fit: {found.reason}"
    model = services.existing_model(found, known)
    return "Will be trained" if model is None else f"Is model #{model} already"


def layer_table(architecture: Architecture, key: str) -> None:
    """Every layer and the head: output shape, parameters, multiply-adds, share of the parameters."""
    rows = [
        {
            "Layer": cost.text,
            "Output": " x ".join(map(str, cost.output_shape)),
            "Parameters": cost.parameters,
            "Multiply-adds": cost.multiply_adds,
            "Share": cost.parameters / architecture.parameters,
        }
        for cost in architecture.costs
    ]
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        column_config={
            "Parameters": PARAMETERS,
            "Multiply-adds": st.column_config.NumberColumn("Multiply-adds", format="localized"),
            "Share": st.column_config.ProgressColumn("Share of parameters", format="percent", min_value=0, max_value=1),
        },
    )


def edit_sentence(child: Trial, parent: Trial) -> str:
    """What was done to the parent to get the child."""
    return "; ".join(sentences(parent.architecture, child.proposal.edits))


def origin_sentence(trial: Trial, catalogue: Catalogue) -> str:
    """Where a model comes from, and how far it is."""
    state = f"{trial.state.value}, {words.counted(trial.epochs_done, 'epoch')} of {trial.proposal.config.epochs}"
    if trial.proposal.parent is None or trial.proposal.origin is Origin.INITIAL:
        return f"From the initial population; {state}."
    try:
        parent = catalogue.trial(trial.proposal.parent)
    except NotFound:
        return f"{trial.proposal.origin.value.capitalize()} of #{trial.proposal.parent}; {state}."
    return f"{trial.proposal.origin.value.capitalize()} of #{parent.id}: {edit_sentence(trial, parent)}; {state}."


def _change(child: Trial, parent: Trial) -> float | None:
    if child.last is None or parent.last is None:
        return None
    return 100 * (child.last.validation_accuracy - parent.last.validation_accuracy)
