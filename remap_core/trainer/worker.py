"""The worker: one tick applies commands, records what the trainings did and begins the next ones."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from remap_core.errors import InvalidTrial, UnreadableCommand
from remap_core.trainer.apply import DescribeDataset, apply
from remap_core.trainer.executors.base import EpochDone, Event, Executor, Failed, Finished, Lost, Run, Scored, Stopped
from remap_core.trainer.ports import Store
from remap_core.trainer.pruning import Pruner
from remap_core.trials.commands import Cancel, CancelBatch, Command, Outcome
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial, TrialId, TrialState

log = logging.getLogger(__name__)

ANSWERING = 1.0
"""Seconds of a tick after which no further command is taken up: the heartbeat must not grow old meanwhile."""


class Inbox(Protocol):
    """Where commands arrive."""

    def pending(self) -> Sequence[tuple[str, Command | UnreadableCommand]]:
        """Commands that wait, oldest first, each with its id."""

    def discard(self, command: str) -> None:
        """Forget a command that was answered."""

    def reject(self, command: str, reason: str) -> None:
        """Put aside what is no command."""


class Worker:
    """Given a store, an inbox and an executor; loops, signals and sleeping stand outside.

    Built, it takes back what a trainer that died left RUNNING.
    """

    def __init__(
        self,
        store: Store,
        inbox: Inbox,
        executor: Executor,
        describe: DescribeDataset,
        *,
        max_parameters: int | None = None,
        halving: bool = False,
        disk_space_warning: Callable[[], str] = str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._inbox, self._executor, self._describe = store, inbox, executor, describe
        self._max_parameters = max_parameters
        self._clock = clock
        self._referee = Pruner(store) if halving else None
        self._want_of_room, self.trouble = disk_space_warning, ""
        self._runs: set[Run] = set()
        self._paused: set[Run] = set()
        self._scorings: set[Run] = set()
        self._events: deque[Event] = deque()
        self._losses: dict[Run, int] = {}
        for trial in store.requeue_running():
            log.info("model %d goes on from its last checkpoint", trial)

    @property
    def is_busy(self) -> bool:
        """Whether a training or a scoring is running."""
        return bool(self._runs or self._scorings)

    def tick(self, now: float) -> None:
        """Do what there is to do, once, without waiting. `now` in seconds since 1970."""
        self._answer_commands(now)
        self._record_all(self._executor.poll(), now)
        self.trouble = self._want_of_room()
        if self.trouble:
            self._pause_trainings()
            return
        self._begin_scorings()
        self._begin_trainings(now)

    def leave(self, now: float, grace: float = 10.0) -> None:
        """Record what the trainings have done so far, end them, and put them back at the head of the queue."""
        self._record_all(self._executor.close(grace), now)
        for run in sorted(self._runs, reverse=True):
            self._store.requeue(run.trial)
        self._runs.clear()
        self._scorings.clear()  # their requests stay in the store, for the next trainer

    def _answer_commands(self, now: float) -> None:
        began = self._clock()
        for name, command in self._inbox.pending():
            if self._clock() - began > ANSWERING:
                return
            if isinstance(command, UnreadableCommand):
                log.warning("command %s rejected: %s", name, command)
                self._inbox.reject(name, str(command))
                continue
            action = partial(apply, command, self._store, self._describe, now, self._max_parameters)
            receipt = self._store.apply_once(name, command.kind, now, action)
            log.info("%s %s: %s", receipt.kind, receipt.outcome, receipt.message)
            if isinstance(command, Cancel | CancelBatch) and receipt.outcome is Outcome.APPLIED:
                self._abandon_cancelled()
            self._inbox.discard(name)

    def _abandon_cancelled(self) -> None:
        for run in list(self._runs):
            if self._store.trial(run.trial).state is TrialState.CANCELLED:
                self._runs.discard(run)
                self._executor.stop(run)

    def _pause_trainings(self) -> None:
        """End what runs: it goes back to the head of the queue, and goes on from its last epoch when there is room."""
        for run in self._runs - self._paused:
            self._paused.add(run)
            self._executor.stop(run)

    def _begin_scorings(self) -> None:
        """They come first and in a paused queue too: each takes seconds, and a person waits for it."""
        for number in self._store.pending_sealed_tests():
            trial = self._store.trial(number)
            if self._executor.free_slots and Run.of(trial) not in self._scorings:
                self._scorings.add(Run.of(trial))
                self._executor.score(trial)

    def _begin_trainings(self, now: float) -> None:
        for _ in range(self._executor.free_slots):
            trial = self._store.claim(now, self._referee.resting(now) if self._referee else ())
            if trial is None:
                return
            self._begin(trial)

    def _begin(self, trial: Trial) -> None:
        log.info("model %d begins: %s", trial.id, trial.architecture.fingerprint[:8])
        self._runs.add(Run.of(trial))
        self._executor.start(trial)

    def _record_all(self, events: Sequence[Event], now: float) -> None:
        """Where the store refuses one (a full disk) it is the first of the next tick: no event is lost."""
        self._events.extend(events)
        while self._events:
            self._record(self._events[0], now)
            self._events.popleft()

    def _record(self, event: Event, now: float) -> None:
        if event.run in self._scorings:
            self._record_score(event, now)
            return
        if event.run not in self._runs:
            return  # of a training that was cancelled meanwhile
        trial = event.run.trial
        match event:
            case EpochDone():
                self._store.record_epoch(trial, event.result)
                return
            case Finished():
                self._complete(trial, event.evaluation, now)
            case Failed():
                self._fail(trial, event.sentence, now)
            case Lost():
                self._requeue_lost(event, now)
            case Stopped():
                self._store.requeue(trial)
        self._runs.discard(event.run)
        self._paused.discard(event.run)

    def _record_score(self, event: Event, now: float) -> None:
        trial = event.run.trial
        match event:
            case Scored():
                self._store.finish_sealed_test(trial, event.score, now)
                log.info("model %d scored on the sealed test images: %.1f %%", trial, 100 * event.score.accuracy)
            case Failed() | Lost():
                self._store.finish_sealed_test(trial, event.sentence, now)
                log.warning("model %d not scored: %s", trial, event.sentence)
        self._scorings.discard(event.run)

    def _requeue_lost(self, event: Lost, now: float) -> None:
        """It goes on from its last epoch; lost again before a further one it fails, as it would for ever."""
        epochs = self._store.trial(event.run.trial).epochs_done
        if self._losses.get(event.run) == epochs:
            self._fail(event.run.trial, f"{event.sentence} A second try ended in the same epoch.", now)
            return
        self._losses[event.run] = epochs
        self._store.requeue(event.run.trial)
        log.warning("model %d goes on from its last checkpoint: %s", event.run.trial, event.sentence)

    def _complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        try:
            self._store.complete(trial, evaluation, now)
        except InvalidTrial as error:  # the data set is no longer the one that the catalogue knows
            self._fail(trial, str(error), now)
        else:
            log.info("model %d complete: %.1f %%", trial, 100 * evaluation.accuracy)

    def _fail(self, trial: TrialId, sentence: str, now: float) -> None:
        self._store.fail(trial, sentence, now)
        log.warning("model %d failed: %s", trial, sentence)
