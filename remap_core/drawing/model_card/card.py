"""The content of a model card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from remap_core.analysis.wilson import wilson_interval
from remap_core.space.architecture import Architecture
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation, SealedScore
from remap_core.trials.trial import Trial

UNKNOWN_LICENCE = "not stated"


class Interval(NamedTuple):
    """A share (0..1) of counted images with its 95 % interval."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, right: int, images: int) -> Interval:
        """The share of `right` among the images, NaN without any."""
        share = right / images if images else float("nan")
        return cls(share, *wilson_interval(right, images))


class ClassResult(NamedTuple):
    """How a class is predicted. recall: of its images; precision: of what is predicted as it."""

    name: str
    images: int
    recall: Interval
    precision: Interval


class CardFile(NamedTuple):
    """A file that the card is about: its size, how it does on all validation images, and a loss not to be missed."""

    title: str
    size: int | None
    sentence: str
    warning: str = ""


class Memory(NamedTuple):
    """Bytes of RAM for activations and of flash for the file."""

    title: str
    ram: int
    flash: int


@dataclass(frozen=True, eq=False)
class ModelCard:
    """The content of a card.

    training: the one whose weights are exported, the trial itself or one that finished it. steps: the lineage, oldest
    first, in words. preparation: what is done with a photo. written: the date. licence: as typed, empty for none.
    """

    trial: Trial
    training: Trial
    dataset: DatasetCard
    evaluation: Evaluation
    preparation: str
    written: str
    licence: str = ""
    sealed: SealedScore | None = None
    steps: Sequence[str] = ()
    files: Sequence[CardFile] = ()
    memory: Sequence[Memory] = ()

    @property
    def architecture(self) -> Architecture:
        """The model's."""
        return self.trial.architecture

    @property
    def accuracy(self) -> Interval:
        """On the validation images."""
        confusion = self.evaluation.confusion
        return Interval.of(int(confusion.trace()), int(confusion.sum()))

    @property
    def class_results(self) -> Iterator[ClassResult]:
        """One per class, in the data set's order."""
        confusion = self.evaluation.confusion
        for label, name in enumerate(self.dataset.class_names):
            right = int(confusion[label, label])
            images = int(confusion[label].sum())
            predicted = int(confusion[:, label].sum())
            yield ClassResult(name, images, Interval.of(right, images), Interval.of(right, predicted))
