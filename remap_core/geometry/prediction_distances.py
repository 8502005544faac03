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

Words = NDArray[np.uint64]
Predictions = Sequence[ArrayLike] | NDArray[np.integer[Any]]
"""A row for each model: (images,) whole numbers 0..255, the predicted class of each image, images in one order."""

BLOCK = 1 << 17
"""Words of 64 bits that are compared at once (1 MB: they stay in a core's cache)."""


def prediction_distances(predictions: Predictions) -> NDArray[np.float64]:
    """(n, n) float64 shares in 0..1; symmetric, 0 on the diagonal.

    >>> prediction_distances([[0, 1, 2, 2], [0, 1, 2, 1], [1, 1, 2, 1]]).tolist()
    [[0.0, 0.25, 0.5], [0.25, 0.0, 0.25], [0.5, 0.25, 0.0]]
    """
    return PredictionIndex(predictions).distances()


def prediction_distances_to(newcomers: Predictions, others: Predictions) -> NDArray[np.float64]:
    """(m, n) float64 shares of images on which each newcomer differs from each of the others.

    Where the others stay and newcomers come one by one, keep a `PredictionIndex` of the others.
    """
    return PredictionIndex(others).distances_to(newcomers)


class PredictionIndex:
    """Models' predictions made ready for distances: 1 bit of each image's class a plane, 64 images a word.

    Raises InvalidDistances for predictions of different length, without images, or that are not 0..255.
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
        if len(rows):
            new = _bit_planes(rows)
            old = self._planes if len(self) else np.zeros((1, 0, new.shape[2]), np.uint64)
            bits = max(len(old), len(new))
            self._planes = np.concatenate((_with_bits(old, bits), _with_bits(new, bits)), axis=1)
            self._images = rows.shape[1]

    def distances(self) -> NDArray[np.float64]:
        """(n, n) float64 between all that were added."""
        counts = _differing(self._planes, self._planes, mirrored=True)
        counts += np.triu(counts, 1).T
        return np.asarray(counts / (self._images or 1))

    def distances_to(self, newcomers: Predictions) -> NDArray[np.float64]:
        """(m, n) float64 from each newcomer to all that were added. The newcomers are not added."""
        rows = _checked(newcomers, self._images)
        if not len(rows) or not len(self):
            return np.zeros((len(rows), len(self)))
        new = _bit_planes(rows)
        bits = max(len(new), len(self._planes))
        counts = _differing(_with_bits(new, bits), _with_bits(self._planes, bits), mirrored=False)
        return np.asarray(counts / (self._images or 1))


def _checked(predictions: Predictions, images: int | None) -> NDArray[np.uint8]:
    rows = [np.asarray(row) for row in predictions]
    for row in rows:
        images = len(row) if images is None and row.ndim == 1 else images
        if row.ndim != 1 or len(row) != images:
            raise InvalidDistances(f"Predictions must be rows of one length, but got {_lengths(rows, images)}.")
        if not images:
            raise InvalidDistances("Predictions must be of at least one image, but got none.")
        if row.dtype.kind not in "biu" or row.min() < 0 or row.max() > 255:
            raise InvalidDistances(f"Predicted classes must be whole numbers from 0 to 255, but got {_sample(row)}.")
    return np.array(rows, np.uint8) if rows else np.zeros((0, images or 0), np.uint8)


def _lengths(rows: list[NDArray[np.generic]], images: int | None) -> str:
    shapes = sorted({row.shape for row in rows} | ({(images,)} if images is not None else set()))
    return " and ".join(" x ".join(map(str, shape)) or "a single number" for shape in shapes)


def _sample(row: NDArray[np.generic]) -> str:
    if row.dtype.kind not in "biu":
        return f"{row.dtype}"
    return str(row.min() if row.min() < 0 else row.max())


def _bit_planes(rows: NDArray[np.uint8]) -> Words:
    """(bits, n, words): plane k holds bit k of every class; the last word is filled up with zeros."""
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 64)))
    bits = max(1, int(rows.max()).bit_length())
    return np.stack([np.packbits(padded >> bit & 1, axis=1).view(np.uint64) for bit in range(bits)])


def _with_bits(planes: Words, bits: int) -> Words:
    return np.pad(planes, ((0, bits - len(planes)), (0, 0), (0, 0)))


def _differing(one: Words, other: Words, *, mirrored: bool) -> NDArray[np.int64]:
    """(n, m) counts of images whose classes differ; if mirrored, only those above the diagonal."""
    bits, columns, words = other.shape
    counts = np.zeros((one.shape[1], columns), np.int64)
    width = max(1, BLOCK // max(1, bits * words))
    for left in range(0, columns, width):
        block = other[:, left : left + width]
        for row in range(min(one.shape[1], left + width) if mirrored else one.shape[1]):
            skipped = max(0, row - left) if mirrored else 0
            differs = block[0, skipped:] ^ one[0, row]
            for plane in range(1, bits):
                differs |= block[plane, skipped:] ^ one[plane, row]
            counts[row, left + skipped : left + width] = np.bitwise_count(differs).sum(axis=1, dtype=np.uint32)
    return counts
