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
from remap_core.datasets.images import Pixels
from remap_core.datasets.kept import LABELS, NAMES, PARTS, PIXELS
from remap_core.datasets.preparation.checks import examine, finding_warnings, group_duplicates, without_leaks
from remap_core.datasets.preparation.selection import Selection, class_counts
from remap_core.datasets.readers.found import Skipped
from remap_core.datasets.recipe import Recipe
from remap_core.datasets.splits import MIN_IMAGES_PER_CLASS, Part, Parts, Rows, parts_of
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

    rows: Rows
    labels: Rows
    parts: Parts


def finish(
    selection: Selection,
    recipe: Recipe,
    pixels: Pixels,
    failed: Mapping[int, str],
    folder: Path,
) -> Report:
    """Split, check and store what was converted, and say what it is.

    pixels: (n, height, width, channels) of the selection's n images. failed: reasons by row of those without pixels.
    Raises DatasetError where too few images are left, or `folder` cannot be written.
    """
    found = selection.found
    classes = len(selection.class_names)
    good = np.ones(len(selection), bool)
    good[list(failed)] = False
    _require_readable(selection, good)
    rows = np.flatnonzero(good)
    groups = group_duplicates(pixels, rows)
    ordered, place_of, moved = _split(selection, recipe, rows, groups)
    names = [selection.name(row) for row in ordered.rows.tolist()]
    stored = _store(folder, pixels, ordered, names)
    findings = examine(
        stored,
        ordered.labels,
        ordered.parts,
        classes=classes,
        groups=[sorted(place_of[group].tolist()) for group in groups],
        moved=place_of[moved].tolist(),
    )
    questions = tuple(_questions(selection, good))
    skipped = []
    for row, why in sorted(failed.items()):
        skipped.append(Skipped(selection.name(row), why))
    per_class = np.bincount(ordered.labels, minlength=classes)
    split = np.bincount(ordered.parts, minlength=3).tolist()
    warnings = finding_warnings(findings, validation_images=split[Part.VALIDATION])
    columns: tuple[str, ...] = ()
    if found.table is not None:
        columns = found.table.columns
    height, width, channels = stored.shape[1:]
    return Report(
        ok=True,
        form=found.form,
        images=len(rows),
        class_names=selection.class_names,
        per_class=tuple(per_class.tolist()),
        shape=(height, width, channels),
        split=(split[Part.TRAIN], split[Part.VALIDATION], split[Part.TEST]),
        skipped=(*found.skipped, *skipped),
        warnings=(*_skipped_warning(failed), *questions, *warnings),
        recipe=recipe,
        all_classes=tuple(class_counts(found).items()),
        columns=columns,
        questions=questions,
        findings=findings,
    )


def _split(
    selection: Selection,
    recipe: Recipe,
    rows: Rows,
    groups: list[list[int]],
) -> tuple[_Ordered, Rows, list[int]]:
    """The final order; the place in it of each of `rows`; which of `rows` moved away from a copy."""
    labels = selection.labels[rows]
    given = None
    keeps_test = False
    if selection.parts is not None:
        given = selection.parts[rows]
        keeps_test = Part.TEST in given
    proposed = parts_of(labels, len(selection.class_names), given, recipe.seed)
    parts, moved = without_leaks(proposed, labels, groups, keeps_test)
    order = np.lexsort((labels, parts))
    ordered = _Ordered(rows[order], labels[order], parts[order])
    return ordered, np.argsort(order), moved


def _require_readable(selection: Selection, good: NDArray[np.bool_]) -> None:
    needed = MIN_IMAGES_PER_CLASS
    if selection.parts is not None:
        needed = 1
    class_names = selection.class_names
    counts = np.bincount(selection.labels[good], minlength=len(class_names)).tolist()
    small = []
    for name, number in zip(class_names, counts, strict=True):
        if number < needed:
            small.append(f"{name} ({number})")
    if small:
        raise DatasetError(
            f"every class needs at least {pluralize(needed, 'readable image')}; too few in {listed(small)}."
        )


def _skipped_warning(failed: Mapping[int, str]) -> list[str]:
    if not failed:
        return []
    return [f"{pluralize(len(failed), 'unreadable file')} skipped."]


def _questions(selection: Selection, good: NDArray[np.bool_]) -> list[str]:
    """Whether it is right that so many files of a class are damaged."""
    classes = len(selection.class_names)
    total = np.bincount(selection.labels, minlength=classes).tolist()
    bad = np.bincount(selection.labels[~good], minlength=classes).tolist()
    questions = []
    for name, number, whole in zip(selection.class_names, bad, total, strict=True):
        if number > MAX_DAMAGED * whole:
            share = percent(number / whole)
            questions.append(f"{share} of the files of {name} are damaged: go on without them?")
    return questions


def _store(
    folder: Path,
    pixels: Pixels,
    ordered: _Ordered,
    names: Sequence[str],
) -> Pixels:
    """Write the result in its order; what was converted stays until the result is kept."""
    rows = ordered.rows
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir()
        stored: Pixels = np.lib.format.open_memmap(
            folder / PIXELS,
            mode="w+",
            dtype=np.uint8,
            shape=(len(rows), *pixels.shape[1:]),
        )
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
