"""Data sets: named images with a fixed split into training, validation and sealed test images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from remap_core.datasets.images import Images, Source
from remap_core.datasets.naming import DIGITS, canonical_name, parse_name
from remap_core.datasets.readers.digits import read_digits
from remap_core.datasets.readers.folders import read_folder
from remap_core.datasets.readers.npz import read_archive
from remap_core.datasets.readers.published import PUBLISHED
from remap_core.datasets.recipe import Recipe
from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS, balanced_counts, split_by_class
from remap_core.errors import DatasetError
from remap_core.trials.dataset_card import DatasetCard

HOME = Path(".remap")
"""The default data folder."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in three disjoint parts. `test` is sealed: nothing that chooses between models looks at it.

    recipe: what was made of whose images; None where they are as they were found.
    """

    name: str
    class_names: tuple[str, ...]
    train: Images
    validation: Images
    test: Images
    recipe: Recipe | None = None

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, height, width, channels = self.train.images.shape
        return channels, height, width

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    def card(self, examples_per_class: int = 8) -> DatasetCard:
        """What the app shows of the data set. Examples are the first training images of each class.

        A class with fewer images than `examples_per_class` repeats them.
        """
        recipe = ""
        if self.recipe:
            recipe = self.recipe.to_json()
        examples = []
        for label in range(self.classes):
            rows = np.flatnonzero(self.train.labels == label)
            repeated = np.resize(rows, examples_per_class)
            examples.append(self.train.images[repeated])
        return DatasetCard(
            name=self.name,
            input_shape=self.input_shape,
            class_names=self.class_names,
            split=(len(self.train), len(self.validation), len(self.test)),
            validation_labels=self.validation.labels.copy(),
            examples=np.stack(examples),
            recipe=recipe,
        )


def load_dataset(name: str, home: Path = HOME) -> Dataset:
    """Load a data set by its name: one of NAMES, or the path of an .npz file or of a folder.

    "#N" after it takes a class-balanced subset of N images in total. The split is the same every time. Published data
    sets are downloaded into the data folder `home` if they are not there. The forms of files are described at
    `read_archive`, `read_folder` and `Published.load`.
    Raises DatasetError with the name of the data set and the rule that it breaks.
    """
    name = canonical_name(name)
    source, size = parse_name(name)
    images, class_names = _read(source, home)
    counts = np.bincount(images.labels, minlength=len(class_names))
    if size is not None:
        available = dict(zip(class_names, counts.tolist(), strict=True))
        _require_subset(name, size, available)
        counts = balanced_counts(size, len(class_names))
    split = split_by_class(images.labels, counts)
    try:
        return Dataset(
            name=name,
            class_names=class_names,
            train=images.take(split.train),
            validation=images.take(split.validation),
            test=images.take(split.test),
        )
    except MemoryError as error:
        raise DatasetError(
            f"{name}: its images do not fit into memory ({error}); #N after the name takes only N of them."
        ) from error


def to_download(name: str, home: Path = HOME) -> str:
    """The address that `load_dataset` would download from, or an empty string. Raises DatasetError."""
    source, _ = parse_name(name)
    published = PUBLISHED.get(source)
    if published is None or not published.missing_files(_downloads(source, home)):
        return ""
    return published.address


def _read(source: str, home: Path) -> tuple[Source, tuple[str, ...]]:
    if source == DIGITS:
        return read_digits()
    if source in PUBLISHED:
        published = PUBLISHED[source]
        return published.load(_downloads(source, home)), published.class_names
    if source.endswith(".npz"):
        return read_archive(Path(source))
    return read_folder(Path(source))


def _downloads(source: str, home: Path) -> Path:
    return home / "downloads" / source


def _require_subset(name: str, size: int, available: dict[str, int]) -> None:
    classes = len(available)
    min_images = MIN_IMAGES_PER_CLASS * classes
    if size < min_images:
        raise DatasetError(f"{name}: a subset of {classes} classes needs at least {min_images} images.")
    needed = balanced_counts(size, classes).tolist()
    for class_name, need in zip(available, needed, strict=True):
        count = available[class_name]
        if count < need:
            raise DatasetError(
                f'{name}: a balanced subset of {size} needs {need} images of "{class_name}", but there are {count}.'
            )
