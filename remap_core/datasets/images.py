"""Images of one size with their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import DatasetError


class Source(Protocol):
    """n images of one size, known by their labels; a source may read those that are taken, and no others."""

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(n,) uint8, 0-based classes."""

    def take(self, rows: NDArray[np.intp]) -> Images:
        """The images of these rows, in their order; raises DatasetError where they cannot be read."""


@dataclass(frozen=True, eq=False)
class Images:
    """n images of one size, each with the class it shows.

    images: (n, height, width, channels) uint8, channels 1 (grey) or 3 (red, green, blue).
    labels: (n,) uint8, 0-based classes.
    Raises DatasetError with the rule and what was got instead.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8:
            raise DatasetError(f"images must be uint8 (0..255), but they are {self.images.dtype}.")
        if self.images.ndim != 4 or 0 in self.images.shape:
            raise DatasetError(f"images must be (n, height, width, channels), but their shape is {self.images.shape}.")
        if self.images.shape[3] not in (1, 3):
            raise DatasetError(f"images must have 1 or 3 channels, but they have {self.images.shape[3]}.")
        if self.labels.dtype != np.uint8 or self.labels.ndim != 1:
            found = f"{self.labels.dtype} of shape {self.labels.shape}"
            raise DatasetError(f"labels must be one uint8 for each image, but they are {found}.")
        if len(self.images) != len(self.labels):
            raise DatasetError(
                f"images and labels must be equally many, but there are {len(self.images)} and {len(self.labels)}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.intp]) -> Images:
        """The images of these rows, in their order."""
        return Images(self.images[rows], self.labels[rows])
