"""Images of one size with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.splits import Rows
from remap_core.errors import DatasetError
from remap_core.formatting import pluralize
from remap_core.trials.class_labels import Labels, are_labels, label_dtype

Pixels = NDArray[np.uint8]
"""(n, height, width, 1 or 3) where nothing else is said."""


class Source(Protocol):
    """n images of one size whose labels are known; it may read only those images that are taken."""

    @property
    def labels(self) -> Labels:
        """(n,), 0-based classes."""

    def take(self, rows: Rows) -> Images:
        """The images of these rows, in this order; raises DatasetError if they cannot be read."""


@dataclass(frozen=True, eq=False)
class Images:
    """n images of one size, each with its class.

    images: (n, height, width, channels) uint8, 1 channel (grey) or 3 (red, green, blue).
    labels: (n,) uint8, or uint16 for more than 256 classes, 0-based.
    Raises DatasetError with the rule and the value.
    """

    images: Pixels
    labels: Labels

    def __post_init__(self) -> None:
        images = self.images
        labels = self.labels
        if images.dtype != np.uint8:
            raise DatasetError(f"images must be uint8 (0..255), but they are {images.dtype}.")
        if images.ndim != 4 or 0 in images.shape:
            raise DatasetError(f"images must be (n, height, width, channels), but their shape is {images.shape}.")
        if images.shape[3] not in (1, 3):
            raise DatasetError(f"images must have 1 or 3 channels, but they have {images.shape[3]}.")
        if not are_labels(labels):
            raise DatasetError(
                f"labels must be one uint8 or uint16 per image, but they are {labels.dtype} of shape {labels.shape}."
            )
        if len(images) != len(labels):
            raise DatasetError(
                "there must be as many labels as images, but there are "
                f"{pluralize(len(images), 'image')} and {pluralize(len(labels), 'label')}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Rows) -> Images:
        """The images of these rows, in this order."""
        return Images(self.images[rows], self.labels[rows])


def labels_by_class(counts: Sequence[int]) -> Labels:
    """(n,) labels of images that are ordered by class, of which class c has counts[c].

    >>> labels_by_class([2, 0, 1]).tolist()
    [0, 0, 2]
    """
    kind = label_dtype(len(counts))
    classes = np.arange(len(counts), dtype=kind)
    return np.repeat(classes, counts)
