"""Executors: where trainings run, behind one small interface. The daemon asks for events and never waits.

`InlineExecutor` trains in the caller's thread, one epoch a poll: for tests and one-process demos.
`processes.LocalExecutor` trains in worker processes, `ray.ray_executor.RayExecutor` on the nodes of a Ray cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from remap_core.errors import RemapError, TrainingFailed, TrainingStopped
from remap_core.trainer.ports import ScoreFunction, TrainFunction, Training
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore
from remap_core.trials.trial import Trial, TrialId


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
    """The training ended because it was told to, or rests at a rung."""

    run: Run


@dataclass(frozen=True)
class Lost:
    """The process that did the job died or hung, and how; what it had done until its last epoch is kept."""

    run: Run
    sentence: str


@dataclass(frozen=True)
class Scored:
    """A complete model was scored on the sealed test images."""

    run: Run
    score: SealedScore


Event = EpochDone | Finished | Failed | Stopped | Lost | Scored


class Executor(Protocol):
    """Runs up to `slots` jobs at once: trainings, and scorings on the sealed test images."""

    @property
    def slots(self) -> int:
        """How many jobs there is room for at present."""

    @property
    def free_slots(self) -> int:
        """How many more trainings could start now."""

    @property
    def device(self) -> str:
        """On what it trains, for people; empty while that is not known yet."""

    def start(self, trial: Trial) -> None:
        """Begin training; only where a slot is free."""

    def score(self, trial: Trial) -> None:
        """Begin to score a COMPLETE trial; only where a slot is free. Its one event is Scored, Failed or Lost."""

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


def score_nothing(trial: Trial) -> SealedScore:
    """The score function of an executor that is only for trainings."""
    raise TrainingFailed(f"Model {trial.id} cannot be scored here: this trainer only trains.")


class InlineExecutor:
    """One training at a time in the caller's thread; every poll does one epoch."""

    slots = 1
    device = "inline"

    def __init__(self, train: TrainFunction, score: ScoreFunction = score_nothing) -> None:
        self._train, self._score = train, score
        self._current: tuple[Run, Training] | None = None
        self._events: list[Event] = []

    @property
    def free_slots(self) -> int:
        """1 or 0."""
        return 0 if self._current else 1

    def start(self, trial: Trial) -> None:
        """Begin training; the first epoch is done by the next poll."""
        self._current = (Run.of(trial), self._train(trial, should_stop=lambda: False))

    def score(self, trial: Trial) -> None:
        """Score at once; the next poll says what came of it."""
        run = Run.of(trial)
        try:
            self._events.append(Scored(run, self._score(trial)))
        except Exception as error:
            self._events.append(Failed(run, failure_sentence(error)))

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
        except TrainingStopped:
            event = Stopped(run)
        except Exception as error:
            event = Failed(run, failure_sentence(error))
        self._current = None
        return event
