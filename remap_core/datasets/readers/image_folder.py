"""PNG and JPEG files: a folder with a folder of images for each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from remap_core.datasets.images import Images, labels_by_class
from remap_core.datasets.rules import errors_name, path_text, reason
from remap_core.errors import DatasetError
from remap_core.trials.class_labels import Labels

SUFFIXES = (".png", ".jpg", ".jpeg")
CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3}
"""Channels that hold an image without loss, by its mode in Pillow."""


class ImageShape(NamedTuple):
    """Size of an image in pixels, and its channels."""

    height: int
    width: int
    channels: int

    @property
    def size_text(self) -> str:
        """The size in a sentence."""
        return f"{self.height} x {self.width}"


@dataclass(frozen=True, eq=False)
class Pictures:
    """Image files of one size: only those that are taken are decoded.

    labels: (n,), one per file. shape: of all images; grey ones become RGB if it has 3 channels.
    """

    files: tuple[Path, ...]
    labels: Labels
    shape: ImageShape

    def take(self, rows: NDArray[np.intp]) -> Images:
        """The images of these rows, in this order; raises DatasetError with the name of a damaged file."""
        mode = "L"
        if self.shape.channels == 3:
            mode = "RGB"
        pixels = np.empty((len(rows), *self.shape), np.uint8)
        for place, row in enumerate(rows):
            with _opened(self.files[row]) as image:
                pixels[place] = np.asarray(image.convert(mode)).reshape(self.shape)
        return Images(pixels, self.labels[rows])


def read_pictures(folders: Sequence[Path]) -> Pictures:
    """Find the images of one folder for each class. Raises DatasetError with the file and the rule that it breaks."""
    files: list[Path] = []
    counts = []
    for folder in folders:
        with errors_name(folder):
            images = visible_entries(folder)
        files += images
        counts.append(len(images))
    shapes = [_shape(file) for file in files]
    _require_one_size(files, shapes)
    largest = max(shapes, key=lambda shape: shape.channels, default=ImageShape(0, 0, 0))
    return Pictures(tuple(files), labels_by_class(counts), largest)


def visible_entries(folder: Path) -> list[Path]:
    """The files and folders in a folder, sorted by name, without those whose name starts with a dot."""
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _require_one_size(files: Sequence[Path], shapes: Sequence[ImageShape]) -> None:
    for file, shape in zip(files, shapes, strict=True):
        if shape.size_text != shapes[0].size_text:
            raise DatasetError(
                f"{path_text(file)}: images must be of one size, but this one is {shape.size_text} "
                f"and {path_text(files[0])} is {shapes[0].size_text}."
            )


def _shape(file: Path) -> ImageShape:
    """Of an image, which is not decoded."""
    with _opened(file) as image:
        width, height = image.size
        mode = image.mode
        is_transparent = image.has_transparency_data
    if is_transparent or mode not in CHANNELS:
        kind = f"of mode {mode}"
        if is_transparent:
            kind = "transparent"
        raise DatasetError(
            f"{path_text(file)}: images must be grey or RGB with 8 bits per channel, but this one is {kind}."
        )
    return ImageShape(height, width, CHANNELS[mode])


@contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    with errors_name(file):
        if file.suffix.lower() not in SUFFIXES or not file.is_file():
            raise DatasetError("class folders may contain only PNG and JPEG files.")
        try:
            with Image.open(file, formats=("PNG", "JPEG")) as image:
                yield image
        except UnidentifiedImageError as error:
            raise DatasetError("this is neither a PNG nor a JPEG image, or it is damaged.") from error
        except Exception as error:  # a damaged file can raise nearly anything
            raise DatasetError(f"the image cannot be read ({reason(error)}).") from error
