"""Prediction distance: the share of images on which two models' predicted classes differ (normalised Hamming).

Cashman et al. (TVCG 2019) compare predictions by edit distance; this is within a few percent of it, does not depend on
the order of the images, and is exact integer arithmetic on bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from remap_core.errors import InvalidDistances
from remap_core.trials.class_labels import Labels, as_labels

Words = NDArray[np.uint64]
Predictions = Sequence[ArrayLike] | NDArray[np.integer[Any]]
"""A row for each model: (images,) whole numbers 0..65535, the predicted class of each image, images in one order."""

HIGHEST = 65_535
"""The highest class: two bytes."""

BLOCK = 1 << 17
"""Words of 64 bits compared at once (1 MB: they stay in a core's cache)."""


def prediction_distances(predictions: Predictions) -> NDArray[np.float64]:
    """(n, n) float64 shares in 0..1; symmetric, 0 on the diagonal.

    >>> prediction_distances([[0, 1, 2, 2], [0, 1, 2, 1], [1, 1, 2, 1]]).tolist()
    [[0.0, 0.25, 0.5], [0.25, 0.0, 0.25], [0.5, 0.25, 0.0]]
    """
    return PredictionIndex(predictions).distances()


def prediction_distances_to(
    newcomers: Predictions,
    others: Predictions,
) -> NDArray[np.float64]:
    """(m, n) float64 shares of images on which each new model differs from each of the others.

    For new models that come one by one to the same others, keep a `PredictionIndex` of the others.
    """
    return PredictionIndex(others).distances_to(newcomers)


class PredictionIndex:
    """Models' predictions prepared for distances: one plane per bit of the class, 64 images per word.

    Raises InvalidDistances for predictions of different length, without images, or outside 0..65535.
    """

    def __init__(self, predictions: Predictions = ()) -> None:
        self._images: int | None = None
        self._planes: Words = np.zeros((1, 0, 0), np.uint64)  # (bits, n, words)
        self.add(predictions)

    def __len__(self) -> int:
        return int(self._planes.shape[1])

    def add(self, predictions: Predictions) -> None:
        """Append models."""
        rows = _checked(predictions, self._images)
        if not len(rows):
            return
        new = _bit_planes(rows)
        if len(self):
            planes = _of_equal_bits(self._planes, new)
            self._planes = np.concatenate(planes, axis=1)
        else:
            self._planes = new
        self._images = rows.shape[1]

    def distances(self) -> NDArray[np.float64]:
        """(n, n) float64 between all models of the index."""
        counts = _count_all_pairs(self._planes)
        return self._shares(counts)

    def distances_to(self, newcomers: Predictions) -> NDArray[np.float64]:
        """(m, n) float64 from each new model to all models of the index. The new models are not added."""
        rows = _checked(newcomers, self._images)
        if not len(rows) or not len(self):
            return np.zeros((len(rows), len(self)))
        new = _bit_planes(rows)
        new, old = _of_equal_bits(new, self._planes)
        return self._shares(_count_pairs(new, old))

    def _shares(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        images = self._images or 1
        return np.asarray(counts / images)


def _checked(
    predictions: Predictions,
    images: int | None,
) -> Labels:
    rows = [np.asarray(row) for row in predictions]
    if not rows:
        return np.zeros((0, images or 0), np.uint8)
    if images is None and rows[0].ndim == 1:
        images = len(rows[0])
    for row in rows:
        if row.ndim != 1 or len(row) != images:
            raise InvalidDistances(f"Predictions must be rows of one length, but got {_lengths(rows, images)}.")
        if not images:
            raise InvalidDistances("Predictions must be of at least one image, but got none.")
        if not _are_classes(row):
            raise InvalidDistances(
                f"Predicted classes must be whole numbers from 0 to {HIGHEST}, but got {_example(row)}."
            )
    highest = max(int(row.max()) for row in rows)
    return as_labels(rows, highest + 1)


def _are_classes(row: NDArray[Any]) -> bool:
    is_whole = row.dtype.kind in "biu"
    return bool(is_whole and row.min() >= 0 and row.max() <= HIGHEST)


def _lengths(rows: list[NDArray[np.generic]], images: int | None) -> str:
    shapes = {row.shape for row in rows}
    if images is not None:
        shapes.add((images,))
    texts = [_shape_text(shape) for shape in sorted(shapes)]
    return " and ".join(texts)


def _shape_text(shape: tuple[int, ...]) -> str:
    sizes = map(str, shape)
    return " x ".join(sizes) or "a single number"


def _example(row: NDArray[np.generic]) -> str:
    """The type of the row, or its number that is out of range."""
    if row.dtype.kind not in "biu":
        return str(row.dtype)
    lowest = row.min()
    if lowest < 0:
        return str(lowest)
    return str(row.max())


def _bit_planes(rows: Labels) -> Words:
    """(bits, n, words): plane k holds bit k of every class; the last word is padded with zeros."""
    _, images = rows.shape
    missing = -images % 64
    padded = np.pad(rows, ((0, 0), (0, missing)))
    highest = int(rows.max())
    planes = []
    for bit in range(max(1, highest.bit_length())):
        values = padded >> bit & 1
        octets = np.packbits(values, axis=1)
        planes.append(octets.view(np.uint64))
    return np.stack(planes)


def _of_equal_bits(one: Words, other: Words) -> tuple[Words, Words]:
    """Both with as many planes as the longer has."""
    bits = max(len(one), len(other))
    return _padded(one, bits), _padded(other, bits)


def _padded(planes: Words, bits: int) -> Words:
    missing = bits - len(planes)
    no_padding = (0, 0)
    return np.pad(planes, ((0, missing), no_padding, no_padding))


def _count_pairs(rows: Words, columns: Words) -> NDArray[np.int64]:
    """(n, m) counts of images whose classes differ."""
    _, n, _ = rows.shape
    _, m, _ = columns.shape
    counts = np.zeros((n, m), np.int64)
    for block in _column_blocks(columns):
        others = columns[:, block]
        for row in range(n):
            model = rows[:, row]
            counts[row, block] = _count(model, others)
    return counts


def _count_all_pairs(planes: Words) -> NDArray[np.int64]:
    """(n, n) counts of images whose classes differ; each pair is counted once and mirrored."""
    _, n, _ = planes.shape
    counts = np.zeros((n, n), np.int64)
    for block in _column_blocks(planes):
        for row in range(block.stop):
            first = max(row, block.start)
            columns = slice(first, block.stop)
            model = planes[:, row]
            counts[row, columns] = _count(model, planes[:, columns])
    counts += np.triu(counts, 1).T
    return counts


def _column_blocks(planes: Words) -> list[slice]:
    """Runs of columns of about BLOCK words in all planes."""
    bits, n, words = planes.shape
    size = max(1, bits * words)
    width = max(1, BLOCK // size)
    blocks = []
    for left in range(0, n, width):
        right = min(left + width, n)
        blocks.append(slice(left, right))
    return blocks


def _count(model: Words, others: Words) -> NDArray[np.uint32]:
    """(m,) counts of images whose classes differ. model: (bits, words); others: (bits, m, words)."""
    differs = others[0] ^ model[0]
    for bit in range(1, len(model)):
        differs |= others[bit] ^ model[bit]
    bit_counts = np.bitwise_count(differs)
    return np.asarray(bit_counts.sum(axis=1, dtype=np.uint32))
