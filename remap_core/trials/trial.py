"""Trials: one evaluation of one architecture under one training configuration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from remap_core.errors import InvalidTrial
from remap_core.formatting import NOT_AVAILABLE, accuracy_over_seeds, percent, spread
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Edit
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.training_config import TrainingConfig

TrialId = int


class TrialState(StrEnum):
    """WAITING -> RUNNING -> COMPLETE / PRUNED / FAILED / CANCELLED. The queue is the WAITING trials in order."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def is_finished(self) -> bool:
        """Whether nothing more will happen to the trial by itself."""
        return self not in (TrialState.WAITING, TrialState.RUNNING)


class Origin(StrEnum):
    """How an architecture came into the population."""

    INITIAL = "initial"
    ABLATION = "ablation"
    VARIATION = "variation"
    HANDCRAFTED = "handcrafted"
    REPEAT = "repeat"


MODEL_ORIGINS = tuple(origin for origin in Origin if origin is not Origin.REPEAT)
"""How a model can have come about: a repeat is a further training of one that is there, with another seed."""


MAX_REPEATS = 10
"""Further seeds that one model is trained with at most, at one request."""


class Place(StrEnum):
    """Where a waiting trial can be moved in the queue."""

    TOP = "top"
    UP = "up"
    DOWN = "down"
    BOTTOM = "bottom"


@dataclass(frozen=True)
class Proposal:
    """What is asked for when a trial is enqueued. `batch` names the trials that were asked for together.

    A repeat names the model that it repeats as its parent and has no edits; raises InvalidTrial for any other.
    """

    architecture: Architecture
    dataset: str
    config: TrainingConfig = field(default_factory=TrainingConfig)
    origin: Origin = Origin.INITIAL
    parent: TrialId | None = None
    edits: tuple[Edit, ...] = ()
    batch: str = ""

    def __post_init__(self) -> None:
        if self.is_repeat and (self.parent is None or self.edits):
            raise InvalidTrial(
                f"A repeat must have a parent and no edits, but got parent {self.parent} and {len(self.edits)} edits."
            )

    @property
    def is_repeat(self) -> bool:
        """Whether it trains a model that is there with another seed, and is no model of its own."""
        return self.origin is Origin.REPEAT

    def same_training(self, other: Proposal) -> bool:
        """Whether training both would be doing the same thing twice."""
        return (self.architecture, self.dataset, self.config) == (other.architecture, other.dataset, other.config)

    def same_but_seed(self, other: Proposal) -> bool:
        """Whether both are the same training but for the seed."""
        return self.same_training(replace(other, config=replace(other.config, seed=self.config.seed)))


@dataclass(frozen=True)
class SeedScore:
    """Validation accuracy of a model over its seeds: mean, sample standard deviation, and how many (2 or more)."""

    mean: float
    deviation: float
    seeds: int


@dataclass(frozen=True)
class Trial:
    """A proposal in the catalogue and how far it is. Times are seconds since 1970 (UTC).

    score: over the seeds of a model that was repeated, as the catalogue's readers know it; None for any other.
    """

    id: TrialId
    proposal: Proposal
    state: TrialState
    position: float
    attempt: int
    created: float
    started: float | None = None
    finished: float | None = None
    error: str | None = None
    last: EpochResult | None = None
    score: SeedScore | None = None

    @property
    def accuracy(self) -> float | None:
        """Validation accuracy: the mean of its seeds, else of its last epoch so far; None before that."""
        if self.score:
            return self.score.mean
        return self.last.validation_accuracy if self.last else None

    @property
    def model(self) -> TrialId:
        """The model that this trial is a training of: itself, or the one that it repeats."""
        repeated = self.proposal.parent if self.proposal.is_repeat else None
        return self.id if repeated is None else repeated

    @property
    def architecture(self) -> Architecture:
        """The architecture that is evaluated."""
        return self.proposal.architecture

    @property
    def epochs_done(self) -> int:
        """Epochs whose results are stored."""
        return self.last.epoch if self.last else 0

    def accuracy_text(self, otherwise: str = NOT_AVAILABLE, *, brief: bool = False) -> str:
        """Validation accuracy as a person reads it, over the seeds of a repeated model.

        otherwise: shown before the first epoch. brief: leaves out the number of seeds.
        """
        if self.score and brief:
            return f"{percent(self.score.mean)} {spread(self.score.deviation)}"
        if self.score:
            return accuracy_over_seeds(self.score.mean, self.score.deviation, self.score.seeds)
        return otherwise if self.accuracy is None else percent(self.accuracy)
