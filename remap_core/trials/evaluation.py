"""What comes out of a training: epochs, evaluation, latency, and the score on the sealed test images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
