"""Classes of images as arrays: one byte for each image where that is enough, two with more classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_CLASSES = 4_096
"""Of a data set. A confusion matrix of so many takes 134 MB."""

MAX_NAME = 80
"""Characters of a class name; longer ones are cut."""

ONE_BYTE_CLASSES = 256
"""So many classes are told apart by one byte. Catalogues of before there were more hold nothing else."""

Labels = NDArray[np.unsignedinteger[Any]]
"""Classes of images, 0-based: uint8 for up to 256 classes, uint16 for more."""


def label_dtype(classes: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The type of the labels and predictions of so many classes, in memory and in files: little-endian.

    >>> label_dtype(256).name, label_dtype(257).name
    ('uint8', 'uint16')
    """
    if classes <= ONE_BYTE_CLASSES:
        return np.dtype(np.uint8)
    return np.dtype("<u2")


def as_labels(values: ArrayLike, classes: int) -> Labels:
    """Whole numbers below `classes` as labels, in the shape they have.

    >>> as_labels([2, 0], classes=3).dtype.name
    'uint8'
    """
    return np.asarray(values).astype(label_dtype(classes))


def are_labels(values: NDArray[Any]) -> bool:
    """Whether an array is (n,) and of a type that labels have."""
    return values.ndim == 1 and values.dtype in (label_dtype(1), label_dtype(MAX_CLASSES))


def shortened_names(names: Sequence[str]) -> tuple[str, ...]:
    """Class names of MAX_NAME characters at most, no two the same; `names` differ.

    >>> [len(name) for name in shortened_names(["oak", "x" * 10_000, "x" * 20_000])]
    [3, 80, 76]
    """
    shown: dict[str, None] = {}
    for place, name in enumerate(names):
        short = name
        if len(name) > MAX_NAME:
            short = f"{name[: MAX_NAME - 1]}…"
        if short in shown:
            short = f"{name[: MAX_NAME - 7]}… {place}"
        shown[short] = None
    return tuple(shown)
