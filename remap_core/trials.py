"""Trials: one evaluation of one architecture under one training configuration, and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Edit

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

MOST_REPEATS = 10
"""Further seeds that one model is trained with at most, at one request."""


class Place(StrEnum):
    """Where a waiting trial can be moved in the queue."""

    TOP = "top"
    UP = "up"
    DOWN = "down"
    BOTTOM = "bottom"


@dataclass(frozen=True)
class TrainingConfig:
    """How a trial is trained: Adam on cross-entropy, learning rate multiplied by `decay` after every epoch.

    It ends before its last epoch once `patience` epochs in a row (0: however many) had no lower validation loss than
    the best before them. The defaults are the paper's recipe. Raises InvalidTrial with the rule and the value.
    """

    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    decay: float = 0.75
    seed: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        for name, low in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("patience", 0)):
            value = getattr(self, name)
            if type(value) is not int or value < low:
                raise InvalidTrial(f"{name} must be a whole number of at least {low}, but got {value!r}.")
        for name in ("learning_rate", "decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
                raise InvalidTrial(f"0 < {name} <= 1 must hold, but got {value!r}.")
            object.__setattr__(self, name, float(value))

    @staticmethod
    def fitting_batch(images: int) -> int:
        """Largest power of two, 16 to 256, that gives an epoch of so many images at least 100 steps.

        The paper's 256 is for 160,000 images; with five steps an epoch nothing is learnt in ten of them.

        >>> [TrainingConfig.fitting_batch(images) for images in (1_257, 5_600, 160_000)]
        [16, 32, 256]
        """
        return 1 << min(8, max(4, int(log2(max(images, 100) / 100))))

    def to_json(self) -> dict[str, Any]:
        """The stored form; without patience as it was before there was such a thing."""
        form = asdict(self)
        if not self.patience:
            del form["patience"]
        return form

    def is_over(self, validation_losses: Sequence[float]) -> bool:
        """Whether a training with these losses, one for each epoch so far, is at its end.

        >>> config = TrainingConfig(epochs=9, patience=2)
        >>> config.is_over([0.5, 0.4, 0.45]), config.is_over([0.5, 0.4, 0.45, 0.4])
        (False, True)
        """
        done = len(validation_losses)
        if not self.patience or not done:
            return done >= self.epochs
        best = min(range(done), key=validation_losses.__getitem__)
        return done >= self.epochs or done - 1 - best >= self.patience

    @classmethod
    def from_json(cls, form: object) -> TrainingConfig:
        """The configuration of its stored form; raises InvalidTrial where it is none."""
        if not isinstance(form, dict) or not form.keys() <= cls.__dataclass_fields__.keys():
            raise InvalidTrial(f"A training configuration has {', '.join(cls.__dataclass_fields__)}, but got {form!r}.")
        return cls(**form)


@dataclass(frozen=True)
class Proposal:
    """What is asked for when a trial is enqueued. `batch` names the trials that were asked for together.

    A repeat names the model that it repeats as its parent and has no edits; raises InvalidTrial for any other.
    """

    architecture: Architecture
    dataset: str
    config: TrainingConfig = TrainingConfig()
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
class EpochResult:
    """One epoch (1-based): mean losses per image, accuracies in 0..1, and how long it took in seconds."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Latency:
    """Measured milliseconds for one forward pass of a batch of 1 and of 256, and on what it was measured."""

    batch_1_ms: float
    batch_256_ms: float
    device: str
    threads: int
    dtype: str = "float32"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a finished model does on the validation images.

    confusion: (classes, classes) int64, rows gold, columns predicted, counts.
    predictions: (n,) uint8, predicted class of each validation image, in the data set's order.
    """

    confusion: NDArray[np.int64]
    predictions: NDArray[np.uint8]
    latency: Latency

    @property
    def accuracy(self) -> float:
        """Share of validation images that are classified rightly."""
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))

    @property
    def class_accuracy(self) -> NDArray[np.float64]:
        """(classes,) float64 share of each class's images that are classified rightly; NaN for a class without any."""
        gold = self.confusion.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.diag(self.confusion) / gold, dtype=np.float64)


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


@dataclass(frozen=True)
class SealedScore:
    """What a model does on the sealed test images: how many it has right, and its mean cross-entropy in nats."""

    images: int
    right: int
    loss: float

    @property
    def accuracy(self) -> float:
        """Share of the images that are classified rightly."""
        return self.right / self.images


@dataclass(frozen=True)
class SealedTest:
    """A request to score a model on the sealed test images: when, and its score or why there is none, once finished."""

    asked: float
    finished: float | None = None
    score: SealedScore | None = None
    error: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it still waits for its score."""
        return self.finished is None


@dataclass(frozen=True, eq=False)
class DatasetCard:
    """What the app knows of a data set without loading it.

    split: counts of train, validation and test images. validation_labels: (n,) uint8, gold classes.
    examples: (classes, m, height, width, channels) uint8, m validation-free sample images of each class.
    """

    name: str
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    split: tuple[int, int, int]
    validation_labels: NDArray[np.uint8]
    examples: NDArray[np.uint8]

    @property
    def classes(self) -> int:
        """Count of classes."""
        return len(self.class_names)
