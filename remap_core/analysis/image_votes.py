"""What the good models of a data set say about its validation images: labels that look wrong, and hard images.

Models vote by the classes that they predict. Nothing is trained, and it does not matter how each was trained. Confident
learning (Northcutt et al., JAIR 2021) finds wrong labels by probabilities, which the catalogue does not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidTrial
from remap_core.trials.class_labels import Labels
from remap_core.trials.population import Floats, Ints

MIN_MODELS = 5
"""With fewer models, what most of them say may be what one kind of network says."""
MAX_VOTERS = 100
"""More good models change no ranking, but take longer to read."""
CLEAR = 2 / 3
"""A class with a larger share of the votes is a clear answer."""


def better_half(accuracy: Floats) -> Ints:
    """The rows of the models that vote: the better half, rounded up, the most accurate first, at most MAX_VOTERS.

    accuracy: (m,) validation accuracies; models without one (NaN) do not count.

    >>> better_half(np.array([0.7, 0.9, float("nan"), 0.8])).tolist()
    [1, 3]
    """
    known = np.flatnonzero(~np.isnan(accuracy))
    best_first = known[np.argsort(-accuracy[known], kind="stable")]
    return best_first[: min(MAX_VOTERS, ceil(len(known) / 2))].astype(np.int64)


@dataclass(frozen=True)
class ImageVerdict:
    """The votes for one image.

    row: its place among the validation images. label: its class in the data set. other: the class, not its label, with
    most votes; of equals the first. for_label, for_other: votes. entropy: of all votes, in bits; 0 where all agree.
    """

    row: int
    label: int
    other: int
    for_label: int
    for_other: int
    entropy: float


@dataclass(frozen=True, eq=False)
class ImageVotes:
    """The votes of k models on n validation images.

    models: (k,) int64, the most accurate first. labels: (n,) classes in the data set. predictions: (k, n) classes.
    Raises InvalidTrial where the shapes do not fit.
    """

    models: Ints
    labels: Labels
    predictions: Labels

    def __post_init__(self) -> None:
        expected = (len(self.models), len(self.labels))
        if self.predictions.shape != expected or not len(self.models):
            raise InvalidTrial(
                f"Votes need one prediction of each model for each image, {expected}, but got {self.predictions.shape}."
            )

    def suspected(self) -> list[ImageVerdict]:
        """The images whose label looks wrong: one other class has more than CLEAR of the votes.

        Ranked by these votes; of equals, those with fewer votes for the label come first.
        """
        tally = self._tally
        rows = np.flatnonzero(tally.for_other > CLEAR * len(self.models))
        order = np.lexsort((rows, tally.for_label[rows], -tally.for_other[rows]))
        return self._verdicts(rows[order])

    def hard(self) -> list[ImageVerdict]:
        """The images on which models split: no class has more than CLEAR of the votes. The most entropy comes first."""
        tally = self._tally
        most = np.maximum(tally.for_other, tally.for_label)
        rows = np.flatnonzero(most <= CLEAR * len(self.models))
        order = np.lexsort((rows, -tally.entropy[rows].round(9)))
        return self._verdicts(rows[order])

    def ranking(self) -> Ints:
        """All rows (n,) int64 by the votes for one other class, as `suspected` ranks them."""
        rows = np.arange(len(self.labels))
        return np.lexsort((rows, self._tally.for_label, -self._tally.for_other)).astype(np.int64)

    def _verdicts(self, rows: NDArray[np.intp]) -> list[ImageVerdict]:
        tally = self._tally
        return [
            ImageVerdict(
                row=int(row),
                label=int(self.labels[row]),
                other=int(tally.other[row]),
                for_label=int(tally.for_label[row]),
                for_other=int(tally.for_other[row]),
                entropy=float(tally.entropy[row]),
            )
            for row in rows
        ]

    @cached_property
    def _tally(self) -> _Tally:
        return _counted(self.labels.astype(np.int64), self.predictions.astype(np.int64))


@dataclass(frozen=True, eq=False)
class _Tally:
    """Columns (n,): see `ImageVerdict`."""

    other: Ints
    for_label: Ints
    for_other: Ints
    entropy: Floats


def _counted(labels: Ints, predictions: Ints) -> _Tally:
    """Count votes by image and class. Only pairs that occur are looked at: there may be thousands of classes."""
    voters, n = predictions.shape
    classes = int(predictions.max(initial=0)) + 1
    cells, counts = np.unique(np.arange(n) * classes + predictions, return_counts=True)
    image, voted = np.divmod(cells, classes)
    share = counts / voters
    entropy = np.abs(np.bincount(image, share * np.log2(share), minlength=n))
    is_label = voted == labels[image]
    for_label = np.zeros(n, np.int64)
    for_label[image[is_label]] = counts[is_label]
    image, voted, counts = image[~is_label], voted[~is_label], counts[~is_label]
    fewest_first = np.lexsort((-voted, counts))
    other = labels.copy()
    for_other = np.zeros(n, np.int64)
    other[image[fewest_first]] = voted[fewest_first]  # of an image's classes, the last one stays
    for_other[image[fewest_first]] = counts[fewest_first]
    return _Tally(other, for_label, for_other, entropy)
