"""Quick, Draw! bitmaps: a folder with an .npy file for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Images, labels_by_class
from remap_core.datasets.rules import errors_name, reason
from remap_core.errors import DatasetError
from remap_core.trials.class_labels import Labels

PREFIX = "full_numpy_bitmap_"
"""Google puts this before the class in the names of its files."""
SIDE = 28


@dataclass(frozen=True, eq=False)
class Bitmaps:
    """Memory-mapped files of bitmaps: only the images that are taken are read.

    files: for each class (n, 784) uint8, a row for each image of 28 x 28 pixels.
    """

    files: tuple[NDArray[np.uint8], ...]

    @property
    def labels(self) -> Labels:
        """(n,), ordered by class."""
        return labels_by_class([len(bitmaps) for bitmaps in self.files])

    def take(self, rows: NDArray[np.intp]) -> Images:
        """The images of these rows, in this order."""
        labels = self.labels[rows]
        pixels = np.empty((len(rows), SIDE * SIDE), np.uint8)
        first_row = 0
        for label, bitmaps in enumerate(self.files):
            in_class = labels == label
            pixels[in_class] = bitmaps[rows[in_class] - first_row]
            first_row += len(bitmaps)
        return Images(pixels.reshape(-1, SIDE, SIDE, 1), labels)


def read_bitmaps(files: Sequence[Path]) -> Bitmaps:
    """Open one file for each class. Raises DatasetError with the file and the rule that it breaks."""
    return Bitmaps(tuple(_open_bitmaps(file) for file in files))


def _open_bitmaps(file: Path) -> NDArray[np.uint8]:
    with errors_name(file):
        try:
            bitmaps: NDArray[np.uint8] = np.lib.format.open_memmap(file, mode="r")  # it never unpickles
        except Exception as error:  # a damaged file can raise nearly anything
            raise DatasetError(f"the file cannot be read ({reason(error)}).") from error
        if bitmaps.dtype != np.uint8 or bitmaps.shape[1:] != (SIDE * SIDE,):
            raise DatasetError(
                f"bitmaps must be (n, {SIDE * SIDE}) uint8, but these are {bitmaps.dtype} of shape {bitmaps.shape}."
            )
    return bitmaps
