"""Trials and receipts as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from remap_core.space.architecture import Architecture
from remap_core.space.edits import edit_from_json
from remap_core.space.text import layers_text
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal, Trial, TrialId, TrialState

Row = tuple[Any, ...]

SELECT_TRIAL = """
SELECT id, architecture, dataset, config, origin, parent, edits, batch, state, position, attempt, created,
    started, finished, error, epochs_done, train_loss, train_accuracy, validation_loss, validation_accuracy, seconds
FROM trials
"""
SELECT_RECEIPT = "SELECT id, kind, outcome, message, applied_at FROM commands"


def trial_of(row: Row) -> Trial:
    """The trial of a row of SELECT_TRIAL."""
    ident, architecture, dataset, config, origin, parent, edits, batch, state, position, attempt, created = row[:12]
    started, finished, error, epochs_done, *measures = row[12:]
    proposal = Proposal(
        architecture_of(architecture),
        dataset,
        config_of(config),
        Origin(origin),
        parent,
        tuple(map(edit_from_json, json.loads(edits))),
        batch,
    )
    last = EpochResult(epochs_done, *measures) if epochs_done else None
    return Trial(ident, proposal, TrialState(state), position, attempt, created, started, finished, error, last)


def possible_ids(trials: Iterable[TrialId]) -> list[TrialId]:
    """Those that could be ids at all: a number in an address or a command may be larger than a column holds."""
    return [trial for trial in trials if 0 < trial < 2**63]


def new_trials(proposals: Sequence[Proposal], first: TrialId, position: float, now: float) -> pa.Table:
    """Rows of `trials` for WAITING trials with the ids and positions from `first` and `position` on, one apart."""
    numbers = np.arange(len(proposals))
    return pa.table(
        {
            "id": first + numbers,
            "fingerprint": [proposal.architecture.fingerprint for proposal in proposals],
            "architecture": [_json(proposal.architecture.to_json()) for proposal in proposals],
            "text": [layers_text(proposal.architecture.layers) for proposal in proposals],
            "parameters": [proposal.architecture.parameters for proposal in proposals],
            "multiply_adds": [proposal.architecture.multiply_adds for proposal in proposals],
            "dataset": [proposal.dataset for proposal in proposals],
            "config": [_json(proposal.config.to_json()) for proposal in proposals],
            "origin": [proposal.origin.value for proposal in proposals],
            "parent": pa.array([proposal.parent for proposal in proposals], pa.int64()),
            "edits": [_json([edit.to_json() for edit in proposal.edits]) for proposal in proposals],
            "batch": [proposal.batch for proposal in proposals],
            "state": [TrialState.WAITING.value] * len(proposals),
            "position": position + numbers,
            "attempt": np.ones(len(proposals), np.int32),
            "created": np.full(len(proposals), now, np.float64),
            "epochs_done": np.zeros(len(proposals), np.int32),
        }
    )


def receipt_of(row: Row) -> Receipt:
    """The receipt of a row of SELECT_RECEIPT."""
    command, kind, outcome, message, applied_at = row
    return Receipt(command, kind, Outcome(outcome), message, applied_at)


@lru_cache(maxsize=4096)
def architecture_of(text: str) -> Architecture:
    """The architecture of its stored JSON text."""
    return Architecture.from_json(json.loads(text))


@lru_cache(maxsize=256)
def config_of(text: str) -> TrainingConfig:
    """The training configuration of its stored JSON text."""
    return TrainingConfig.from_json(json.loads(text))


def _json(form: object) -> str:
    return json.dumps(form, separators=(",", ":"))
