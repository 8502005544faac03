"""Folders of images: Quick, Draw! bitmaps, a file for each class, or PNG and JPEG files in a folder for each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from remap_core.datasets.images import Images, Source
from remap_core.datasets.readers.npz import checked_names, named, reason, require_enough, shown
from remap_core.errors import DatasetError

PREFIX = "full_numpy_bitmap_"
"""What Google writes before the class where it names a file of bitmaps."""
SIDE = 28
ENDINGS = (".png", ".jpg", ".jpeg")
CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3}
"""Channels that hold an image without loss, by its mode in Pillow."""


@dataclass(frozen=True, eq=False)
class Bitmaps:
    """Quick, Draw! bitmaps in their files: only those that are taken are read.

    of_class: for each class (n, 784) uint8, a row for each image of 28 x 28 pixels.
    """

    of_class: tuple[NDArray[np.uint8], ...]

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(n,) uint8, class after class."""
        return _labels(self.of_class)

    def take(self, rows: NDArray[np.intp]) -> Images:
        """The images of these rows, in their order."""
        labels, first = self.labels[rows], 0
        pixels = np.empty((len(rows), SIDE * SIDE), np.uint8)
        for label, bitmaps in enumerate(self.of_class):
            pixels[labels == label] = bitmaps[rows[labels == label] - first]
            first += len(bitmaps)
        return Images(pixels.reshape(-1, SIDE, SIDE, 1), labels)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Image files of one size: only those that are taken are decoded.

    labels: (n,) uint8, one for each file. shape: (height, width, channels) of them all.
    """

    files: tuple[Path, ...]
    labels: NDArray[np.uint8]
    shape: tuple[int, int, int]

    def take(self, rows: NDArray[np.intp]) -> Images:
        """The images of these rows, in their order; raises DatasetError naming a file that is damaged."""
        pixels = np.empty((len(rows), *self.shape), np.uint8)
        for place, row in enumerate(rows):
            with _opened(self.files[row]) as image:
                pixels[place] = np.asarray(image.convert("RGB" if self.shape[2] == 3 else "L")).reshape(self.shape)
        return Images(pixels, self.labels[rows])


def read_folder(path: Path) -> tuple[Source, tuple[str, ...]]:
    """The images of a folder, and its class names: those of the files (without Google's prefix) or of the folders.

    Classes and images are in the order of their names; one more image changes the split. What begins with a dot is
    hidden and left alone; so are other files beside those of bitmaps or beside the class folders. Grey images become
    RGB where one of them is. Nothing is ever unpickled. Raises DatasetError naming the file or folder and the rule.
    """
    with named(path):
        if not path.is_dir():
            raise DatasetError("there is no such folder, and no such .npz file.")
        visible = _visible(path)
        files, folders = [one for one in visible if one.suffix == ".npy"], [one for one in visible if one.is_dir()]
        if bool(files) == bool(folders):
            found = "both" if files else "neither"
            raise DatasetError(f"a folder must hold an .npy file or a folder for each class, but it holds {found}.")
        class_names = checked_names([file.stem.removeprefix(PREFIX) for file in files] or [one.name for one in folders])
    source = Bitmaps(tuple(map(_read_bitmaps, files))) if files else _read_pictures(folders)
    with named(path):
        require_enough(source.labels, class_names)
    return source, class_names


def _visible(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if not one.name.startswith("."))


def _labels(of_class: Sequence[Sequence[object] | NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.repeat(np.arange(len(of_class), dtype=np.uint8), [len(one) for one in of_class])


def _read_bitmaps(file: Path) -> NDArray[np.uint8]:
    with named(file):
        try:
            bitmaps: NDArray[np.uint8] = np.lib.format.open_memmap(file, mode="r")  # which unpickles nothing
        except Exception as error:  # a damaged file can raise nearly anything
            raise DatasetError(f"the file cannot be read ({reason(error)}).") from error
        if bitmaps.dtype != np.uint8 or bitmaps.shape[1:] != (SIDE * SIDE,):
            raise DatasetError(
                f"bitmaps must be (n, {SIDE * SIDE}) uint8, but these are {bitmaps.dtype} of shape {bitmaps.shape}."
            )
    return bitmaps


def _read_pictures(folders: Sequence[Path]) -> Pictures:
    of_class = []
    for folder in folders:
        with named(folder):
            of_class.append(_visible(folder))
    files = tuple(chain.from_iterable(of_class))
    shapes = [_shape(file) for file in files]
    for file, shape in zip(files, shapes, strict=True):
        if shape[:2] != shapes[0][:2]:
            ours, first = (f"{height} x {width}" for height, width, _ in (shape, shapes[0]))
            raise DatasetError(
                f"{shown(file)}: images must be of one size, but this one is {ours} and {shown(files[0])} is {first}."
            )
    return Pictures(files, _labels(of_class), max(shapes, key=lambda shape: shape[2], default=(0, 0, 0)))


def _shape(file: Path) -> tuple[int, int, int]:
    """(height, width, channels) of an image, which is not decoded."""
    with _opened(file) as image:
        (width, height), mode, is_transparent = image.size, image.mode, image.has_transparency_data
    if is_transparent or mode not in CHANNELS:
        found = "transparent" if is_transparent else f"of mode {mode}"
        raise DatasetError(f"{shown(file)}: images must be grey or RGB with 8 bits a channel, but this one is {found}.")
    return height, width, CHANNELS[mode]


@contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    with named(file):
        if file.suffix.lower() not in ENDINGS or not file.is_file():
            raise DatasetError("class folders must hold PNG and JPEG files alone.")
        try:
            with Image.open(file, formats=("PNG", "JPEG")) as image:
                yield image
        except UnidentifiedImageError as error:
            raise DatasetError("this is neither a PNG nor a JPEG image, or it is damaged.") from error
        except Exception as error:  # as above
            raise DatasetError(f"the image cannot be read ({reason(error)}).") from error
