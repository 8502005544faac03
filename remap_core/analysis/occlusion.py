"""What parts of an image speak for a class: how its probability changes while a patch hides each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

MAX_PATCHES = 256
"""Places of the patch: as many runs of the network."""

MIN_PATCHES = 36
_WORK = 2e10
"""Multiply-adds: of a network that needs more for all places, the patch takes larger steps."""

_EDGES = 5
"""The patch's edge goes so often into the shorter edge of the image."""


@dataclass(frozen=True, eq=False)
class Occlusion:
    """The answers of a network while a square patch hides a part of an image (Zeiler & Fergus 2014, section 4.2).

    answer: (classes,) probabilities with nothing hidden. hidden: (rows, columns, classes) with the patch at (tops[row],
    lefts[column]), its upper left corner in pixels. edge: of the patch, in pixels. shape: the image's height and width.
    """

    answer: Floats
    hidden: Floats
    tops: Sequence[int]
    lefts: Sequence[int]
    edge: int
    shape: tuple[int, int]

    def drops(self, label: int) -> Floats:
        """(rows, columns): by how much the probability of a class falls with the patch there; negative: it rises."""
        fallen: Floats = self.answer[label] - self.hidden[..., label]
        return fallen

    def drop_map(self, label: int) -> Floats:
        """(height, width): of each pixel, the mean of `drops` over the patches that hide it."""
        total = np.zeros(self.shape)
        patches = np.zeros(self.shape)
        for top, row in zip(self.tops, self.drops(label), strict=True):
            for left, drop in zip(self.lefts, row, strict=True):
                hidden = np.s_[top : top + self.edge, left : left + self.edge]
                total[hidden] += drop
                patches[hidden] += 1
        return total / patches


def occlude(
    image: Pixels,
    probabilities: Callable[[Pixels], Floats],
    fill: Sequence[float],
    *,
    most: int = MAX_PATCHES,
) -> Occlusion:
    """Hide one part of an image (height, width, channels) after the other, in one batch.

    probabilities: of images (n, height, width, channels), (n, classes). fill: the patch's pixel values, 0..255, one per
    channel: the mean of the data set says the least. most: about how many places the patch may have.
    """
    height, width, _ = image.shape
    edge = max(1, round(min(height, width) / _EDGES))
    step = _step(height, width, edge, most)
    tops = _starts(height, edge, step)
    lefts = _starts(width, edge, step)
    images = np.repeat(image[np.newaxis], 1 + len(tops) * len(lefts), axis=0)
    patch = np.rint(np.asarray(fill)).astype(np.uint8)
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            place = 1 + row * len(lefts) + column
            images[place, top : top + edge, left : left + edge] = patch
    answers = probabilities(images)
    hidden = answers[1:].reshape(len(tops), len(lefts), -1)
    return Occlusion(answers[0], hidden, tops, lefts, edge, (height, width))


def affordable_patches(multiply_adds: int) -> int:
    """How many places the patch may have for a network that needs so many multiply-adds an image.

    >>> affordable_patches(100_000), affordable_patches(200_000_000), affordable_patches(10**11)
    (256, 100, 36)
    """
    return int(np.clip(_WORK / max(1, multiply_adds), MIN_PATCHES, MAX_PATCHES))


def _step(height: int, width: int, edge: int, most: int) -> int:
    """Pixels between two places: a third of the edge, or more, but no pixel is left out."""
    step = max(1, edge // 3)
    while step < edge and len(_starts(height, edge, step)) * len(_starts(width, edge, step)) > most:
        step += 1
    return step


def _starts(length: int, edge: int, step: int) -> list[int]:
    """Where the patch begins along an axis; the last one ends with the image.

    >>> _starts(10, 4, 4)
    [0, 4, 6]
    """
    last = length - edge
    return [*range(0, last, step), last]
