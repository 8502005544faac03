"""Executors: where trainings run, behind one small interface. The daemon asks for events and never waits.

`InlineExecutor` trains in the caller's thread, one epoch a poll: for tests and one-process demos.
`remap_core.daemon.local.LocalExecutor` trains in worker processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from remap_core.daemon.ports import TrainFunction, Training
from remap_core.errors import RemapError
from remap_core.trials import EpochResult, Evaluation, Trial, TrialId


class Run(NamedTuple):
    """One attempt at one trial: what an event is about."""

    trial: TrialId
    attempt: int

    @classmethod
    def of(cls, trial: Trial) -> Run:
        """The present attempt of a trial."""
        return cls(trial.id, trial.attempt)


@dataclass(frozen=True)
class EpochDone:
    """An epoch's result; the same epoch may come again after a restart."""

    run: Run
    result: EpochResult


@dataclass(frozen=True)
class Finished:
    """The training came to its end."""

    run: Run
    evaluation: Evaluation


@dataclass(frozen=True)
class Failed:
    """The training ended without a model, and why."""

    run: Run
    sentence: str


@dataclass(frozen=True)
class Stopped:
    """The training ended because it was told to."""

    run: Run


Event = EpochDone | Finished | Failed | Stopped


class Executor(Protocol):
    """Runs up to `slots` trainings at once."""

    slots: int

    @property
    def free_slots(self) -> int:
        """How many more trainings could start now."""

    @property
    def device(self) -> str:
        """On what it trains, for people; empty while that is not known yet."""

    def start(self, trial: Trial) -> None:
        """Begin training; only where a slot is free."""

    def stop(self, run: Run) -> None:
        """Ask a training to end; its slot is free once its Stopped (or another last event) was polled."""

    def poll(self) -> list[Event]:
        """What happened since the last poll, oldest first; returns at once."""

    def close(self, grace: float) -> list[Event]:
        """Stop everything, waiting at most `grace` seconds; returns the last events."""


def failure_sentence(error: BaseException) -> str:
    """Why a training failed, for its trial: our own errors say it themselves, others are named."""
    if isinstance(error, RemapError):
        return str(error)
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"Training ended with an unexpected {type(error).__name__}: {first_line}"


class InlineExecutor:
    """One training at a time in the caller's thread; every poll does one epoch."""

    slots = 1
    device = "inline"

    def __init__(self, train: TrainFunction) -> None:
        self._train = train
        self._current: tuple[Run, Training] | None = None
        self._events: list[Event] = []

    @property
    def free_slots(self) -> int:
        """1 or 0."""
        return 0 if self._current else 1

    def start(self, trial: Trial) -> None:
        """Begin training; the first epoch is done by the next poll."""
        self._current = (Run.of(trial), self._train(trial, should_stop=lambda: False))

    def stop(self, run: Run) -> None:
        """End the training before its next epoch."""
        if self._current and self._current[0] == run:
            self._current[1].close()
            self._current = None
            self._events.append(Stopped(run))

    def poll(self) -> list[Event]:
        """Do one epoch of the current training and return what came of it."""
        if self._current:
            self._events.append(self._step(*self._current))
        events, self._events = self._events, []
        return events

    def close(self, grace: float) -> list[Event]:
        """End the current training at once."""
        if self._current:
            self.stop(self._current[0])
        events, self._events = self._events, []
        return events

    def _step(self, run: Run, training: Training) -> Event:
        try:
            return EpochDone(run, next(training))
        except StopIteration as end:
            event: Event = Finished(run, end.value)
        except Exception as error:
            event = Failed(run, failure_sentence(error))
        self._current = None
        return event
