"""Arrays of labels to classes, and arrays of images with their labels to what a reader returns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.readers.arrays.pixel_arrays import NUMBER_KINDS, Array, channels_last, to_pixels
from remap_core.datasets.readers.found import ArrayPictures, Found, Skipped
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import checked_class_names
from remap_core.datasets.splits import Part, Parts, Rows
from remap_core.errors import DatasetError
from remap_core.formatting import count, pluralize

UNLABELLED = -1
_MANY = 20
"""More different labels than this, with less than two images each, are no classes."""
TEXT_KINDS = "US"
"""Of numpy's types: text, bytes."""
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


Indices = NDArray[np.int64]


class Labelled(NamedTuple):
    """images: as `channels_last` takes them. labels: as `flat_labels` takes them. name: of the rows in a report."""

    images: Array
    labels: Array
    part: Part = Part.UNKNOWN
    name: str = ""


class Classes(NamedTuple):
    """indices: (n,) int64 into names, UNLABELLED where there is no label."""

    names: tuple[str, ...]
    indices: Indices


@dataclass(frozen=True, eq=False)
class RowNames(Sequence[str]):
    """The names of rows of several tables or arrays, made when they are needed.

    tables: their names. starts: (tables,) ascending, the first row of each. rows: those that are named.
    """

    tables: tuple[str, ...]
    starts: Rows
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self._named(row) for row in self.rows[place]]
        return self._named(self.rows[place])

    def _named(self, row: np.intp) -> str:
        table = int(np.searchsorted(self.starts, row, side="right")) - 1
        within = row - self.starts[table]
        return f"{self.tables[table]} row {within}".lstrip()


def found_in_arrays(
    form: str,
    groups: Sequence[Labelled],
    path: Path,
    choices: Choices,
    *,
    class_names: Sequence[str] = (),
    skipped: Sequence[Skipped] = (),
    warnings: Sequence[str] = (),
) -> Found:
    """What is in arrays of images and labels: rows without a label or with NaN are left out, and said so.

    path: the source. class_names: of the labels 0, 1, ... or 1, 2, ..., if known.
    Raises DatasetError with the rule and the value.
    """
    groups = sorted(groups, key=lambda group: group.part)
    labels = []
    images = []
    for group in groups:
        group_labels = flat_labels(group.labels)
        group_images = channels_last(group.images, len(group_labels))
        _require_a_label_each(group.name, len(group_images), len(group_labels))
        labels.append(group_labels)
        images.append(group_images)
    counts = [len(each) for each in images]
    classes = to_classes(_joined(labels), class_names)
    has_label = classes.indices != UNLABELLED
    background = 255
    if choices.background == "black":
        background = 0
    converted = to_pixels(images, has_label, background)
    indices = classes.indices[converted.rows]
    used = without_empty(Classes(classes.names, indices))
    part_of_group = [group.part for group in groups]
    parts = np.repeat(part_of_group, counts).astype(np.uint8)
    tables = tuple(group.name for group in groups)
    starts = np.cumsum([0, *counts[:-1]])
    row_names = RowNames(tables, starts, converted.rows)
    broken_names = replace(row_names, rows=converted.broken)
    broken = [Skipped(name, "it holds NaN or infinity") for name in broken_names]
    sentences = [*warnings, unlabelled_warning(classes), converted.warning]
    return Found(
        form=form,
        class_names=used.names,
        labels=used.indices,
        pictures=ArrayPictures(converted.pixels, path, row_names),
        parts=known_parts(parts[converted.rows]),
        skipped=(*skipped, *broken),
        warnings=tuple(filter(None, sentences)),
    )


def flat_labels(labels: Array) -> Array:
    """One label an image, (n,), of the kinds that `to_classes` takes.

    labels: (n,), (n, 1), or (n, classes) one-hot, whose rows without a 1 are UNLABELLED. Raises DatasetError.
    """
    if labels.dtype.hasobject:
        raise DatasetError("labels must be a plain array, but it holds Python objects.")
    if labels.dtype.kind not in NUMBER_KINDS + TEXT_KINDS:
        raise DatasetError(f"labels must be numbers or text, but they are {labels.dtype}.")
    if labels.ndim >= 1 and labels.size == len(labels):
        return labels.reshape(-1)
    if labels.ndim == 2 and labels.dtype.kind in NUMBER_KINDS:
        return _from_one_hot(labels)
    raise DatasetError(f"labels must be one for each image or one-hot, but their shape is {labels.shape}.")


def to_classes(labels: Array, class_names: Sequence[str] = ()) -> Classes:
    """The classes of labels, (n,): bool, integers, whole floats, text or bytes.

    Numbers are sorted as numbers, and named by class_names if these are given. Empty text and NaN are no labels, as is
    -1 beside two or more other numbers. Raises DatasetError.
    """
    if labels.dtype.kind in TEXT_KINDS:
        texts, indices = np.unique(text_of(labels), return_inverse=True)
        return text_classes(texts, indices)
    is_missing = np.zeros(len(labels), np.bool_)
    if labels.dtype.kind == "f":
        is_missing = np.isnan(labels)
        _require_whole(labels[~is_missing])
        labels = np.where(is_missing, UNLABELLED, labels).astype(np.int64)
    values = np.unique(labels[~is_missing])
    negative = values[values < 0].tolist()
    if negative == [UNLABELLED] and len(values) > 2:
        is_missing |= labels == UNLABELLED
        values = values[1:]
    labelled = np.count_nonzero(~is_missing)
    _require_repeating(len(values), int(labelled))
    indices = np.searchsorted(values, labels).astype(np.int64)
    indices[is_missing] = UNLABELLED
    return _checked(_names_of(values, class_names), indices)


def text_classes(texts: Array, indices: Rows) -> Classes:
    """The classes of labels that are text. indices: (n,) into texts; texts that are blank are no labels.

    Numbers are sorted as numbers. Raises DatasetError.
    """
    stripped = [str(text).strip() for text in texts]
    names = sorted(set(stripped) - {""})
    if all(_WHOLE_NUMBER.fullmatch(name) for name in names):
        names.sort(key=int)
    place = {name: index for index, name in enumerate(names)}
    new_indices = [place.get(text, UNLABELLED) for text in stripped]
    renamed = np.array(new_indices, np.int64)
    labels = renamed[indices]
    labelled = np.count_nonzero(labels != UNLABELLED)
    _require_repeating(len(names), int(labelled))
    return _checked(names, labels)


def without_empty(classes: Classes) -> Classes:
    """The classes that have an image. Raises DatasetError if they are fewer than two."""
    has_label = classes.indices != UNLABELLED
    counts = np.bincount(classes.indices[has_label], minlength=len(classes.names))
    used = np.flatnonzero(counts)
    if len(used) == len(classes.names):
        return classes
    names = [classes.names[index] for index in used]
    renumbered = np.searchsorted(used, classes.indices)
    indices = np.where(has_label, renumbered, UNLABELLED)
    return _checked(names, indices.astype(np.int64))


def text_of(labels: Array) -> NDArray[np.str_]:
    """Labels or names that are text or bytes, as text."""
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    return labels.astype(np.str_)


def known_parts(parts: Parts) -> Parts | None:
    """The parts, or None if there is only one: then the source does not say how to split."""
    if len(np.unique(parts)) < 2:
        return None
    return parts


def unlabelled_warning(classes: Classes) -> str:
    """How many images have no label, as a sentence; empty if all have one."""
    missing = np.count_nonzero(classes.indices == UNLABELLED)
    if not missing:
        return ""
    return f"{pluralize(int(missing), 'image')} left out: no label (empty, NaN or -1)."


def _require_a_label_each(name: str, images: int, labels: int) -> None:
    if images == labels:
        return
    where = ""
    if name:
        where = f" ({name})"
    there = f"{pluralize(images, 'image')} and {pluralize(labels, 'label')}"
    raise DatasetError(f"there must be as many labels as images, but there are {there}{where}.")


def _from_one_hot(labels: Array) -> Indices:
    ones = labels == 1
    zeros = labels == 0
    if not (ones | zeros).all():
        raise DatasetError(
            f"labels of shape {labels.shape} must be one-hot, 0 and 1 alone, "
            f"but they are from {labels.min():g} to {labels.max():g}."
        )
    classes = np.count_nonzero(ones, axis=1)
    several = np.flatnonzero(classes > 1)
    if len(several):
        wrong = count(len(several))
        share = f"{wrong} of {count(len(labels))}"
        raise DatasetError(f"every image must have one class, but {share} have several, such as row {several[0]}.")
    first_one = ones.argmax(axis=1)
    indices = np.where(classes == 0, UNLABELLED, first_one)
    return indices.astype(np.int64)


def _joined(labels: Sequence[Array]) -> Array:
    text = [each for each in labels if each.dtype.kind in TEXT_KINDS]
    if 0 < len(text) < len(labels):
        types = ", ".join(str(each.dtype) for each in labels)
        raise DatasetError(f"labels must be all numbers or all text, but they are {types}.")
    if text:
        return np.concatenate([text_of(each) for each in labels])
    return np.concatenate(labels)


def _require_whole(labels: Array) -> None:
    is_odd = (labels != np.rint(labels)) | np.isinf(labels)
    odd = labels[is_odd]
    if len(odd):
        raise DatasetError(f"labels must be whole numbers or names of classes, but one is {odd[0]:g}.")


def _require_repeating(different: int, labels: int) -> None:
    if different > _MANY and 2 * different > labels:
        raise DatasetError(
            f"{count(different)} different labels for {count(labels)} images are not classes: "
            "regression targets and names of single images cannot be learned here."
        )


def _names_of(values: Array, class_names: Sequence[str]) -> list[str]:
    numbers = values.tolist()
    if not class_names or not numbers:
        return [str(number) for number in numbers]
    named = len(class_names)
    for first in (0, 1):
        last = first + named - 1
        if first <= numbers[0] and numbers[-1] <= last:
            return [class_names[int(number) - first] for number in numbers]
    raise DatasetError(
        f"labels must be 0 to {named - 1} or 1 to {named} (there are {named} class names), "
        f"but they are {values[0]} to {values[-1]}."
    )


def _checked(names: Sequence[str], indices: Indices) -> Classes:
    return Classes(checked_class_names(names), indices)
