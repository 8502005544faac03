"""Tables that pages share: models with their SNACs, and the layers of one model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from remap_core import formatting
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.svg import snac_data_uri, table_size
from remap_core.errors import NotFound
from remap_core.services.comparison import edit_sentence
from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import smallest_equivalent
from remap_core.space.text import layers_text
from remap_core.trials.trial import Origin, Trial

ROW_HEIGHT = 36
"""Pixels of a table row: a medium SNAC with some air."""
SNAC_PADDING = 16
"""Pixels that a cell keeps free left and right of a picture together."""

MODEL = st.column_config.NumberColumn("Model", format="#%d", width="small")
ACCURACY = st.column_config.NumberColumn("Validation accuracy", format="percent")
PARAMETERS = st.column_config.NumberColumn("Parameters", format="localized")


def cell(number: int) -> int | float:
    """A count as a table takes it: one of more than 64 bits only roughly.

    >>> cell(1610), cell(10**30)
    (1610, 1e+30)
    """
    return number if abs(number) < 2**63 else float(number)


def snac_column(architectures: Iterable[Architecture]) -> Any:
    """The column for the SNACs of these architectures, all on one scale: as wide as the longest, or it would be cut."""
    longest = max((len(architecture.layers) for architecture in architectures), default=0) + 1
    return st.column_config.ImageColumn("SNAC", width=table_size(longest).width(longest) + SNAC_PADDING)


def model_rows(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One row a model, SNACs aligned left on one scale; numbers that are not known yet are None."""
    blocks = max((len(trial.architecture.layers) for trial in trials), default=0) + 1
    repeated = any(trial.score for trial in trials)
    return [
        {
            "Model": trial.id,
            "SNAC": snac_data_uri(trial.architecture, blocks=blocks),
            "Validation accuracy": trial.accuracy,
            **({"Over seeds": spread_text(trial)} if repeated else {}),
            "Train accuracy": trial.last.train_accuracy if trial.last else None,
            "Parameters": trial.architecture.parameters,
            "Multiply-adds": trial.architecture.multiply_adds,
            "Epochs": trial.epochs_done,
            "Origin": trial.proposal.origin.value,
            "State": trial.state.value,
        }
        for trial in trials
    ]


def spread_text(trial: Trial) -> str:
    """How much the accuracy of a repeated model spreads: "± 0.5 of 4 seeds"; empty for any other."""
    return f"± {100 * trial.score.deviation:.1f} of {trial.score.seeds} seeds" if trial.score else ""


def layer_table(architecture: Architecture, key: str) -> None:
    """Every layer and the head: output shape, parameters, multiply-adds, share of the parameters."""
    rows = [
        {
            "Layer": cost.text,
            "Output": " x ".join(map(str, cost.output_shape)),
            "Parameters": cell(cost.parameters),
            "Multiply-adds": cell(cost.multiply_adds),
            "Share": 100 * cost.parameters / architecture.parameters,
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
            "Share": st.column_config.ProgressColumn(
                "Share", format="%.0f %%", min_value=0, max_value=100, width="small", help="Of the parameters."
            ),
        },
        alt="What each layer puts out and costs.",
    )


def merging_sentence(architecture: Architecture) -> str | None:
    """What could be there instead of linear layers in a row; None where there are none, or nothing smaller."""
    fewer = smallest_equivalent(architecture).fused
    if fewer == architecture:
        return None
    return (
        f"Linear layers in a row can do no more than one: {layers_text(fewer.layers) or 'the head alone'} can do all "
        f"that this model does, with {formatting.pluralize(fewer.parameters, 'parameter')} instead of "
        f"{formatting.count(architecture.parameters)}."
    )


def origin_sentence(trial: Trial, catalogue: Catalogue) -> str:
    """Where a model comes from, and how far it is."""
    state = f"{trial.state.value}, {formatting.pluralize(trial.epochs_done, 'epoch')} of {trial.proposal.config.epochs}"
    if trial.proposal.is_repeat:
        return f"Model #{trial.model} trained again, with seed {trial.proposal.config.seed}; {state}."
    if trial.proposal.parent is None or trial.proposal.origin is Origin.INITIAL:
        return f"From the initial population; {state}."
    try:
        parent = catalogue.trial(trial.proposal.parent)
    except NotFound:
        return f"{trial.proposal.origin.value.capitalize()} of #{trial.proposal.parent}; {state}."
    return f"{trial.proposal.origin.value.capitalize()} of #{parent.id}: {edit_sentence(parent, trial)}; {state}."
