"""Successive halving as rows: which models are compared with each other."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from remap_core.catalogue.connection import LiveConnection
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.halving import HalvingTrial, comparison_epochs
from remap_core.trials.trial import TrialId, TrialState

_UNFINISHED_GROUPS = """
WITH halved AS (
    SELECT dataset, batch, created, config, id, state FROM trials
    WHERE (origin = 'initial' OR (origin <> 'finish' AND (config ->> '$.start') IS NOT NULL))
        AND attempt = 1 AND suggested IS NOT TRUE
), together AS (
    SELECT DISTINCT dataset, batch, created, config FROM halved WHERE state IN ('waiting', 'running')
)
SELECT dataset, batch, created, config, id, state FROM halved JOIN together USING (dataset, batch, created, config)
ORDER BY dataset, batch, created, config, id
"""
_CURVES = """
SELECT trial, epoch, train_loss, train_accuracy, validation_loss, validation_accuracy, seconds FROM epochs
WHERE attempt = 1 AND epoch <= ? AND trial IN (SELECT unnest(?::BIGINT[])) ORDER BY trial, epoch
"""


class _Row(NamedTuple):
    dataset: str
    batch: str
    created: float
    config: str
    id: TrialId
    state: str

    @property
    def group(self) -> tuple[str, str, float, str]:
        return self.dataset, self.batch, self.created, self.config


Curves = dict[TrialId, list[EpochResult]]


def read_halving_groups(live: LiveConnection) -> list[tuple[HalvingTrial, ...]]:
    """Return one group for each request of initial models, or of one parent's short children, that is unfinished."""
    rows = [_Row(*row) for row in live.rows(_UNFINISHED_GROUPS)]
    if not rows:
        return []
    compared = max(_last_comparison(row) for row in rows)
    curves = _read_curves(live, [row.id for row in rows], compared)
    groups = []
    for _, group in groupby(rows, key=lambda row: row.group):
        trials = [_halving_trial(row, curves) for row in group]
        groups.append(tuple(trials))
    return groups


def _read_curves(live: LiveConnection, trials: list[TrialId], epochs: int) -> Curves:
    curves: Curves = {trial: [] for trial in trials}
    for trial, *result in live.rows(_CURVES, epochs, trials):
        curves[trial].append(EpochResult(*result))
    return curves


def _halving_trial(row: _Row, curves: Curves) -> HalvingTrial:
    return HalvingTrial(
        id=row.id,
        state=TrialState(row.state),
        epochs=_planned_epochs(row.config),
        curve=tuple(result for result in curves[row.id] if result.epoch <= _last_comparison(row)),
    )


def _last_comparison(row: _Row) -> int:
    return max(comparison_epochs(_planned_epochs(row.config)), default=0)


@lru_cache(maxsize=256)
def _planned_epochs(config: str) -> int:
    return int(json.loads(config)["epochs"])
