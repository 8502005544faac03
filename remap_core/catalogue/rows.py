"""Trials, their epochs and receipts as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from remap_core.catalogue.connection import Readable, Row
from remap_core.space.architecture import Architecture
from remap_core.space.edits import edit_from_json
from remap_core.space.text import layers_text
from remap_core.trials.commands import Outcome, Receipt
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal, SeedScore, Trial, TrialId, TrialState

_TRIALS = """
SELECT id, architecture, dataset, config, origin, parent, edits, batch, space, suggested, owner, state, position,
    attempt, created, started, finished, error, epochs_done, train_loss, train_accuracy, validation_loss,
    validation_accuracy, seconds
FROM trials
"""
_SCORES = """
WITH asked AS (SELECT unnest(?::BIGINT[]) AS id),
repeated AS (SELECT DISTINCT parent AS id FROM trials SEMI JOIN asked ON parent = asked.id WHERE origin = 'repeat')
SELECT repeated.id, avg(accuracy), stddev_samp(accuracy), count(*)
FROM trials JOIN repeated ON repeated.id = if(origin = 'repeat', parent, trials.id)
WHERE state = 'complete' GROUP BY repeated.id HAVING count(*) > 1
"""
EPOCHS = """
SELECT trial, epoch, epochs.train_loss, epochs.train_accuracy, epochs.validation_loss, epochs.validation_accuracy,
    epochs.seconds
FROM epochs JOIN trials ON trial = id AND epochs.attempt = trials.attempt
WHERE trial IN (SELECT unnest(?::BIGINT[])) ORDER BY trial, epoch
"""
_RECEIPTS = "SELECT id, kind, outcome, message, applied_at, coalesce(sender, '') FROM commands "


def read_trials(catalogue: Readable, condition: str, *parameters: object) -> list[Trial]:
    """Return the trials that an SQL condition selects, without scores over seeds."""
    return [_trial_of(row) for row in catalogue.rows(_TRIALS + condition, *parameters)]


def read_scored_trials(catalogue: Readable, condition: str, *parameters: object) -> list[Trial]:
    """Return the trials that an SQL condition selects; repeated models with their scores over seeds."""
    trials = read_trials(catalogue, condition, *parameters)
    ids = [trial.id for trial in trials]
    scores = {model: SeedScore(*score) for model, *score in catalogue.rows(_SCORES, ids)}
    if not scores:
        return trials
    return [replace(trial, score=scores.get(trial.id)) for trial in trials]


def read_receipts(catalogue: Readable, condition: str, *parameters: object) -> list[Receipt]:
    """Return the receipts that an SQL condition selects."""
    receipts = []
    for command, kind, outcome, message, applied_at, sender in catalogue.rows(_RECEIPTS + condition, *parameters):
        receipts.append(Receipt(command, kind, Outcome(outcome), message, applied_at, sender))
    return receipts


def possible_ids(trials: Iterable[TrialId]) -> list[TrialId]:
    """Return the numbers that can be ids: one in a URL or a command may be too large for a column."""
    return [trial for trial in trials if 0 < trial < 2**63]


def new_trials(proposals: Sequence[Proposal], first: TrialId, position: float, now: float, owner: str = "") -> pa.Table:
    """Return rows of `trials` for WAITING trials, with consecutive ids and positions starting at the given ones."""
    numbers = np.arange(len(proposals))
    architectures = [proposal.architecture for proposal in proposals]
    return pa.table(
        {
            "id": first + numbers,
            "fingerprint": [architecture.fingerprint for architecture in architectures],
            "architecture": [_json(architecture.to_json()) for architecture in architectures],
            "text": [layers_text(architecture.layers) for architecture in architectures],
            "parameters": [architecture.parameters for architecture in architectures],
            "multiply_adds": [architecture.multiply_adds for architecture in architectures],
            "dataset": [proposal.dataset for proposal in proposals],
            "config": [_json(proposal.config.to_json()) for proposal in proposals],
            "origin": [proposal.origin.value for proposal in proposals],
            "parent": pa.array([proposal.parent for proposal in proposals], pa.int64()),
            "edits": [_json([edit.to_json() for edit in proposal.edits]) for proposal in proposals],
            "batch": [proposal.batch for proposal in proposals],
            "space": [proposal.space for proposal in proposals],
            "suggested": [proposal.suggested for proposal in proposals],
            "owner": [owner] * len(proposals),
            "state": [TrialState.WAITING.value] * len(proposals),
            "position": position + numbers,
            "attempt": np.ones(len(proposals), np.int32),
            "created": np.full(len(proposals), now, np.float64),
            "epochs_done": np.zeros(len(proposals), np.int32),
        }
    )


@lru_cache(maxsize=4096)
def architecture_of(text: str) -> Architecture:
    """Return the architecture from its stored JSON text."""
    return Architecture.from_json(json.loads(text), is_recorded=True)


@lru_cache(maxsize=256)
def config_of(text: str) -> TrainingConfig:
    """Return the training configuration from its stored JSON text."""
    return TrainingConfig.from_json(json.loads(text), is_recorded=True)


def _trial_of(row: Row) -> Trial:
    ident, architecture, dataset, config, origin, parent, edits, batch, space, suggested, owner = row[:11]
    state, position, attempt, created, started, finished, error = row[11:18]
    epochs_done, *measures = row[18:]
    last = None
    if epochs_done:
        last = EpochResult(epochs_done, *measures)
    proposal = Proposal(
        architecture=architecture_of(architecture),
        dataset=dataset,
        config=config_of(config),
        origin=Origin(origin),
        parent=parent,
        edits=tuple(map(edit_from_json, json.loads(edits))),
        batch=batch,
        space=space or "",
        suggested=bool(suggested),
    )
    return Trial(
        id=ident,
        proposal=proposal,
        state=TrialState(state),
        position=position,
        attempt=attempt,
        created=created,
        started=started,
        finished=finished,
        error=error,
        last=last,
        owner=owner or "",
    )


def _json(form: object) -> str:
    return json.dumps(form, separators=(",", ":"))
