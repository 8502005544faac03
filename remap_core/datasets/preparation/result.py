"""Converted images, split, checked and stored in their final order."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.image_report import Report
from remap_core.datasets.kept import LABELS, NAMES, PARTS, PIXELS
from remap_core.datasets.preparation.checks import examine, finding_warnings, group_duplicates, without_leaks
from remap_core.datasets.preparation.selection import Selection, class_counts
from remap_core.datasets.readers.found import Skipped
from remap_core.datasets.recipe import Recipe
from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS, Part, parts_of
from remap_core.errors import DatasetError
from remap_core.formatting import listed, percent, pluralize
from remap_core.system.files import sync

MAX_DAMAGED = 0.05
"""Share of a class's images that may be damaged before a person is asked."""
RESULT = "result"
"""The folder of a preparation in which its result is."""
_COPY_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class _Ordered:
    """Rows of a selection in their final order: training images first, then validation and test, each by class."""

    rows: NDArray[np.intp]
    labels: NDArray[np.intp]
    parts: NDArray[np.uint8]


def finish(
    selection: Selection, recipe: Recipe, pixels: NDArray[np.uint8], failed: dict[int, str], folder: Path
) -> Report:
    """Split, check and store what was converted, and say what it is.

    pixels: (n, height, width, channels) of the selection's n images. failed: reasons by row of those without pixels.
    Raises DatasetError where too few images are left, or `folder` cannot be written.
    """
    class_names = selection.class_names
    good = np.ones(len(selection), bool)
    good[list(failed)] = False
    _require_readable(selection, good)
    rows = np.flatnonzero(good)
    groups = group_duplicates(pixels, rows)
    ordered, place_of, moved = _split(selection, recipe, rows, groups)
    stored = _store(folder, pixels, ordered, [selection.name(int(row)) for row in ordered.rows])
    findings = examine(
        stored,
        ordered.labels,
        ordered.parts,
        classes=len(class_names),
        groups=[sorted(place_of[group].tolist()) for group in groups],
        moved=place_of[moved].tolist(),
    )
    questions = tuple(_questions(selection, good))
    skipped = [Skipped(selection.name(row), why) for row, why in sorted(failed.items())]
    counts = np.bincount(ordered.labels, minlength=len(class_names))
    split = np.bincount(ordered.parts, minlength=3).tolist()
    height, width, channels = stored.shape[1:]
    return Report(
        ok=True,
        form=selection.found.form,
        images=len(rows),
        class_names=class_names,
        per_class=tuple(counts.tolist()),
        shape=(height, width, channels),
        split=(split[Part.TRAIN], split[Part.VALIDATION], split[Part.TEST]),
        skipped=(*selection.found.skipped, *skipped),
        warnings=(*_skipped_warning(failed), *questions, *finding_warnings(findings, split[Part.VALIDATION])),
        recipe=recipe,
        all_classes=tuple(class_counts(selection.found).items()),
        columns=selection.found.table.columns if selection.found.table else (),
        questions=questions,
        findings=findings,
    )


def _split(
    selection: Selection, recipe: Recipe, rows: NDArray[np.intp], groups: list[list[int]]
) -> tuple[_Ordered, NDArray[np.intp], list[int]]:
    """The final order; the place in it of each of `rows`; which of `rows` moved away from a copy."""
    labels = selection.labels[rows]
    given = None
    if selection.parts is not None:
        given = selection.parts[rows]
    parts = parts_of(labels, len(selection.class_names), given, recipe.seed)
    keeps_test = given is not None and bool((given == Part.TEST).any())
    parts, moved = without_leaks(parts, labels, groups, keeps_test)
    order = np.lexsort((labels, parts))
    ordered = _Ordered(rows[order], labels[order], parts[order])
    return ordered, np.argsort(order), moved


def _require_readable(selection: Selection, good: NDArray[np.bool_]) -> None:
    needed = MIN_IMAGES_PER_CLASS
    if selection.parts is not None:
        needed = 1
    counts = np.bincount(selection.labels[good], minlength=len(selection.class_names)).tolist()
    small = [
        f"{name} ({number})" for name, number in zip(selection.class_names, counts, strict=True) if number < needed
    ]
    if small:
        raise DatasetError(
            f"every class needs at least {needed} images that can be read; too few, without damaged files: "
            f"{listed(small)}."
        )


def _skipped_warning(failed: Mapping[int, str]) -> list[str]:
    if not failed:
        return []
    return [f"Skipped: {pluralize(len(failed), 'file')} that cannot be read."]


def _questions(selection: Selection, good: NDArray[np.bool_]) -> list[str]:
    """Whether it is right that so many files of a class are damaged."""
    classes = len(selection.class_names)
    total = np.bincount(selection.labels, minlength=classes).tolist()
    bad = np.bincount(selection.labels[~good], minlength=classes).tolist()
    questions = []
    for name, number, whole in zip(selection.class_names, bad, total, strict=True):
        if number > MAX_DAMAGED * whole:
            questions.append(f"{percent(number / whole)} of the files of {name} are damaged: is that so?")
    return questions


def _store(folder: Path, pixels: NDArray[np.uint8], ordered: _Ordered, names: Sequence[str]) -> NDArray[np.uint8]:
    """Write the result in its order; what was converted stays until the result is kept."""
    rows = ordered.rows
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir()
        shape = (len(rows), *pixels.shape[1:])
        stored: NDArray[np.uint8] = np.lib.format.open_memmap(folder / PIXELS, mode="w+", dtype=np.uint8, shape=shape)
        for start in range(0, len(rows), _COPY_BLOCK):
            block = slice(start, start + _COPY_BLOCK)
            stored[block] = pixels[rows[block]]
        sync(folder / PIXELS)
        np.save(folder / LABELS, ordered.labels.astype(np.uint16))
        np.save(folder / PARTS, ordered.parts)
        (folder / NAMES).write_text(json.dumps(names), encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"the images cannot be stored in {folder}: {error.strerror}.") from error
    return stored
