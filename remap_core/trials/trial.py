"""Trials: one evaluation of one architecture under one training configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from remap_core.errors import InvalidTrial
from remap_core.formatting import NOT_AVAILABLE, accuracy_over_seeds, percent, spread
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Edit
from remap_core.space.markov.search_space import require_name
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
        """Whether the trial has ended: it changes only when a person retries it."""
        return self not in (TrialState.WAITING, TrialState.RUNNING)

    @property
    def clause(self) -> str:
        """What is so in this state, for the end of a sentence.

        >>> TrialState.COMPLETE.clause
        'it has already finished'
        """
        return _CLAUSES[self]


_CLAUSES = {
    TrialState.WAITING: "it is still waiting",
    TrialState.RUNNING: "it is already running",
    TrialState.COMPLETE: "it has already finished",
    TrialState.PRUNED: "it was pruned",
    TrialState.FAILED: "it has failed",
    TrialState.CANCELLED: "it was already cancelled",
}


def finished_of(states: Mapping[TrialState, int]) -> tuple[int, int]:
    """How many trials have ended, and how many there are. states: number of trials in each state.

    >>> finished_of({TrialState.WAITING: 2, TrialState.COMPLETE: 3, TrialState.FAILED: 1})
    (4, 6)
    """
    finished = sum(number for state, number in states.items() if state.is_finished())
    return finished, sum(states.values())


class Origin(StrEnum):
    """How a trial was created."""

    INITIAL = "initial"
    ABLATION = "ablation"
    VARIATION = "variation"
    HANDCRAFTED = "handcrafted"
    REPEAT = "repeat"
    FINISH = "finish"


RETRAININGS = (Origin.REPEAT, Origin.FINISH)
"""Not models, but further trainings of one: with another seed, or long and from its weights, to be shipped."""
MODEL_ORIGINS = tuple(origin for origin in Origin if origin not in RETRAININGS)
"""The origins of models."""

MAX_REPEATS = 10
"""Additional seeds that one request may train a model with."""


class Place(StrEnum):
    """Where a waiting trial can be moved to in the queue."""

    TOP = "top"
    UP = "up"
    DOWN = "down"
    BOTTOM = "bottom"


@dataclass(frozen=True)
class Proposal:
    """A training that is proposed to the queue. `batch` is shared by the trials of one request.

    space: name of the search space that the first models of its lineage were sampled from; empty where none is known.
    suggested: whether the machine chose it, and not a person; how it was made is still its origin.
    The parent of a repeat or a finish is the model that it trains again, without edits. A finish starts from its
    parent's weights, a child may, nothing else does. Raises InvalidTrial otherwise, and InvalidSpace for a name that no
    space can have.
    """

    architecture: Architecture
    dataset: str
    config: TrainingConfig = field(default_factory=TrainingConfig)
    origin: Origin = Origin.INITIAL
    parent: TrialId | None = None
    edits: tuple[Edit, ...] = ()
    batch: str = ""
    space: str = ""
    suggested: bool = False

    def __post_init__(self) -> None:
        if self.space:
            require_name("space", self.space)
        if self.is_retraining and (self.parent is None or self.edits):
            raise InvalidTrial(
                f"A {self.origin} must have a parent and no edits, "
                f"but got parent {self.parent} and {len(self.edits)} edits."
            )
        self._require_start(self.config.start)

    def _require_start(self, start: TrialId | None) -> None:
        if self.origin is Origin.FINISH and start != self.parent:
            raise InvalidTrial(f"A finish must start from its parent's weights, {self.parent}, but got {start}.")
        if start is not None and self.is_repeat:
            raise InvalidTrial(f"A repeat must start from new weights, but got those of {start}.")
        if start not in (None, self.parent):
            raise InvalidTrial(f"A child may start from its parent's weights, {self.parent}, but got {start}.")

    @property
    def inherits(self) -> bool:
        """Whether it is a model that starts from its parent's weights."""
        return self.config.start is not None and not self.is_retraining

    @property
    def is_repeat(self) -> bool:
        """Whether it trains an existing model with another seed, and so is not a model itself."""
        return self.origin is Origin.REPEAT

    @property
    def is_retraining(self) -> bool:
        """Whether it trains an existing model again, and so is not a model itself."""
        return self.origin in RETRAININGS

    def same_training(self, other: Proposal) -> bool:
        """Whether both are the same training: one of them is enough."""
        return self.architecture == other.architecture and self.dataset == other.dataset and self.config == other.config

    def same_but_seed(self, other: Proposal) -> bool:
        """Whether both are the same training except for the seed."""
        config = replace(other.config, seed=self.config.seed)
        return self.same_training(replace(other, config=config))


@dataclass(frozen=True)
class SeedScore:
    """Validation accuracy of a model over its seeds: mean, sample standard deviation, and count (2 or more)."""

    mean: float
    deviation: float
    seeds: int


@dataclass(frozen=True)
class Trial:
    """A proposal in the catalogue and its progress. Times are seconds since 1970 (UTC).

    score: over the seeds of a repeated model, set by the catalogue's readers; None for all others.
    owner: name of the person who queued it; empty where nobody signed in.
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
    owner: str = ""

    @property
    def accuracy(self) -> float | None:
        """Validation accuracy: the mean over the seeds, or else of the last epoch so far; None before the first."""
        if self.score:
            return self.score.mean
        if self.last:
            return self.last.validation_accuracy
        return None

    @property
    def model(self) -> TrialId:
        """The model that this trial trains: itself, or the one that it trains again."""
        if self.proposal.is_retraining and self.proposal.parent is not None:
            return self.proposal.parent
        return self.id

    @property
    def architecture(self) -> Architecture:
        """The architecture that is trained."""
        return self.proposal.architecture

    @property
    def epochs_done(self) -> int:
        """The number of epochs whose results are stored."""
        if self.last is None:
            return 0
        return self.last.epoch

    def accuracy_text(self, otherwise: str = NOT_AVAILABLE, *, brief: bool = False) -> str:
        """Format the validation accuracy, with the spread over the seeds of a repeated model.

        otherwise: shown before the first epoch. brief: leaves out the number of seeds.
        """
        if self.accuracy is None:
            return otherwise
        if self.score is None:
            return percent(self.accuracy)
        if brief:
            return f"{percent(self.score.mean)} {spread(self.score.deviation)}"
        return accuracy_over_seeds(self.score.mean, self.score.deviation, self.score.seeds)
