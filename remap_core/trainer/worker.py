"""The worker: one tick applies commands, records what the trainings did and starts new ones."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Protocol

from remap_core.access.person import Person
from remap_core.errors import CommandRefused, ForgedCommand, InvalidTrial, NotFound, TrainingFailed, UnreadableCommand
from remap_core.formatting import model_name, percent
from remap_core.space.caps import Caps
from remap_core.trainer.apply import DescribeDataset, apply
from remap_core.trainer.executors.base import EpochDone, Event, Executor, Failed, Finished, Lost, Run, Scored, Stopped
from remap_core.trainer.ports import Store
from remap_core.trainer.pruning import Pruner
from remap_core.trainer.rights import Gate
from remap_core.trials.commands import Cancel, CancelBatch, Command, Outcome, RemoveDataset
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial, TrialId, TrialState

log = logging.getLogger(__name__)

ProvideStart = Callable[[Trial], None]
"""Puts the weights that a trial starts from, if any, where its training finds them; raises TrainingFailed."""

RemoveFiles = Callable[[Collection[TrialId], str], None]
"""Deletes what is on the disk of removed trials, and of their data set if it is named."""

FORGED = "forged"
"""Kind of a command whose signature is not valid, in the record of commands."""

MAX_ANSWERING_SECONDS = 1.0
"""Seconds of a tick after which no further command is answered: the heartbeat must stay fresh."""


class Inbox(Protocol):
    """Where commands arrive."""

    @property
    def problem(self) -> str:
        """Why an answered command is still there; empty where there is none."""

    def pending(self) -> Sequence[tuple[str, Command | UnreadableCommand, Person | None]]:
        """Waiting commands, oldest first, each with its id and who signed it."""

    def discard(self, command: str) -> None:
        """Remove a command that was answered."""

    def reject(self, command: str, reason: str) -> None:
        """Put aside a file that is not a command."""


class Worker:
    """Moves trials between a store, an inbox and an executor. Loops, signals and sleeping are the caller's.

    The constructor requeues the trials that a trainer that died left RUNNING.
    """

    def __init__(
        self,
        store: Store,
        inbox: Inbox,
        executor: Executor,
        describe: DescribeDataset,
        *,
        caps: Caps = (),
        gate: Gate | None = None,
        halving: bool = False,
        disk_space_warning: Callable[[], str] = str,
        remove_files: RemoveFiles = lambda _trials, _dataset: None,
        provide_start: ProvideStart = lambda _trial: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._executor = executor
        self._describe = describe
        self._caps = caps
        self._gate = gate or Gate()
        self._pruner = Pruner(store) if halving else None
        self._disk_space_warning = disk_space_warning
        self._remove_files = remove_files
        self._provide_start = provide_start
        self._clock = clock
        self.problem = ""
        self._runs: set[Run] = set()
        self._stopping_runs: set[Run] = set()
        self._scorings: set[Run] = set()
        self._events: deque[Event] = deque()
        self._epochs_at_loss: dict[Run, int] = {}
        remove_files(store.removed_trials(), "")  # the last trainer may have been killed before it did
        for trial in store.requeue_running():
            log.info("%s resumes from its last checkpoint", model_name(trial), extra={"model": trial})

    @property
    def inbox_problem(self) -> str:
        """Why an answered command is still in the inbox; empty where there is none. Trainings go on."""
        return self._inbox.problem

    @property
    def is_busy(self) -> bool:
        """Whether a training or a scoring is running."""
        return bool(self._runs or self._scorings)

    @property
    def is_idle(self) -> bool:
        """Whether the last tick left nothing to do: all commands are answered, and a free slot found no trial.

        Trials may still wait: in a paused queue, or for disk space.
        """
        return not self.is_busy and self._executor.free_slots > 0 and not self._inbox.pending()

    def tick(self, now: float) -> bool:
        """Do everything that can be done now, without waiting; returns whether that changed the store.

        `now` in seconds since 1970.
        """
        version = self._store.version
        self._answer_commands(now)
        self._record_all(self._executor.poll(), now)
        self.problem = self._disk_space_warning()
        if self.problem:
            self._stop_trainings()
        else:
            self._start_scorings()
            self._start_trainings(now)
        return self._store.version != version

    def shut_down(self, now: float, grace: float = 10.0) -> None:
        """Stop the trainings within `grace` seconds, record their last epochs, and requeue them at the head.

        Also right after a tick that was interrupted anywhere (Ctrl-C in a notebook).
        """
        self._forget_recorded_ends()
        self._record_all(self._executor.close(grace), now)
        for run in sorted(self._runs, reverse=True):
            self._store.requeue(run.trial)
        self._runs.clear()
        self._scorings.clear()  # their requests stay in the store, for the next trainer

    def _forget_recorded_ends(self) -> None:
        """An interruption may have come after the store recorded the end of a run, and before the worker noted it."""
        for run in list(self._runs):
            if self._state_of(run) is not TrialState.RUNNING:
                self._runs.discard(run)
        pending = self._store.pending_sealed_tests()
        self._scorings = {run for run in self._scorings if run.trial in pending}

    def _answer_commands(self, now: float) -> None:
        started = self._clock()
        for name, command, sender in self._inbox.pending():
            if self._clock() - started > MAX_ANSWERING_SECONDS:
                return
            if isinstance(command, UnreadableCommand):
                log.warning("command %s rejected: %s", name, command, extra={"command": name})
                if isinstance(command, ForgedCommand):
                    self._store.apply_once(name, FORGED, now, partial(_refuse, str(command)))
                self._inbox.reject(name, str(command))
            else:
                self._answer(name, command, sender, now)

    def _answer(self, name: str, command: Command, sender: Person | None, now: float) -> None:
        def action() -> str:
            rights = self._gate.rights(sender)
            return apply(command, self._store, self._describe, now, caps=self._caps, rights=rights)

        receipt = self._store.apply_once(name, command.kind, now, action, sender.name if sender else "")
        about = {"command": name, "sender": receipt.sender}
        log.info("%s %s: %s", receipt.kind, receipt.outcome, receipt.message, extra=about)
        if receipt.outcome is Outcome.APPLIED:
            if isinstance(command, Cancel | CancelBatch):
                self._stop_ended()
            elif isinstance(command, RemoveDataset):
                self._stop_ended()
                self._remove_files(self._store.removed_trials(), command.dataset)
        self._inbox.discard(name)

    def _stop_ended(self) -> None:
        """Stop the trainings that a command has cancelled or removed."""
        for run in list(self._runs):
            if self._state_of(run) in (TrialState.CANCELLED, None):
                self._runs.discard(run)
                self._executor.stop(run)
        self._scorings = {run for run in self._scorings if self._state_of(run)}

    def _state_of(self, run: Run) -> TrialState | None:
        """The state of a run's trial; None where it was removed."""
        try:
            return self._store.trial(run.trial).state
        except NotFound:
            return None

    def _stop_trainings(self) -> None:
        """Stop what runs: it is requeued at the head and resumes from its last epoch when there is disk space."""
        for run in self._runs - self._stopping_runs:
            self._stopping_runs.add(run)
            self._executor.stop(run)

    def _start_scorings(self) -> None:
        """They come first, in a paused queue too: each takes seconds, and a person is waiting for it."""
        for number in self._store.pending_sealed_tests():
            trial = self._store.trial(number)
            run = Run.of(trial)
            if self._executor.free_slots and run not in self._scorings:
                self._scorings.add(run)
                self._executor.score(trial)

    def _start_trainings(self, now: float) -> None:
        for _ in range(self._executor.free_slots):
            trial = self._store.claim(now, self._on_hold(now))
            if trial is None:
                return
            self._start_training(trial, now)

    def _on_hold(self, now: float) -> Collection[TrialId]:
        if self._pruner is None:
            return ()
        return self._pruner.on_hold(now)

    def _start_training(self, trial: Trial, now: float) -> None:
        try:
            self._provide_start(trial)
        except TrainingFailed as error:
            self._fail(trial.id, str(error), now)
            return
        fingerprint = trial.architecture.fingerprint[:8]
        log.info("%s started: %s", model_name(trial.id), fingerprint, extra={"model": trial.id})
        self._runs.add(Run.of(trial))
        self._executor.start(trial)

    def _record_all(self, events: Sequence[Event], now: float) -> None:
        """Record events in order. One that the store refuses (a full disk) comes first in the next tick."""
        self._events.extend(events)
        while self._events:
            self._record(self._events[0], now)
            self._events.popleft()

    def _record(self, event: Event, now: float) -> None:
        if event.run in self._scorings:
            self._record_score(event, now)
            return
        if event.run not in self._runs:
            self._forget(event.run)
            return
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
        self._stopping_runs.discard(event.run)

    def _forget(self, run: Run) -> None:
        """A training that was cancelled or removed has ended; it may have written a last checkpoint."""
        if self._state_of(run) is None:
            self._remove_files([run.trial], "")

    def _record_score(self, event: Event, now: float) -> None:
        trial = event.run.trial
        model = model_name(trial)
        about = {"model": trial}
        match event:
            case Scored():
                self._store.finish_sealed_test(trial, event.score, now)
                accuracy = percent(event.score.accuracy)
                log.info("%s scored on the sealed test images: %s", model, accuracy, extra=about)
            case Failed() | Lost():
                self._store.finish_sealed_test(trial, event.sentence, now)
                log.warning("%s not scored: %s", model, event.sentence, extra=about)
        self._scorings.discard(event.run)

    def _requeue_lost(self, event: Lost, now: float) -> None:
        """Resume a lost run from its last epoch; one that is lost again before its next epoch fails."""
        trial = event.run.trial
        epochs_done = self._store.trial(trial).epochs_done
        if self._epochs_at_loss.get(event.run) == epochs_done:
            self._fail(trial, f"{event.sentence} A second try ended in the same epoch.", now)
            return
        self._epochs_at_loss[event.run] = epochs_done
        self._store.requeue(trial)
        log.warning(
            "%s resumes from its last checkpoint: %s", model_name(trial), event.sentence, extra={"model": trial}
        )

    def _complete(self, trial: TrialId, evaluation: Evaluation, now: float) -> None:
        try:
            self._store.complete(trial, evaluation, now)
        except InvalidTrial as error:  # the data set is not the one that the catalogue knows
            self._fail(trial, str(error), now)
            return
        log.info("%s complete: %s", model_name(trial), percent(evaluation.accuracy), extra={"model": trial})

    def _fail(self, trial: TrialId, sentence: str, now: float) -> None:
        self._store.fail(trial, sentence, now)
        log.warning("%s failed: %s", model_name(trial), sentence, extra={"model": trial})


def _refuse(reason: str) -> str:
    raise CommandRefused(reason)
