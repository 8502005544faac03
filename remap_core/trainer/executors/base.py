"""Executors: where trainings run, behind one small interface. The trainer polls for events and never waits.

`inline.InlineExecutor` trains in the caller's thread, `processes.LocalExecutor` in worker processes of this machine,
`ray.ray_executor.RayExecutor` on the nodes of a Ray cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from remap_core.errors import RemapError, TrainingFailed
from remap_core.formatting import model_name
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore
from remap_core.trials.trial import Trial, TrialId


class Run(NamedTuple):
    """One attempt at one trial: what an event is about."""

    trial: TrialId
    attempt: int

    @classmethod
    def of(cls, trial: Trial) -> Run:
        """The current attempt of a trial."""
        return cls(trial.id, trial.attempt)


@dataclass(frozen=True)
class EpochDone:
    """The result of an epoch; the same epoch may come again after a restart."""

    run: Run
    result: EpochResult


@dataclass(frozen=True)
class Finished:
    """The training reached its end."""

    run: Run
    evaluation: Evaluation


@dataclass(frozen=True)
class Failed:
    """The training ended without a model, and why."""

    run: Run
    sentence: str


@dataclass(frozen=True)
class Stopped:
    """The training was told to stop, or is on hold for a comparison."""

    run: Run


@dataclass(frozen=True)
class Lost:
    """The process of the job died or hung, and how; its epochs so far are kept."""

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
        """How many jobs can run at once at present."""

    @property
    def free_slots(self) -> int:
        """How many more jobs could start now."""

    @property
    def device(self) -> str:
        """What it trains on, for people; empty while that is not known."""

    def start(self, trial: Trial) -> None:
        """Start a training; requires a free slot."""

    def score(self, trial: Trial) -> None:
        """Start to score a COMPLETE trial; requires a free slot. Its one event is Scored, Failed or Lost."""

    def stop(self, run: Run) -> None:
        """Tell a training to stop; its slot is free after its Stopped (or another last event) was polled."""

    def poll(self) -> list[Event]:
        """The events since the last poll, oldest first; returns at once."""

    def close(self, grace: float) -> list[Event]:
        """Stop everything, waiting at most `grace` seconds; returns the last events."""


def failure_sentence(error: BaseException) -> str:
    """Why a training failed: the sentence of our own errors, the type and first line of any other."""
    if isinstance(error, RemapError):
        return str(error)
    first_line = next(iter(str(error).strip().splitlines()), "")
    return f"Training ended with an unexpected {type(error).__name__}: {first_line}"


def score_nothing(trial: Trial) -> SealedScore:
    """The score function of an executor that only trains."""
    raise TrainingFailed(f"{model_name(trial.id)} cannot be scored here: this trainer only trains.")
