"""Pairs of classes that the good models confuse: all of them, a limit of the data, or not all, one of architectures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remap_core.analysis.image_votes import ImageVotes
from remap_core.errors import InvalidTrial
from remap_core.trials.population import Ints
from remap_core.trials.trial import TrialId

MIN_IMAGES = 2
MIN_SHARE = 0.02
"""Two classes are confused where models read so many of their images, and such a share, as the other on average."""
MAX_PAIRS = 50
"""Pairs that are looked at, the most confused ones."""
FEWER = 0.5
"""A model tells two classes apart where it confuses at most this share of what the good models do on average."""
ALPHA = 0.05
"""Of all pairs together: each is tested at this, divided by their number (Bonferroni)."""


@dataclass(frozen=True)
class ClassPair:
    """Two classes that models confuse.

    first, second: classes; images of the first are read as the second more often than the other way. images: of both
    classes. first_as_second, second_as_first: images, means over the good models. best: the model that confuses the
    fewest of them, `fewest`; of equals, the most accurate.
    """

    first: int
    second: int
    images: int
    first_as_second: float
    second_as_first: float
    best: TrialId
    fewest: int

    @property
    def mean(self) -> float:
        """Images that are read as the other class, both ways, mean over the good models."""
        return self.first_as_second + self.second_as_first


@dataclass(frozen=True)
class ConfusedPairs:
    """Pairs of classes, the most confused first.

    limits_of_data: even the best good model confuses them more than half as often as they all do on average.
    limits_of_architecture: the best confuses at most half as many, and models differ by more than chance (Cochran's Q).
    undecided: number of pairs that the best tells apart, but which have too few images to say that this is no chance.
    """

    limits_of_data: tuple[ClassPair, ...]
    limits_of_architecture: tuple[ClassPair, ...]
    undecided: int


def confused_pairs(votes: ImageVotes) -> ConfusedPairs:
    """The pairs of classes that the models confuse, both ways together: who calls everything a cat knows no dogs."""
    limits_of_data = []
    limits_of_architecture = []
    undecided = 0
    candidates = _candidates(votes)
    for first, second in candidates:
        pair, p = _judged(votes, first, second)
        if pair.fewest > FEWER * pair.mean:
            limits_of_data.append(pair)
        elif p < ALPHA / len(candidates):
            limits_of_architecture.append(pair)
        else:
            undecided += 1
    return ConfusedPairs(tuple(limits_of_data), tuple(limits_of_architecture), undecided)


def cochrans_q_p(outcomes: NDArray[np.bool_]) -> float:
    """The p of Cochran's Q: how probable models that are equally good differ so much on the same images.

    outcomes: (k, n) bool, of k models on n images. For two models it is McNemar's test without correction
    (Cochran, Biometrika 1950). 1 where no image tells models apart. Raises InvalidTrial for fewer than two models.

    >>> models = np.array([[True] * 8 + [False] * 2, [False] * 10])
    >>> round(cochrans_q_p(models), 4)
    0.0047
    """
    from scipy.special import chdtrc  # noqa: PLC0415 (takes a while, which the first page need not wait for)

    k = len(outcomes)
    if k < 2:
        raise InvalidTrial(f"Cochran's Q compares at least 2 models, but got {k}.")
    of_model = outcomes.sum(axis=1, dtype=np.float64)
    of_image = outcomes.sum(axis=0, dtype=np.float64)
    total = of_model.sum()
    spread = k * total - (of_image**2).sum()
    if not spread:
        return 1.0
    q = (k - 1) * (k * (of_model**2).sum() - total**2) / spread
    return float(chdtrc(k - 1, q))


def _candidates(votes: ImageVotes) -> list[tuple[int, int]]:
    """Pairs of classes (smaller, larger) that are confused often enough, the most often first, at most MAX_PAIRS."""
    labels = votes.labels.astype(np.int64)
    predictions = votes.predictions.astype(np.int64)
    classes = int(max(labels.max(initial=0), predictions.max(initial=0))) + 1
    smaller = np.minimum(labels, predictions)
    larger = np.maximum(labels, predictions)
    is_wrong = predictions != labels
    cells, counts = np.unique((smaller * classes + larger)[is_wrong], return_counts=True)
    first, second = np.divmod(cells, classes)
    images = np.bincount(labels, minlength=classes)
    mean = counts / len(votes.models)
    share = mean / (images[first] + images[second])
    is_confused = (mean >= MIN_IMAGES) & (share >= MIN_SHARE)
    order = np.lexsort((cells[is_confused], -mean[is_confused]))[:MAX_PAIRS]
    return list(_pairs(first[is_confused][order], second[is_confused][order]))


def _pairs(first: Ints, second: Ints) -> Iterator[tuple[int, int]]:
    return zip(first.tolist(), second.tolist(), strict=True)


def _judged(votes: ImageVotes, smaller: int, larger: int) -> tuple[ClassPair, float]:
    """A pair of classes, and Cochran's p that the models are equally good at telling them apart."""
    in_pair = votes.labels == smaller
    rows = np.flatnonzero(in_pair | (votes.labels == larger))
    labels = votes.labels[rows]
    predictions = votes.predictions[:, rows]
    as_larger = (labels == smaller) & (predictions == larger)  # (k, images)
    as_smaller = (labels == larger) & (predictions == smaller)
    is_confused = as_larger | as_smaller
    confused = is_confused.sum(axis=1)
    best = int(confused.argmin())  # the first of equals, and models are sorted by accuracy
    upwards = float(as_larger.sum(axis=1).mean())
    downwards = float(as_smaller.sum(axis=1).mean())
    first, second = smaller, larger
    if downwards > upwards:
        first, second, upwards, downwards = larger, smaller, downwards, upwards
    pair = ClassPair(first, second, len(rows), upwards, downwards, int(votes.models[best]), int(confused[best]))
    return pair, cochrans_q_p(is_confused)
