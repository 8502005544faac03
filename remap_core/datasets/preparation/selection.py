"""Which of the images that were found are used: not those of classes that are left out, or a balanced subset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remap_core.datasets.readers.found import Found, Pictures
from remap_core.datasets.recipe import Choices, Recipe
from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS, Parts, Rows, balanced_counts
from remap_core.errors import DatasetError
from remap_core.formatting import count, listed
from remap_core.trials.class_labels import MAX_CLASSES

MIN_IN_SPLIT = 2
"""Images that a class needs where the source says what each is for."""


@dataclass(frozen=True, eq=False)
class Selection:
    """n images of a source, by class.

    places: (n,) of `found`. labels: (n,) indices into class_names. parts: (n,) `Part`s that the source gives, or None.
    """

    found: Found
    class_names: tuple[str, ...]
    places: Rows
    labels: Rows
    parts: Parts | None

    def __len__(self) -> int:
        return len(self.places)

    @property
    def pictures(self) -> Pictures:
        """The images of the source, by `places`."""
        return self.found.pictures

    def name(self, row: int) -> str:
        """The file of a row."""
        return self.found.pictures.name(int(self.places[row]))


def classes_to_leave_out(found: Found, choices: Choices) -> tuple[tuple[str, ...], list[str]]:
    """The classes without which the data set is made, and why. Raises DatasetError for names that are no classes."""
    if choices.left_out is not None:
        unknown = sorted(set(choices.left_out) - set(found.class_names))
        if unknown:
            raise DatasetError(f"there is no class {listed(unknown)} to leave out, only {listed(found.class_names)}.")
        return choices.left_out, []
    counts = class_counts(found)
    needed = _needed(found)
    others = [name for name in found.class_names if name not in found.not_classes]
    small = [name for name in others if counts[name] < needed]
    if not small or len(others) - len(small) < 2:
        return found.not_classes, []
    reason = f"Left out, with fewer than {needed} images: {_with_counts(small, counts)}."
    return (*found.not_classes, *small), [reason]


def select(found: Found, recipe: Recipe) -> Selection:
    """The images that are used. Raises DatasetError where they are too few, or the classes too few or too many."""
    kept = [label for label, name in enumerate(found.class_names) if name not in recipe.left_out]
    _require_classes(found, kept)
    by_class = [np.flatnonzero(found.labels == label) for label in kept]
    class_names = tuple(found.class_names[label] for label in kept)
    if recipe.images is not None:
        by_class = _subset(by_class, class_names, recipe.images, recipe.seed)
    places = np.concatenate(by_class)
    counts = [len(rows) for rows in by_class]
    labels = np.repeat(np.arange(len(kept)), counts)
    parts = None
    if found.parts is not None:
        parts = found.parts[places]
    return Selection(found, class_names, places, labels, parts)


def class_counts(found: Found) -> dict[str, int]:
    """The images of each class."""
    counts = np.bincount(found.labels, minlength=len(found.class_names))
    return dict(zip(found.class_names, counts.tolist(), strict=True))


def _subset(
    by_class: list[Rows],
    class_names: tuple[str, ...],
    images: int,
    seed: int,
) -> list[Rows]:
    """A class-balanced subset, in random order within each class before it is sorted again."""
    wanted = balanced_counts(images, len(by_class)).tolist()
    if min(wanted) < MIN_IMAGES_PER_CLASS:
        least = MIN_IMAGES_PER_CLASS * len(by_class)
        raise DatasetError(f"a subset of {len(by_class)} classes needs at least {least} images.")
    chosen = []
    for label, number in enumerate(wanted):
        rows = by_class[label]
        if len(rows) < number:
            wanted_images = f'{number} images of "{class_names[label]}"'
            raise DatasetError(f"a balanced subset of {images} needs {wanted_images}, but there are {len(rows)}.")
        random = np.random.RandomState([seed, label])
        shuffled = random.permutation(rows)
        chosen.append(np.sort(shuffled[:number]))
    return chosen


def _require_classes(found: Found, kept: list[int]) -> None:
    names = [found.class_names[label] for label in kept]
    if len(names) < 2:
        raise DatasetError(f"a data set needs at least two classes with images, but got {listed(names) or 'none'}.")
    if len(names) > MAX_CLASSES:
        raise DatasetError(f"there may be at most {count(MAX_CLASSES)} classes, but there are {count(len(names))}.")
    counts = class_counts(found)
    needed = _needed(found)
    small = [name for name in names if counts[name] < needed]
    if small:
        raise DatasetError(
            f"every class needs at least {needed} images to be split; too few in {_with_counts(small, counts)}."
        )


def _needed(found: Found) -> int:
    if found.parts is None:
        return MIN_IMAGES_PER_CLASS
    return MIN_IN_SPLIT


def _with_counts(names: list[str], counts: dict[str, int]) -> str:
    with_counts = [f"{name} ({counts[name]})" for name in names]
    return listed(with_counts)
