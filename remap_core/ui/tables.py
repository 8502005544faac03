"""Tables that pages share: models with their SNACs, and the layers of one model."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.svg import MEDIUM_UP_TO, snac_data_uri, table_size
from remap_core.errors import NotFound
from remap_core.formatting import count, model_name, model_tag, pluralize, sentence_case, spread
from remap_core.services.lineage import edit_sentence, inherited_sentence
from remap_core.space.architecture import Architecture
from remap_core.space.baselines.named_baselines import baseline_name
from remap_core.space.execution_plan import smallest_equivalent
from remap_core.space.text import layers_text
from remap_core.trials.trial import Origin, Proposal, Trial, TrialState
from remap_core.ui.markdown import escape_markdown

ROW_HEIGHT = 36
"""Pixels of a table row: a medium SNAC with some space around it."""
SNAC_PADDING = 16
"""Pixels to the left and right of a picture in its cell, together."""

NARROW_SNAC = 112
"""Pixels of the widest SNAC of blocks beside the map."""

PAGE_WIDTH = 430
"""Pixels of the page beside the map, at least, on a screen of 1440 pixels."""

MODEL = st.column_config.NumberColumn("Model", format="#%d", width="small")
PARENT = st.column_config.NumberColumn("Parent", format="#%d", width="small")
EDIT = st.column_config.TextColumn("Edit", width="medium")
PERCENT_FORMAT = "%.1f %%"
"""Percentages in a table, as `formatting.percent` writes them in a sentence; the values come from `in_percent`."""
ACCURACY = st.column_config.NumberColumn("Validation accuracy", format=PERCENT_FORMAT)
PARAMETERS = st.column_config.NumberColumn("Parameters", format="localized")
MULTIPLY_ADDS = st.column_config.NumberColumn("Multiply-adds", format="localized")


def cell(number: int) -> int | float:
    """A count as a table takes it: beyond 64 bits only approximately.

    >>> cell(1610), cell(10**30)
    (1610, 1e+30)
    """
    return number if abs(number) < 2**63 else float(number)


def in_percent(share: float | None) -> float | None:
    """A share (0..1) as the columns with `PERCENT_FORMAT` take it; None stays None.

    >>> in_percent(0.5), in_percent(None)
    (50.0, None)
    """
    return None if share is None else 100 * share


def snac_blocks(architectures: Iterable[Architecture]) -> int:
    """Blocks of the longest of these architectures, its head included."""
    return max((len(architecture.layers) for architecture in architectures), default=0) + 1


def snac_column(
    architectures: Iterable[Architecture], size: Size | None = None, *, medium_up_to: int = MEDIUM_UP_TO
) -> Any:
    """The column for the SNACs of these architectures, wide enough for the longest; all are drawn to one scale.

    size: by default that of `model_rows`, for chains of `medium_up_to` blocks.
    """
    blocks = snac_blocks(architectures)
    drawn = size or table_size(blocks, medium_up_to)
    return st.column_config.ImageColumn("SNAC", width=drawn.width(blocks) + SNAC_PADDING)


_LAYER = re.compile(r"layer \d+ \((.+?)\)")


def short_edit(sentence: str) -> str:
    """An edit where space is short, next to a SNAC that shows its place.

    >>> short_edit("Removed layer 2 (Dense 64); Inserted ReLU before layer 1 (Conv 16x3)")
    'Removed Dense 64; Inserted ReLU before Conv 16x3'
    """
    return _LAYER.sub(r"\1", sentence)


def narrow_size(architectures: Iterable[Architecture]) -> Size:
    """The size of SNACs in a table beside the map: small ones, or strips where a chain is long."""
    blocks = snac_blocks(architectures)
    if Size.SMALL.width(blocks) <= NARROW_SNAC:
        return Size.SMALL
    return Size.STRIP


def clickable_size(architecture: Architecture) -> Size:
    """The size of a chain whose blocks are clicked beside the map: smaller where it would be cut."""
    if Size.LARGE.width(len(architecture.layers) + 1) <= PAGE_WIDTH:
        return Size.LARGE
    return Size.MEDIUM


def model_rows(trials: Sequence[Trial], medium_up_to: int = MEDIUM_UP_TO) -> list[dict[str, Any]]:
    """One row per model, SNACs to one scale; numbers that are not known yet are None.

    Columns that say nothing about these models are left out: equal numbers of epochs, one origin, everything complete.
    """
    blocks = snac_blocks(trial.architecture for trial in trials)
    size = table_size(blocks, medium_up_to)
    rows = [_model_row(trial, blocks, size) for trial in trials]
    silent = set(_silent_columns(trials))
    return [{name: value for name, value in row.items() if name not in silent} for row in rows]


def _silent_columns(trials: Sequence[Trial]) -> Iterator[str]:
    if not any(trial.score for trial in trials):
        yield "Over seeds"
    if len({trial.epochs_done for trial in trials}) < 2:
        yield "Epochs"
    if all(trial.proposal.parent is None for trial in trials):
        yield "Origin"
    if all(trial.state is TrialState.COMPLETE for trial in trials):
        yield "State"


def selected_rows(
    rows: Sequence[Mapping[str, Any]],
    trials: Sequence[Trial],
    key: str,
    *,
    columns: Mapping[str, Any],
    max_rows: int,
    alt: str,
) -> list[Trial]:
    """Draw a table of models, up to `max_rows` without scrolling, and return those whose rows are selected.

    A selection in the browser is by row. Where rows come or go, another table takes over the selected models.
    """
    memory = f"{key}-selected"
    remembered = st.session_state.get(memory, ())
    models = [trial.id for trial in trials]
    default = [row for row, model in enumerate(models) if model in remembered]
    event = st.dataframe(
        rows,
        key=f"{key}-{zlib.crc32(repr(models).encode()):x}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height="content" if len(rows) <= max_rows else ROW_HEIGHT * (1 + max_rows) + 3,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": default}},
        column_config=dict(columns),
        placeholder="-",
        alt=f"{alt} Rows can be selected.",
    )
    selected = [trials[row] for row in sorted(event.selection.rows) if row < len(trials)]
    st.session_state[memory] = [trial.id for trial in selected]
    return selected


def _model_row(trial: Trial, blocks: int, size: Size) -> dict[str, Any]:
    return {
        "Model": trial.id,
        "SNAC": snac_data_uri(trial.architecture, blocks=blocks, size=size),
        "Validation accuracy": in_percent(trial.accuracy),
        "Over seeds": spread_text(trial),
        "Train accuracy": in_percent(trial.last.train_accuracy) if trial.last else None,
        "Parameters": trial.architecture.parameters,
        "Multiply-adds": trial.architecture.multiply_adds,
        "Epochs": trial.epochs_done,
        "Origin": origin_text(trial),
        "State": training_status(trial),
    }


def origin_text(trial: Trial) -> str:
    """Where a model comes from, in a few words: "ablation of #3"."""
    proposal = trial.proposal
    if proposal.parent is None:
        return f"{proposal.origin.value}, suggested" if proposal.suggested else proposal.origin.value
    text = f"{proposal.origin.value} of {model_tag(proposal.parent)}"
    if proposal.inherits:
        text += f", from its weights, {pluralize(proposal.config.epochs, 'epoch')}"
    if proposal.suggested:
        return f"{text}, suggested"
    return f"{text}, seed {proposal.config.seed}" if proposal.is_repeat else text


def spread_text(trial: Trial) -> str:
    """The spread of a repeated model's accuracy, in points, for example "± 0.5 (4 seeds)"; empty for other models."""
    if trial.score is None:
        return ""
    return spread(trial.score.deviation, trial.score.seeds)


def training_status(trial: Trial) -> str:
    """The state of a training; of a running one the epoch."""
    if trial.state is TrialState.RUNNING:
        return f"epoch {trial.epochs_done} of {trial.proposal.config.epochs}"
    return trial.state.value


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
    share = st.column_config.ProgressColumn(
        "Share",
        format="%.0f %%",
        min_value=0,
        max_value=100,
        width=64,
        help="Share of the model's parameters.",
    )
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        column_config={"Parameters": PARAMETERS, "Multiply-adds": MULTIPLY_ADDS, "Share": share},
        alt="Output shape and costs of each layer.",
    )


def fusing_sentence(architecture: Architecture) -> str | None:
    """What could replace consecutive linear layers; None if nothing smaller could."""
    fused = smallest_equivalent(architecture).fused
    if fused == architecture:
        return None
    layers = layers_text(fused.layers) or "the head alone"
    return (
        f"Consecutive linear layers can be fused: {layers} can compute everything that this model can, with "
        f"{pluralize(fused.parameters, 'parameter')} instead of {count(architecture.parameters)}."
    )


def origin_sentence(trial: Trial, catalogue: Catalogue) -> str:
    """Where a model comes from, and how far its training is."""
    epochs = pluralize(trial.proposal.config.epochs, "epoch")
    start = f", {inherited_sentence(trial)}" if trial.proposal.inherits else ""
    return f"{_origin(trial, catalogue)}{start}; {trial.state.value}, {trial.epochs_done} of {epochs}."


def _origin_without_parent(proposal: Proposal) -> str:
    baseline = baseline_name(proposal.architecture)
    if baseline:
        return f"Baseline {baseline}"
    if proposal.origin is Origin.HANDCRAFTED:
        return escape_markdown(sentence_case(proposal.batch.split(",", maxsplit=1)[0])) or "Handcrafted"
    return "Suggested new sample" if proposal.suggested else "Initial population"


def _origin(trial: Trial, catalogue: Catalogue) -> str:
    proposal = trial.proposal
    if proposal.origin is Origin.FINISH:
        return f"{model_name(trial.model)} finished: {replace(proposal.config, start=None).title}"
    if proposal.is_repeat:
        return f"{model_name(trial.model)} repeated with seed {proposal.config.seed}"
    if proposal.parent is None or proposal.origin is Origin.INITIAL:
        return _origin_without_parent(proposal)
    origin = f"{proposal.origin.value.capitalize()} of {model_tag(proposal.parent)}"
    if proposal.suggested:
        origin = f"Suggested {origin[0].lower()}{origin[1:]}"
    try:
        parent = catalogue.trial(proposal.parent)
    except NotFound:
        return origin
    return f"{origin}: {edit_sentence(parent, trial)}"
