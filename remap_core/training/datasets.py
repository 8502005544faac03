"""Data sets: named images with a fixed split into train, validation and sealed test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remap_core.errors import DatasetError
from remap_core.training.images import Images
from remap_core.training.sources import read_archive, read_digits
from remap_core.training.splits import LEAST_OF_A_CLASS, balanced_counts, split_by_class
from remap_core.trials import DatasetCard

DIGITS = "digits"
_NAME = re.compile(rf"(?P<source>{DIGITS}|[^\0]*\.npz)(?:#(?P<size>.*))?", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in three parts that share no image; `test` is sealed: nothing that chooses between models looks at it."""

    name: str
    class_names: tuple[str, ...]
    train: Images
    validation: Images
    test: Images

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, height, width, channels = self.train.images.shape
        return channels, height, width

    @property
    def classes(self) -> int:
        """Count of classes."""
        return len(self.class_names)

    def card(self, examples_per_class: int = 8) -> DatasetCard:
        """What the app shows of the data set. Examples are the first of each class that train.

        A class with fewer images than that repeats them from its first on.
        """
        rows = [np.flatnonzero(self.train.labels == label) for label in range(self.classes)]
        examples = np.stack([self.train.images[np.resize(of_class, examples_per_class)] for of_class in rows])
        split = (len(self.train), len(self.validation), len(self.test))
        return DatasetCard(
            self.name, self.input_shape, self.class_names, split, self.validation.labels.copy(), examples
        )


def load_dataset(name: str) -> Dataset:
    """The data set of a name: "digits", or the path of an .npz file (see `sources.read_archive`).

    "#N" behind either takes a class-balanced subset of N images in all. Loading again gives the same split.
    Raises DatasetError naming the data set and the rule that it breaks.
    """
    name = canonical_name(name)
    source, size = _parts(name)
    images, class_names = read_digits() if source == DIGITS else read_archive(Path(source))
    counts = np.bincount(images.labels, minlength=len(class_names))
    if size is not None:
        _require_subset(name, size, dict(zip(class_names, counts.tolist(), strict=True)))
        counts = balanced_counts(size, len(class_names))
    return Dataset(name, class_names, *map(images.take, split_by_class(images.labels, counts)))


def canonical_name(name: str) -> str:
    """The name under which a data set is stored: paths are absolute, "#N" stays. Raises DatasetError for no name.

    >>> canonical_name("digits#0500")
    'digits#500'
    """
    source, size = _parts(name)
    if source != DIGITS:
        try:
            source = str(Path(source).expanduser().resolve())
        except (OSError, RuntimeError) as error:  # a loop of links; no home folder
            raise DatasetError(f"{source}: the path cannot be followed ({error}).") from error
    return source if size is None else f"{source}#{size}"


def _parts(name: str) -> tuple[str, int | None]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise DatasetError(
            f"{name!r} is not a data set: write {DIGITS}, or the path of an .npz file, and if you like #N behind it."
        )
    size = match["size"]
    if size is None:
        return match["source"], None
    if not re.fullmatch(r"[0-9]{1,12}", size):
        raise DatasetError(f"{name!r}: behind # there must be the size of a subset, but it is {size!r}.")
    return match["source"], int(size)


def _require_subset(name: str, size: int, available: dict[str, int]) -> None:
    least = LEAST_OF_A_CLASS * len(available)
    if size < least:
        raise DatasetError(f"{name}: a subset of {len(available)} classes needs at least {least} images.")
    needed = balanced_counts(size, len(available)).tolist()
    for (class_name, count), need in zip(available.items(), needed, strict=True):
        if count < need:
            raise DatasetError(
                f'{name}: a balanced subset of {size} needs {need} images of "{class_name}", but there are {count}.'
            )
