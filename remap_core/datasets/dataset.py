"""Data sets: named images with a fixed split into training, validation and sealed test images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Images, Source
from remap_core.datasets.kept import Kept, find_kept
from remap_core.datasets.naming import (
    DIGITS,
    LEAVES,
    TrainingPart,
    canonical_name,
    is_kept_name,
    parse_name,
    part_name,
    split_part,
)
from remap_core.datasets.preparation.as_is import read_as_is
from remap_core.datasets.readers.digits import read_digits
from remap_core.datasets.readers.found import Picture
from remap_core.datasets.readers.leaves import read_leaves
from remap_core.datasets.readers.published import PUBLISHED
from remap_core.datasets.recipe import BUILT_IN, Recipe
from remap_core.datasets.splits import (
    MIN_IMAGES_PER_CLASS,
    Part,
    Parts,
    Rows,
    balanced_counts,
    shuffled_rows,
    split_by_class,
    stratified_rows,
)
from remap_core.errors import DatasetError
from remap_core.trials.class_labels import Labels, as_labels
from remap_core.trials.dataset_card import DatasetCard

HOME = Path(".remap")
"""The default data folder."""
_PARTS = (Part.TRAIN, Part.VALIDATION, Part.TEST)
RowsOfParts = Sequence[slice | Rows]
"""The rows of the training, validation and test images."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in three disjoint parts. `test` is sealed: nothing that chooses between models looks at it.

    recipe: what was made of somebody's images, for a data set that was added.
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
    """Load a data set by its name: one of NAMES, or that of one that was added to the data folder `home`.

    "#N" after it takes a class-balanced subset of N images in total. The split is the same every time. Published data
    sets are downloaded into `home` if they are not there. A path is read as it is, with images of one size: data
    folders of version 0.1 have models of such data sets; for everything else see `resolve`.
    "%K" + "ofN" after it takes the Kth of N equal parts of the training images, and all others; "%notKofN" trains on
    all but that part, which validates.
    Raises DatasetError with the name of the data set and the rule that it breaks.
    """
    whole, part = split_part(name)
    if part:
        return _with_part(load_dataset(whole, home), part)
    name = canonical_name(name)
    source, size = parse_name(name)
    if is_kept_name(source):
        return _load_kept(name, source, size, home)
    images, class_names = _read(source, home)
    counts = np.bincount(images.labels, minlength=len(class_names))
    if size is not None:
        _require_subset(name, size, class_names, counts)
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
            f"{name}: the images do not fit into memory ({error}): add #N to the name to take N of them."
        ) from error


def _with_part(dataset: Dataset, part: TrainingPart) -> Dataset:
    """The data set with a part of its training images, or without it; every class is parted alike."""
    train = dataset.train
    rows = _rows_by_part(train.labels, dataset.class_names, part.parts)[part.number - 1]
    name = part_name(dataset.name, part)
    if part.held_out:
        others = np.setdiff1d(np.arange(len(train)), rows)
        return replace(dataset, name=name, train=train.take(others), validation=train.take(rows))
    return replace(dataset, name=name, train=train.take(rows))


def rows_by_part(name: str, parts: int, home: Path = HOME) -> list[Rows]:
    """The places of the training images in each of so many equal parts, ascending; see `load_dataset`."""
    found = _kept_parts(name, home)
    if found is None:
        dataset = load_dataset(name, home)
        return _rows_by_part(dataset.train.labels, dataset.class_names, parts)
    kept, (rows, _, _) = found
    class_names = kept.report.class_names
    return _rows_by_part(as_labels(kept.labels(), len(class_names))[rows], class_names, parts)


def _rows_by_part(labels: Labels, class_names: Sequence[str], parts: int) -> list[Rows]:
    counts = np.bincount(labels, minlength=len(class_names))
    if counts.min() < parts:
        label = int(counts.argmin())
        raise DatasetError(
            f"Training images in {parts} parts need {parts} of every class, but {class_names[label]} has "
            f"{counts[label]}."
        )
    by_class = [np.array_split(shuffled_rows(labels, label), parts) for label in range(len(class_names))]
    return [np.sort(np.concatenate([pieces[part] for pieces in by_class])) for part in range(parts)]


def validation_originals(name: str, home: Path = HOME) -> Callable[[int], Picture] | None:
    """Opens the person's own file behind a validation image, by its place; None for a data set that was not added.

    What it returns raises DatasetError where the file is no longer there.
    """
    found = _kept_parts(name, home)
    if found is None or found[0].recipe.form == BUILT_IN:
        return None
    kept, (_, rows, _) = found
    return lambda place: kept.original(int(rows[place]))


def validation_names(name: str, home: Path = HOME) -> list[str]:
    """What each validation image is called in the person's own source; empty for a data set that was not added."""
    by_part = names_by_part(name, home)
    return by_part[Part.VALIDATION] if by_part else []


def names_by_part(name: str, home: Path = HOME) -> list[list[str]]:
    """What each training, validation and test image is called; empty for a data set that was not added."""
    found = _kept_parts(name, home)
    if found is None:
        return []
    kept, by_part = found
    names = kept.names()
    return [[names[row] for row in rows] for rows in by_part]


def _kept_parts(name: str, home: Path) -> tuple[Kept, list[Rows]] | None:
    """A data set that was added, and its rows of each part; None for any other."""
    if not is_kept_name(name.partition("#")[0]):
        return None
    source, size = parse_name(name)
    kept = find_kept(source, home)
    if kept is None:
        return None
    labels = as_labels(kept.labels(), len(kept.report.class_names))
    every = np.arange(len(labels))
    return kept, [every[rows] for rows in _kept_rows(kept, name, size, labels)]


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
    if source == LEAVES:
        return read_leaves()
    if source in PUBLISHED:
        published = PUBLISHED[source]
        return published.load(_downloads(source, home)), published.class_names
    return read_as_is(Path(source))


def _load_kept(
    name: str,
    source: str,
    size: int | None,
    home: Path,
) -> Dataset:
    kept = find_kept(source, home)
    if kept is None:
        raise DatasetError(f"The data set {source} is not in {home}: it was removed, or added to another data folder.")
    labels = as_labels(kept.labels(), len(kept.report.class_names))
    return _dataset_of(kept, name, _kept_rows(kept, name, size, labels), labels)


def _kept_rows(
    kept: Kept,
    name: str,
    size: int | None,
    labels: Labels,
) -> RowsOfParts:
    """The rows of each part."""
    parts = kept.parts()
    if size is None:
        return [_rows_of(parts, part) for part in _PARTS]
    class_names = kept.report.class_names
    counts = np.bincount(labels, minlength=len(class_names))
    _require_subset(name, size, class_names, counts)
    by_class = []
    for label, wanted in enumerate(balanced_counts(size, len(class_names))):
        rows = stratified_rows(labels, parts, label)
        by_class.append(rows[:wanted])
    chosen = np.concatenate(by_class)
    part_of_row = parts[chosen]
    return [np.sort(chosen[part_of_row == part]) for part in _PARTS]


def _rows_of(parts: Parts, part: Part) -> slice:
    """The rows of a part, which are in one piece: a slice of a memory map is read only where it is used."""
    start, stop = np.searchsorted(parts, [part, part + 1])
    return slice(int(start), int(stop))


def _dataset_of(
    kept: Kept,
    name: str,
    rows: RowsOfParts,
    labels: Labels,
) -> Dataset:
    pixels = kept.pixels()
    train, validation, test = [Images(pixels[part], labels[part]) for part in rows]
    return Dataset(
        name=name,
        class_names=kept.report.class_names,
        train=train,
        validation=validation,
        test=test,
        recipe=kept.recipe,
    )


def _downloads(source: str, home: Path) -> Path:
    return home / "downloads" / source


def _require_subset(
    name: str,
    size: int,
    class_names: Sequence[str],
    counts: NDArray[np.integer],
) -> None:
    """Raise DatasetError if there are too few images for a subset. counts: (classes,), those that there are."""
    classes = len(class_names)
    min_images = MIN_IMAGES_PER_CLASS * classes
    if size < min_images:
        raise DatasetError(f"{name}: a subset of {classes} classes needs at least {min_images} images.")
    needed = balanced_counts(size, classes)
    lacking = np.flatnonzero(counts < needed)
    if len(lacking):
        label = lacking[0]
        images = f'{needed[label]} images of "{class_names[label]}"'
        raise DatasetError(f"{name}: a balanced subset of {size} needs {images}, but there are {counts[label]}.")
