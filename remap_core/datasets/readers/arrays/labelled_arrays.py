"""Arrays of labels to classes, and arrays of images with their labels to what a reader returns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.readers.arrays.pixel_arrays import channels_last, to_pixels
from remap_core.datasets.readers.found import ArrayPictures, Found, Skipped
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import checked_class_names
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError
from remap_core.formatting import count, pluralize

UNLABELLED = -1
_MANY = 20
"""More different labels than this, with less than two images each, are no classes."""
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


class Labelled(NamedTuple):
    """images: as `channels_last` takes them. labels: as `flat_labels` takes them. name: of the rows in a report."""

    images: NDArray[Any]
    labels: NDArray[Any]
    part: Part = Part.UNKNOWN
    name: str = ""


class Classes(NamedTuple):
    """indices: (n,) int64 into names, UNLABELLED where there is no label."""

    names: tuple[str, ...]
    indices: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RowNames(Sequence[str]):
    """The names of rows of several tables or arrays, made when they are needed.

    tables: their names. starts: (tables,) ascending, the first row of each. rows: those that are named.
    """

    tables: tuple[str, ...]
    starts: NDArray[np.intp]
    rows: NDArray[np.intp]

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
        return f"{self.tables[table]} row {row - self.starts[table]}".lstrip()


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
    labels = [flat_labels(group.labels) for group in groups]
    images = [channels_last(group.images, len(each)) for group, each in zip(groups, labels, strict=True)]
    counts = [len(each) for each in images]
    for group, number, each in zip(groups, counts, labels, strict=True):
        _require_a_label_each(group.name, number, len(each))
    classes = to_classes(_joined(labels), class_names)
    has_label = classes.indices != UNLABELLED
    background = 255
    if choices.background == "black":
        background = 0
    pixels = to_pixels(images, has_label, background)
    starts = np.cumsum([0, *counts[:-1]])
    tables = tuple(group.name for group in groups)
    names, kept = without_empty(Classes(classes.names, classes.indices[pixels.rows]))
    parts = np.repeat([np.uint8(group.part) for group in groups], counts)[pixels.rows]
    broken = [Skipped(name, "it holds NaN or infinity") for name in RowNames(tables, starts, pixels.broken)]
    sentences = [*warnings, unlabelled_warning(classes), pixels.warning]
    return Found(
        form=form,
        class_names=names,
        labels=kept,
        pictures=ArrayPictures(pixels.pixels, path, RowNames(tables, starts, pixels.rows)),
        parts=known_parts(parts),
        skipped=(*skipped, *broken),
        warnings=tuple(sentence for sentence in sentences if sentence),
    )


def flat_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """One label an image, (n,), of the kinds that `to_classes` takes.

    labels: (n,), (n, 1), or (n, classes) one-hot, whose rows without a 1 are UNLABELLED. Raises DatasetError.
    """
    if labels.dtype.hasobject:
        raise DatasetError("labels must be a plain array, but it holds Python objects.")
    if labels.dtype.kind not in "biufUS":
        raise DatasetError(f"labels must be numbers or text, but they are {labels.dtype}.")
    if labels.ndim >= 1 and labels.size == len(labels):
        return labels.reshape(-1)
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        return _from_one_hot(labels)
    raise DatasetError(f"labels must be one for each image or one-hot, but their shape is {labels.shape}.")


def to_classes(labels: NDArray[Any], class_names: Sequence[str] = ()) -> Classes:
    """The classes of labels, (n,): bool, integers, whole floats, text or bytes.

    Numbers are sorted as numbers, and named by class_names if these are given. Empty text and NaN are no labels, as is
    -1 beside two or more other numbers. Raises DatasetError.
    """
    if labels.dtype.kind in "US":
        return text_classes(*np.unique(text_of(labels), return_inverse=True))
    is_missing = np.zeros(len(labels), np.bool_)
    if labels.dtype.kind == "f":
        is_missing = np.isnan(labels)
        _require_whole(labels[~is_missing])
        labels = np.where(is_missing, UNLABELLED, labels).astype(np.int64)
    values = np.unique(labels[~is_missing])
    negative = [value for value in values[:2].tolist() if value < 0]
    if negative == [UNLABELLED] and len(values) > 2:
        is_missing |= labels == UNLABELLED
        values = values[1:]
    _require_repeating(len(values), int(np.count_nonzero(~is_missing)))
    indices = np.searchsorted(values, labels).astype(np.int64)
    indices[is_missing] = UNLABELLED
    return _checked(_names_of(values, class_names), indices)


def text_classes(texts: NDArray[Any], indices: NDArray[np.intp]) -> Classes:
    """The classes of labels that are text. indices: (n,) into texts; texts that are blank are no labels.

    Numbers are sorted as numbers. Raises DatasetError.
    """
    stripped = [str(text).strip() for text in texts]
    names = sorted({text for text in stripped if text})
    if all(_WHOLE_NUMBER.fullmatch(name) for name in names):
        names.sort(key=int)
    place = {name: index for index, name in enumerate(names)}
    renamed = np.array([place.get(text, UNLABELLED) for text in stripped], np.int64)
    labels = renamed[indices]
    labelled = np.count_nonzero(labels != UNLABELLED)
    _require_repeating(len(names), int(labelled))
    return _checked(names, labels)


def without_empty(classes: Classes) -> Classes:
    """The classes that have an image. Raises DatasetError if they are fewer than two."""
    counts = np.bincount(classes.indices[classes.indices != UNLABELLED], minlength=len(classes.names))
    used = np.flatnonzero(counts)
    if len(used) == len(classes.names):
        return classes
    names = checked_class_names([classes.names[index] for index in used])
    renumbered = np.searchsorted(used, classes.indices)
    indices = np.where(classes.indices == UNLABELLED, UNLABELLED, renumbered)
    return Classes(names, indices.astype(np.int64))


def text_of(labels: NDArray[Any]) -> NDArray[np.str_]:
    """Labels or names that are text or bytes, as text."""
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    return labels.astype(np.str_)


def known_parts(parts: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The parts, or None if there is only one: then the source does not say how to split."""
    if len(np.unique(parts)) < 2:
        return None
    return parts


def unlabelled_warning(classes: Classes) -> str:
    """How many images have no label, as a sentence; empty if all have one."""
    missing = int(np.count_nonzero(classes.indices == UNLABELLED))
    if not missing:
        return ""
    return f"{pluralize(missing, 'image')} without a label (empty, NaN or -1): left out."


def _require_a_label_each(name: str, images: int, labels: int) -> None:
    if images != labels:
        where = ""
        if name:
            where = f" ({name})"
        numbers = f"{pluralize(images, 'image')} and {pluralize(labels, 'label')}"
        raise DatasetError(f"there must be as many labels as images, but there are {numbers}{where}.")


def _from_one_hot(labels: NDArray[Any]) -> NDArray[np.int64]:
    ones = labels == 1
    if not (ones | (labels == 0)).all():
        raise DatasetError(
            f"labels of shape {labels.shape} must be one-hot, 0 and 1 alone, "
            f"but they are from {labels.min():g} to {labels.max():g}."
        )
    classes = np.count_nonzero(ones, axis=1)
    several = np.flatnonzero(classes > 1)
    if len(several):
        raise DatasetError(
            f"every image must have one class, but {count(len(several))} of {count(len(labels))} have several "
            f"(row {several[0]} is the first)."
        )
    return np.where(classes == 0, UNLABELLED, ones.argmax(axis=1)).astype(np.int64)


def _joined(labels: Sequence[NDArray[Any]]) -> NDArray[Any]:
    are_text = {each.dtype.kind in "US" for each in labels}
    if len(are_text) > 1:
        types = ", ".join(str(each.dtype) for each in labels)
        raise DatasetError(f"labels must be all numbers or all text, but they are {types}.")
    if are_text == {True}:
        return np.concatenate([text_of(each) for each in labels])
    return np.concatenate(labels)


def _require_whole(labels: NDArray[Any]) -> None:
    odd = labels[(labels != np.rint(labels)) | np.isinf(labels)]
    if len(odd):
        raise DatasetError(f"labels must be whole numbers or names of classes, but one is {odd[0]:g}.")


def _require_repeating(different: int, labels: int) -> None:
    if different > _MANY and 2 * different > labels:
        raise DatasetError(
            f"there are {count(different)} different labels for {count(labels)} images, so they are not classes: "
            "numbers to predict (regression) and names of single images cannot be learned here."
        )


def _names_of(values: NDArray[Any], class_names: Sequence[str]) -> list[str]:
    if not len(class_names) or not len(values):
        return [str(value) for value in values.tolist()]
    named = len(class_names)
    for first in (0, 1):
        if values[0] >= first and values[-1] < first + named:
            return [class_names[int(value) - first] for value in values]
    raise DatasetError(
        f"labels must be 0 to {named - 1} or 1 to {named} (there are {named} class names), "
        f"but they are {values[0]} to {values[-1]}."
    )


def _checked(names: Sequence[str], indices: NDArray[np.int64]) -> Classes:
    return Classes(checked_class_names(names), indices)
