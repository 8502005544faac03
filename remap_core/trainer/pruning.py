"""Successive halving in the trainer: trainings rest at a rung, and go on or are pruned once all are there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing

from remap_core.errors import TrainingStopped
from remap_core.trainer.ports import Store, TrainFunction, Training
from remap_core.trials.halving import decide, next_comparison_epoch
from remap_core.trials.trial import Trial, TrialId, TrialState

log = logging.getLogger(__name__)


def train_to_comparison(train: TrainFunction, trial: Trial, should_stop: Callable[[], bool]) -> Training:
    """Train as `train` does until the next rung; there TrainingStopped is raised, after the epoch's result."""
    rung = next_comparison_epoch(trial)
    with closing(train(trial, should_stop)) as training:
        while True:
            try:
                result = next(training)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield result
            if result.epoch == rung:
                raise TrainingStopped(f"Model {trial.id} rests after epoch {rung} until all are compared.")


class Pruner:
    """Prunes what lost at a rung; knows what rests at one. Given a store, asks it only after something changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = -1
        self._resting: frozenset[TrialId] = frozenset()

    def resting(self, now: float) -> frozenset[TrialId]:
        """Trials that may not begin yet, once those that lost are pruned."""
        if self._store.version != self._seen:
            self._resting = frozenset().union(*(self._judged(now)))
            self._seen = self._store.version
        return self._resting

    def _judged(self, now: float) -> list[frozenset[TrialId]]:
        resting = []
        for contenders in self._store.halving_groups():
            verdicts, waiting = decide(contenders), {c.id for c in contenders if c.state is TrialState.WAITING}
            for pruning in verdicts.pruned:
                if pruning.trial in waiting:
                    self._store.prune(pruning.trial, pruning.sentence, now)
                    log.info("model %d: %s", pruning.trial, pruning.sentence)
            resting.append(verdicts.on_hold)
        return resting
