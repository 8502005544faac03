"""Which images train, validate and test: fixed for each data set, so that all of its models are comparable."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEED = 2019
MIN_IMAGES_PER_CLASS = 7
"""With fewer images of a class, 15 % of them is less than one."""

_TRAIN, _VALIDATION, _TEST = range(3)
_ROLES = np.array([0, 0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0])
"""Role of the first, second, ... image of a class, over and over: 70 % train, 15 % validation, 15 % test."""


class Split(NamedTuple):
    """Rows of a data set, each (m,) and rising; no row is in two of them."""

    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    test: NDArray[np.intp]


def split_by_class(labels: NDArray[np.uint8], counts: NDArray[np.int64]) -> Split:
    """The split of the first `counts[c]` images of each class c, in a fixed random order of that class.

    labels: (n,). counts: (classes,), each at most the class's images.
    Every class is divided 70 / 15 / 15 within one image. An image has the same role whatever the counts are: what
    trains a model of a subset is never among the sealed test images of the whole.
    """
    rows = [_shuffled_rows(labels, label)[:count] for label, count in enumerate(counts)]
    roles = np.concatenate([np.resize(_ROLES, len(of_class)) for of_class in rows])
    chosen = np.concatenate(rows)
    return Split(*(np.sort(chosen[roles == role]) for role in (_TRAIN, _VALIDATION, _TEST)))


def balanced_counts(n: int, classes: int) -> NDArray[np.int64]:
    """(classes,) int64 how many images of each class make n in all; the first classes take what is left over.

    >>> balanced_counts(32, 10).tolist()
    [4, 4, 3, 3, 3, 3, 3, 3, 3, 3]
    """
    return n // classes + (np.arange(classes) < n % classes).astype(np.int64)


def _shuffled_rows(labels: NDArray[np.uint8], label: int) -> NDArray[np.intp]:
    # RandomState, not Generator: numpy promises that its stream never changes, and stored predictions rely on it
    return np.random.RandomState([SEED, label]).permutation(np.flatnonzero(labels == label))
