"""Which initial models are compared with one another in successive halving, as rows."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from remap_core.catalogue.connection import LiveConnection
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.halving import COMPARISON_EPOCHS, HalvingTrial
from remap_core.trials.trial import TrialId, TrialState

_ASKED_TOGETHER = """
WITH together AS (
    SELECT DISTINCT dataset, batch, created, config FROM trials
    WHERE origin = 'initial' AND attempt = 1 AND state IN ('waiting', 'running')
)
SELECT dataset, batch, created, config, id, state FROM trials JOIN together USING (dataset, batch, created, config)
WHERE origin = 'initial' AND attempt = 1 ORDER BY dataset, batch, created, config, id
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


def read_halving_groups(live: LiveConnection) -> list[tuple[HalvingTrial, ...]]:
    """One group for each command that asked for initial models of which some wait or run still."""
    rows = [_Row(*row) for row in live.rows(_ASKED_TOGETHER)]
    curves: dict[TrialId, list[EpochResult]] = {row.id: [] for row in rows}
    for trial, *result in live.rows(_CURVES, max(COMPARISON_EPOCHS), list(curves)) if rows else []:
        curves[trial].append(EpochResult(*result))
    return [
        tuple(HalvingTrial(row.id, TrialState(row.state), _epochs(row.config), tuple(curves[row.id])) for row in group)
        for _, group in groupby(rows, key=lambda row: row[:4])
    ]


@lru_cache(maxsize=256)
def _epochs(config: str) -> int:
    return int(json.loads(config)["epochs"])
