"""What a person says of single images: "the label is wrong", "leave it out"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.dataset import Dataset, names_by_part
from remap_core.datasets.splits import Part, Parts
from remap_core.errors import DatasetError
from remap_core.formatting import listed, pluralize

ImageName = int | str
"""The number of a validation image, as `remap data issues` prints it, "training 12", or what an image is called in its
source."""
_NUMBER = re.compile(r"(?P<training>training )?(?P<place>[0-9]{1,9})")
PARTS = (Part.TRAIN, Part.VALIDATION, Part.TEST)


@dataclass(frozen=True)
class Corrections:
    """What was said of single images. classes: the class that an image should have. left_out: images.

    Raises DatasetError where nothing is said, and where both are said of an image.
    """

    classes: Mapping[ImageName, str]
    left_out: Sequence[ImageName] = ()

    def __post_init__(self) -> None:
        if not self.classes and not self.left_out:
            raise DatasetError("Nothing to correct: name an image and its class, or an image to leave out.")
        for image in self.left_out:
            if image in self.classes:
                raise _both(str(image))


class ImageRows(NamedTuple):
    """All images of a data set, by part. labels, parts: (n,). names: what each is called."""

    names: Sequence[str]
    labels: NDArray[np.int64]
    parts: Parts


def image_rows(dataset: Dataset, home: Path) -> ImageRows:
    """All images of a data set; those of one in the box are called by part and number, such as "validation 12"."""
    by_part = [dataset.train, dataset.validation, dataset.test]
    names = names_by_part(dataset.name, home)
    if not names:
        names = [[f"{part.title} {place}" for place in range(len(by_part[part]))] for part in PARTS]
    labels = np.concatenate([images.labels.astype(np.int64) for images in by_part])
    parts = np.repeat(np.array(PARTS, np.uint8), [len(images) for images in by_part])
    return ImageRows([name for part in names for name in part], labels, parts)


def resolved(
    corrections: Corrections,
    rows: ImageRows,
    class_names: Sequence[str],
) -> tuple[dict[int, int], list[int]]:
    """The corrected classes by row, and the rows that are left out, ascending.

    Raises DatasetError for an image or a class that there is none of, and for a label that is the image's own.
    """
    places: dict[str, list[int]] = {}
    for row, name in enumerate(rows.names):
        places.setdefault(name, []).append(row)
    classes: dict[int, int] = {}
    for image, class_name in corrections.classes.items():
        row = _row_of(image, rows, places)
        if class_name not in class_names:
            raise DatasetError(f"There is no class {class_name!r:.60}, only {listed(class_names)}.")
        if class_names[rows.labels[row]] == class_name:
            raise DatasetError(f"Image {image} is labelled {class_name} already.")
        if classes.setdefault(row, class_names.index(class_name)) != class_names.index(class_name):
            raise DatasetError(f"Image {image} is given two classes.")
    left_out = sorted({_row_of(image, rows, places) for image in corrections.left_out})
    for row in left_out:
        if row in classes:
            raise _both(rows.names[row])
    return classes, left_out


def require_all_classes(labels: NDArray[np.int64], parts: Parts, class_names: Sequence[str]) -> None:
    """Raise DatasetError where a class has no training, or no validation image. labels, parts: (n,)."""
    for part in (Part.TRAIN, Part.VALIDATION):
        counts = np.bincount(labels[parts == part], minlength=len(class_names))
        if not counts.all():
            name = class_names[int(counts.argmin())]
            raise DatasetError(f"{name} would have no {part.title} image left: every class needs at least one.")


def _row_of(image: ImageName, rows: ImageRows, places: Mapping[str, list[int]]) -> int:
    named = places.get(image, []) if isinstance(image, str) else []
    if len(named) > 1:
        raise DatasetError(f"{image!r:.80} is the name of {pluralize(len(named), 'image')}: give its number instead.")
    if named:
        return named[0]
    match = _NUMBER.fullmatch(str(image))
    part = Part.TRAIN if match and match["training"] else Part.VALIDATION
    of_part = np.flatnonzero(rows.parts == part)
    place = int(match["place"]) if match else -1
    if not 0 <= place < len(of_part):
        raise DatasetError(
            f"There is no image {image!r:.80}: give the name of a file, or the number of a {part.title} image, "
            f"0 to {len(of_part) - 1}."
        )
    return int(of_part[place])


def _both(image: str) -> DatasetError:
    return DatasetError(f"Image {image:.80} can be given another class or be left out, but not both.")
