"""Which images train, validate and test: fixed per data set, which makes its models comparable."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.trials.class_labels import Labels

Rows = NDArray[np.intp]
"""(m,) of a data set, or of a source."""
Parts = NDArray[np.uint8]
"""(n,) the `Part` of each image."""

SEED = 2019
MIN_IMAGES_PER_CLASS = 7
"""15 % of fewer images is less than one."""


class Part(IntEnum):
    """What an image is for."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2
    UNKNOWN = 255

    @property
    def title(self) -> str:
        """The part in a sentence."""
        return {0: "training", 1: "validation", 2: "test"}.get(self, "other")


_ROLES = np.array([0, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0])
"""Roles of the images of a class in turn, repeated: 70 % train, 15 % validation, 15 % test."""


class Split(NamedTuple):
    """Rows of a data set, each (m,) and ascending; no row is in two parts."""

    train: Rows
    validation: Rows
    test: Rows


def split_by_class(labels: Labels, counts: NDArray[np.int64]) -> Split:
    """Split the first `counts[c]` images of each class c, in a fixed random order of that class.

    labels: (n,). counts: (classes,), each at most the number of the class's images.
    Every class is split 70 / 15 / 15 to within one image. An image has the same role for all counts: no training image
    of a subset is among the sealed test images of the full data set.
    """
    rows_by_class = []
    roles_by_class = []
    for label, count in enumerate(counts):
        class_rows = shuffled_rows(labels, label)[:count]
        rows_by_class.append(class_rows)
        roles_by_class.append(np.resize(_ROLES, len(class_rows)))
    rows = np.concatenate(rows_by_class)
    roles = np.concatenate(roles_by_class)
    return Split(
        train=np.sort(rows[roles == Part.TRAIN]),
        validation=np.sort(rows[roles == Part.VALIDATION]),
        test=np.sort(rows[roles == Part.TEST]),
    )


def parts_of(
    labels: NDArray[np.integer],
    classes: int,
    given: Parts | None,
    seed: int = SEED,
) -> Parts:
    """(n,) the `Part` of each image: as given, and 15 % of each class's training images for a part that is missing.

    labels: (n,). given: (n,) parts, None or UNKNOWN where the source says nothing; unknown ones are training images.
    """
    parts = np.full(len(labels), Part.TRAIN, np.uint8)
    if given is not None:
        parts = np.where(given == Part.UNKNOWN, Part.TRAIN, given).astype(np.uint8)
    missing = [part for part in (Part.VALIDATION, Part.TEST) if not (parts == part).any()]
    roles = np.where(np.isin(_ROLES, missing), _ROLES, Part.TRAIN)
    for label in range(classes):
        rows = np.flatnonzero((labels == label) & (parts == Part.TRAIN))
        shuffled = np.random.RandomState([seed, label]).permutation(rows)
        parts[shuffled] = np.resize(roles, len(rows))
    return parts


def balanced_counts(n: int, classes: int) -> NDArray[np.int64]:
    """(classes,) int64: how many images of each class make n in total. The first classes take the remainder.

    >>> balanced_counts(32, 10).tolist()
    [4, 4, 3, 3, 3, 3, 3, 3, 3, 3]
    """
    share, remainder = divmod(n, classes)
    gets_one_more = np.arange(classes) < remainder
    return share + gets_one_more.astype(np.int64)


def stratified_rows(labels: Labels, parts: Parts, label: int) -> Rows:
    """The rows of a class in a random order, always the same, whose beginnings have each part in its proportion."""
    rows = shuffled_rows(labels, label)
    progress = np.empty(len(rows))
    for part in np.unique(parts[rows]):
        in_part = parts[rows] == part
        number = np.count_nonzero(in_part)
        progress[in_part] = (np.arange(number) + 0.5) / number
    return rows[np.argsort(progress, kind="stable")]


def shuffled_rows(labels: NDArray[np.integer], label: int) -> Rows:
    """The rows of a class in a random order that is always the same."""
    rows = np.flatnonzero(labels == label)
    # RandomState, not Generator: numpy guarantees that its stream never changes, and stored predictions rely on it
    return np.random.RandomState([SEED, label]).permutation(rows)
