"""Successive halving in the trainer: trainings are put on hold for a comparison, then resumed or pruned."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing

from remap_core.errors import TrainingStopped
from remap_core.formatting import model_name
from remap_core.trainer.ports import Store, TrainFunction, Training
from remap_core.trials.halving import HalvingTrial, decide, next_comparison_epoch
from remap_core.trials.trial import Trial, TrialId, TrialState

log = logging.getLogger(__name__)


def train_to_comparison(train: TrainFunction, trial: Trial, should_stop: Callable[[], bool]) -> Training:
    """Train as `train` does up to the next comparison; raises TrainingStopped there, after yielding the epoch."""
    last_epoch = next_comparison_epoch(trial)
    with closing(train(trial, should_stop)) as training:
        while True:
            try:
                result = next(training)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield result
            if result.epoch == last_epoch:
                raise TrainingStopped(f"{model_name(trial.id)} is on hold after epoch {last_epoch} for a comparison.")


class Pruner:
    """Prunes the trials that lost a comparison and lists those on hold. Reads the store only after a change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen_version = -1
        self._on_hold: frozenset[TrialId] = frozenset()

    def on_hold(self, now: float) -> frozenset[TrialId]:
        """Trials that must not start yet. Those that lost a comparison are pruned first."""
        if self._store.version != self._seen_version:
            groups = [self._decide(group, now) for group in self._store.halving_groups()]
            self._on_hold = frozenset().union(*groups)
            self._seen_version = self._store.version
        return self._on_hold

    def _decide(self, group: tuple[HalvingTrial, ...], now: float) -> frozenset[TrialId]:
        decision = decide(group)
        waiting = {member.id for member in group if member.state is TrialState.WAITING}
        for pruning in decision.pruned:
            if pruning.trial in waiting:
                self._store.prune(pruning.trial, pruning.sentence, now)
                log.info("%s: %s", model_name(pruning.trial), pruning.sentence, extra={"model": pruning.trial})
        return decision.on_hold
