"""Quick, Draw! bitmaps: a folder with an .npy file for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remap_core.datasets.images import Pixels
from remap_core.datasets.readers.arrays.array_archives import npy_header, with_suffix
from remap_core.datasets.readers.files.file_list import visible_files
from remap_core.datasets.readers.found import Found, Picture
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import checked_class_names, errors_name, reason
from remap_core.datasets.splits import Rows
from remap_core.errors import DatasetError

FORM = "Quick, Draw! bitmaps"

PREFIX = "full_numpy_bitmap_"
"""Google puts this before the class in the names of its files."""
SIDE = 28
_VALUES = SIDE * SIDE
_SHAPES = ((_VALUES,), (SIDE, SIDE))


def _open_bitmaps(file: Path) -> Pixels:
    with errors_name(file):
        try:
            bitmaps: Pixels = np.lib.format.open_memmap(file, mode="r")  # it never unpickles
        except Exception as error:  # a damaged file can raise nearly anything
            raise DatasetError(f"the file cannot be read ({reason(error)}).") from error
        if bitmaps.dtype != np.uint8 or bitmaps.shape[1:] not in _SHAPES:
            raise DatasetError(
                f"bitmaps must be (n, {_VALUES}) or (n, {SIDE}, {SIDE}) uint8, "
                f"but these are {bitmaps.dtype} of shape {bitmaps.shape}."
            )
    return bitmaps.reshape(len(bitmaps), _VALUES)


@dataclass(frozen=True, eq=False)
class BitmapPictures:
    """Memory-mapped images: only those that are opened are read.

    bitmaps: a file for each class, (n, 784) uint8. starts: (classes,), the place of its first image.
    """

    files: tuple[Path, ...]
    bitmaps: tuple[Pixels, ...]
    starts: Rows

    def __len__(self) -> int:
        return int(self.starts[-1]) + len(self.bitmaps[-1])

    def name(self, place: int) -> str:
        """The file and the row of an image."""
        label, row = self._row(place)
        return f"{self.files[label].name} row {row}"

    def open(self, place: int) -> Picture:
        """The pixels of an image, (28, 28, 1)."""
        label, row = self._row(place)
        pixels: Pixels = self.bitmaps[label][row].reshape(SIDE, SIDE, 1)
        return pixels

    def _row(self, place: int) -> tuple[int, int]:
        label = int(np.searchsorted(self.starts, place, side="right")) - 1
        return label, place - int(self.starts[label])


def is_quickdraw(path: Path, files: Sequence[Path]) -> bool:
    """Whether a folder has .npy files of 28 x 28 bitmaps and no other arrays; `files`: all below the folder."""
    arrays = with_suffix(files, ".npy")
    if path in arrays:
        return False
    return bool(arrays) and all(_is_of_bitmaps(file) for file in arrays)


def read_quickdraw(path: Path, choices: Choices) -> Found:  # noqa: ARG001 (readers are called alike)
    """The images of a folder with an .npy file for each class, which is named like it, without Google's prefix.

    Raises DatasetError with the file or the folder and the rule that it breaks.
    """
    with errors_name(path):
        if not path.is_dir():
            raise DatasetError("there is no such folder.")
        files = with_suffix(visible_files(path), ".npy")
    bitmaps = {}
    warnings = []
    for file in files:
        opened = _open_bitmaps(file)
        if len(opened):
            bitmaps[file] = opened
        else:
            warnings.append(f"{file.name} has no images: ignored.")
    ordered = sorted(bitmaps, key=_class_of)
    with errors_name(path):
        class_names = checked_class_names([_class_of(file) for file in ordered])
    opened_files = tuple(bitmaps[file] for file in ordered)
    counts = list(map(len, opened_files))
    starts = np.cumsum([0, *counts[:-1]])
    return Found(
        form=FORM,
        class_names=class_names,
        labels=np.repeat(np.arange(len(counts)), counts),
        pictures=BitmapPictures(tuple(ordered), opened_files, starts),
        warnings=tuple(warnings),
    )


def _class_of(file: Path) -> str:
    return file.stem.removeprefix(PREFIX)


def _is_of_bitmaps(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            shape, dtype = npy_header(stream)
    except (OSError, ValueError):
        return False
    return dtype == np.uint8 and shape[1:] in _SHAPES
