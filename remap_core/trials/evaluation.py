"""The results of a training: epochs, evaluation, latency, and the score on the sealed test images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remap_core.trials.class_labels import Labels


@dataclass(frozen=True)
class EpochResult:
    """One epoch (1-based): mean losses per image, accuracies in 0..1, and its duration in seconds."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one forward pass with a batch of 1 and of 256, and the device they were measured on."""

    batch_1_ms: float
    batch_256_ms: float
    device: str
    threads: int
    dtype: str = "float32"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A finished model's predictions for the validation images, and its latency.

    confusion: (classes, classes) int64 counts, rows are true classes, columns predicted ones.
    predictions: (n,), predicted class of each validation image, in the data set's order.
    """

    confusion: NDArray[np.int64]
    predictions: Labels
    latency: Latency

    @property
    def accuracy(self) -> float:
        """The share of validation images that are classified correctly."""
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))

    @property
    def class_accuracy(self) -> NDArray[np.float64]:
        """(classes,) float64 share of each class's images that are classified correctly; NaN for an empty class."""
        images = self.confusion.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.diag(self.confusion) / images, dtype=np.float64)


@dataclass(frozen=True)
class SealedScore:
    """A model's score on the sealed test images: correct classifications, and mean cross-entropy in nats."""

    images: int
    right: int
    loss: float

    @property
    def accuracy(self) -> float:
        """The share of the images that are classified correctly."""
        return self.right / self.images


@dataclass(frozen=True)
class SealedTest:
    """A request for a score on the sealed test images, made at `asked`; once finished, with a score or an error."""

    asked: float
    finished: float | None = None
    score: SealedScore | None = None
    error: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the score is still missing."""
        return self.finished is None
