"""What a reader finds in somebody's files: images with their classes, before anything is decoded or resized."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = Image.Image | NDArray[Any]
"""An image that is not decoded yet (Pillow reads it lazily), or its pixels, (height, width, 1 or 3), uint8 or wider."""


ShowCount = Callable[[int, int], None]
"""Told how many files are done, and of how many."""


def unwatched(done: int, total: int) -> None:
    """A `ShowCount` where nobody watches."""


class Skipped(NamedTuple):
    """A file (or a row of a table or of an array) that is left out, and why, as the end of a sentence."""

    file: str
    reason: str


class Pictures(Protocol):
    """n images by their place. Threads open different images at a time."""

    def __len__(self) -> int: ...

    def name(self, place: int) -> str:
        """The file of an image relative to the source, or its row, for people and for reports."""

    def open(self, place: int) -> Picture:
        """An image; raises DatasetError with the reason where it cannot be read."""


@dataclass(frozen=True, eq=False)
class Found:
    """Images with their classes.

    form: how the files were understood, such as "class folders". class_names: sorted by name, or in the order of
    the source's own numbers; every one has an image.
    labels: (n,) int64, indices into class_names. parts: (n,) uint8, the `Part` of each image where the source says it
    (Part.UNKNOWN elsewhere); None where it says nothing. skipped: what cannot be an image, as far as it is known
    before images are decoded. warnings: sentences that a person should read. not_classes: classes that look like
    folders of unlabelled images; they are left out unless somebody says otherwise. table: the label table that was
    used, with its file and label columns and all its columns.
    """

    form: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    pictures: Pictures
    parts: NDArray[np.uint8] | None = None
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    not_classes: tuple[str, ...] = ()
    table: LabelTable | None = None


@dataclass(frozen=True)
class LabelTable:
    """The table that names the class of each image: path relative to the source, chosen columns, all columns."""

    file: str
    file_column: str
    label_column: str
    columns: tuple[str, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class ArrayPictures:
    """Images that are in memory, or memory-mapped. pixels: (n, height, width, 1 or 3) uint8. row_names: of each row."""

    pixels: NDArray[np.uint8]
    source: Path
    row_names: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def name(self, place: int) -> str:
        """The row of an image."""
        if self.row_names is not None:
            return self.row_names[place]
        return f"row {place}"

    def open(self, place: int) -> Picture:
        """The pixels of an image."""
        pixels: NDArray[np.uint8] = self.pixels[place]
        return pixels
