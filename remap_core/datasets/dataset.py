"""Data sets: named images with a fixed split into train, validation and sealed test."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remap_core.datasets.images import Images, Source
from remap_core.datasets.readers.folders import read_folder
from remap_core.datasets.readers.npz import can_be_shown, read_archive, read_digits
from remap_core.datasets.readers.published import PUBLISHED
from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS, balanced_counts, split_by_class
from remap_core.errors import DatasetError
from remap_core.trials.dataset_card import DatasetCard

DIGITS = "digits"
NAMES = (DIGITS, *PUBLISHED)
"""The data sets that have a name; all others are paths."""
HOME = Path(".remap")
"""The data folder where none is said."""
_NAME = re.compile(r"(?P<source>.*\.npz|.*?)(?:#(?P<size>[^#/]*))?")


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


def load_dataset(name: str, home: Path = HOME) -> Dataset:
    """The data set of a name: one of NAMES, or the path of an .npz file or of a folder.

    "#N" behind it takes a class-balanced subset of N images in all. Loading again gives the same split. What must be
    downloaded is, into the data folder `home`. Forms: `sources.read_archive`, `folders.read_folder`, `downloads`.
    Raises DatasetError naming the data set and the rule that it breaks.
    """
    name = canonical_name(name)
    source, size = _parts(name)
    images, class_names = _read(source, home)
    counts = np.bincount(images.labels, minlength=len(class_names))
    if size is not None:
        _require_subset(name, size, dict(zip(class_names, counts.tolist(), strict=True)))
        counts = balanced_counts(size, len(class_names))
    try:
        return Dataset(name, class_names, *map(images.take, split_by_class(images.labels, counts)))
    except MemoryError as error:
        raise DatasetError(
            f"{name}: memory does not hold its images ({error}); #N behind it takes N of them."
        ) from error


def to_download(name: str, home: Path = HOME) -> str:
    """Where `load_dataset` would download from, empty where it would not; raises DatasetError for no name."""
    source, _ = _parts(name)
    published = PUBLISHED.get(source)
    return published.address if published and published.lacking(_downloads(source, home)) else ""


def canonical_name(name: str) -> str:
    """The name under which a data set is stored: paths are absolute, "#N" stays. Raises DatasetError for no name.

    >>> canonical_name("digits#0500")
    'digits#500'
    """
    source, size = _parts(name)
    if source not in NAMES:
        try:
            source = str(Path(source).expanduser().resolve())
            Path(source).exists()
        except (OSError, RuntimeError) as error:  # a loop of links, a name that is too long; no home folder
            raise DatasetError(f"{source}: the path cannot be followed ({error}).") from error
    canonical = source if size is None else f"{source}#{size}"
    if _parts(canonical) != (source, size):
        raise DatasetError(f"{source}: the name of a folder of images must not hold #.")
    return canonical


def _read(source: str, home: Path) -> tuple[Source, tuple[str, ...]]:
    if source == DIGITS:
        return read_digits()
    if source in PUBLISHED:
        return PUBLISHED[source].load(_downloads(source, home)), PUBLISHED[source].class_names
    return read_archive(Path(source)) if source.endswith(".npz") else read_folder(Path(source))


def _downloads(source: str, home: Path) -> Path:
    return home / "downloads" / source


def _parts(name: str) -> tuple[str, int | None]:
    """What comes before and behind the #."""
    if not can_be_shown(name):
        raise DatasetError(f"{name!a} is not a data set: its name holds a character that cannot be shown.")
    match = _NAME.fullmatch(name)
    if match is None or not _is_source(match["source"]):
        raise DatasetError(
            f"{name!r} is not a data set: write {', '.join(NAMES)}, or the path of an .npz file or of a folder, "
            "and if you like #N behind it."
        )
    size = match["size"]
    if size is None:
        return match["source"], None
    if not re.fullmatch(r"[0-9]{1,12}", size):
        raise DatasetError(f"{name!r}: behind # there must be the size of a subset, but it is {size!r}.")
    return match["source"], int(size)


def _is_source(text: str) -> bool:
    """Whether it is a name or looks like a path: a bare word is one where such a folder is."""
    return text in NAMES or text.endswith(".npz") or "/" in text or os.path.isdir(text)  # noqa: PTH112 (it raises nothing)


def _require_subset(name: str, size: int, available: dict[str, int]) -> None:
    least = MIN_IMAGES_PER_CLASS * len(available)
    if size < least:
        raise DatasetError(f"{name}: a subset of {len(available)} classes needs at least {least} images.")
    needed = balanced_counts(size, len(available)).tolist()
    for (class_name, count), need in zip(available.items(), needed, strict=True):
        if count < need:
            raise DatasetError(
                f'{name}: a balanced subset of {size} needs {need} images of "{class_name}", but there are {count}.'
            )
