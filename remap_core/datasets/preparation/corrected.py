"""A data set with corrected labels, or without some images, beside the old one.

Its images are those that are prepared already, each in the part of the split that it had: nothing is decoded, and the
sealed test images stay sealed.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.image_report import Report
from remap_core.datasets.images import Pixels
from remap_core.datasets.kept import LABELS, NAMES, PIXELS, Kept, find_kept, kept_datasets, store_kept
from remap_core.datasets.kept import PARTS as PARTS_FILE
from remap_core.datasets.naming import checked_title, split_name
from remap_core.datasets.photos import photo_steps
from remap_core.datasets.preparation.checks import examine, finding_warnings, group_duplicates
from remap_core.datasets.preparation.corrections import (
    PARTS,
    Corrections,
    ImageRows,
    image_rows,
    require_all_classes,
    resolved,
)
from remap_core.datasets.preparation.resolving import free_title
from remap_core.datasets.recipe import BUILT_IN, Recipe
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError
from remap_core.formatting import dataset_title
from remap_core.system.files import sync

_SUFFIX = "-corrected"
_BLOCK = 4096


class _Corrected(NamedTuple):
    """What is to be kept. rows: all images of the old data set, with the new labels. stays: (n,) which of them stay.

    base: the old data set, if it was added.
    """

    dataset: Dataset
    base: Kept | None
    rows: ImageRows
    stays: NDArray[np.bool_]
    recipe: Recipe

    @property
    def stamp(self) -> str:
        return self.base.stamp if self.base else self.dataset.name

    def title(self, home: Path) -> str:
        """A title like that of the old data set, which no other has."""
        source, size = split_name(self.dataset.name)
        stem = dataset_title(source).removesuffix(_SUFFIX)
        return free_title(stem + _SUFFIX, size, home)


def keep_corrected(name: str, corrections: Corrections, home: Path, title: str = "") -> Kept:
    """Make the data set `name` again, with these corrections, and keep it as `title` beside the old one.

    title: by default that of the old one with "-corrected". What was corrected earlier stays corrected. The same
    corrections again give the same data set. Raises DatasetError for an image or a class that there is none of, a
    label that is the image's own, a class that would lose all training or all validation images, and a title that is
    taken.
    """
    if title:
        checked_title(title)
    made = _corrected(load_dataset(name, home), corrections, home)
    for kept in kept_datasets(home):
        if kept.recipe == made.recipe and kept.stamp == made.stamp and title in ("", kept.title):
            return kept
    title = title or made.title(home)
    work = home / "data" / f".{secrets.token_hex(8)}.corrected"
    try:
        work.mkdir(parents=True)
        report = _report(made, _stored(work, made))
        recipe = json.loads(made.recipe.to_json())
        about = {"report": report.to_json(), "stamp": made.stamp, "proposed": False, "recipe": recipe}
        return store_kept(work, title, home, about)
    except OSError as error:
        raise DatasetError(f"{title} cannot be stored in {home}: {error.strerror}.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _corrected(dataset: Dataset, corrections: Corrections, home: Path) -> _Corrected:
    rows = image_rows(dataset, home)
    classes, left_out = resolved(corrections, rows, dataset.class_names)
    labels = rows.labels.copy()
    labels[list(classes)] = list(classes.values())
    stays = np.ones(len(labels), bool)
    stays[left_out] = False
    require_all_classes(labels[stays], rows.parts[stays], dataset.class_names)
    source, size = split_name(dataset.name)
    base = find_kept(source, home)
    said = {rows.names[row]: dataset.class_names[label] for row, label in classes.items()}
    if base:
        recipe = replace(base.recipe, images=size or base.recipe.images)
    else:
        recipe = Recipe(dataset.name, BUILT_IN, **photo_steps(None, dataset.input_shape))
    recipe = _added_to(recipe, said, [rows.names[row] for row in left_out])
    return _Corrected(dataset, base, rows._replace(labels=labels), stays, recipe)


def _added_to(recipe: Recipe, classes: Mapping[str, str], left_out: Sequence[str]) -> Recipe:
    """The recipe with what was said now and earlier; an image that is left out has no class."""
    without = {*recipe.without, *left_out}
    relabelled = {**dict(recipe.relabelled), **classes}
    staying = sorted((image, name) for image, name in relabelled.items() if image not in without)
    return replace(recipe, relabelled=tuple(staying), without=tuple(sorted(without)))


def _stored(folder: Path, made: _Corrected) -> Pixels:
    """Write the images that stay, in the order that they had; returns them, memory-mapped."""
    dataset, rows, stays = made.dataset, made.rows, made.stays
    shape = (int(stays.sum()), *dataset.train.images.shape[1:])
    pixels: Pixels = np.lib.format.open_memmap(folder / PIXELS, mode="w+", dtype=np.uint8, shape=shape)
    written = 0
    for part, images in zip(PARTS, (dataset.train, dataset.validation, dataset.test), strict=True):
        in_part = stays[rows.parts == part]
        for start in range(0, len(images), _BLOCK):
            block = slice(start, start + _BLOCK)
            found = images.images[block][in_part[block]]
            pixels[written : written + len(found)] = found
            written += len(found)
    sync(folder / PIXELS)
    np.save(folder / LABELS, rows.labels[stays].astype(np.uint16))
    np.save(folder / PARTS_FILE, rows.parts[stays])
    names = [name for name, is_kept in zip(rows.names, stays.tolist(), strict=True) if is_kept]
    (folder / NAMES).write_text(json.dumps(names), encoding="utf-8")
    return pixels


def _report(made: _Corrected, pixels: Pixels) -> Report:
    """As of images that were prepared, the checks made again: with other labels other duplicates conflict."""
    labels, parts = made.rows.labels[made.stays], made.rows.parts[made.stays]
    class_names = made.dataset.class_names
    groups = group_duplicates(pixels, np.arange(len(pixels)))
    findings = examine(pixels, labels, parts, classes=len(class_names), groups=groups, moved=[])
    split = np.bincount(parts, minlength=len(PARTS)).tolist()
    per_class = np.bincount(labels, minlength=len(class_names)).tolist()
    height, width, channels = pixels.shape[1:]
    return Report(
        ok=True,
        form=made.recipe.form,
        images=len(pixels),
        class_names=class_names,
        per_class=tuple(per_class),
        shape=(height, width, channels),
        split=(split[Part.TRAIN], split[Part.VALIDATION], split[Part.TEST]),
        warnings=tuple(finding_warnings(findings, validation_images=split[Part.VALIDATION])),
        recipe=made.recipe,
        sizes=made.base.report.sizes if made.base else ((height, width, len(pixels)),),
        all_classes=tuple(zip(class_names, per_class, strict=True)),
        findings=findings,
    )
