"""Images of one size, neither resized nor kept: how version 0.1 read a path."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from remap_core.datasets.fitting import fitted
from remap_core.datasets.images import Images, Pixels
from remap_core.datasets.preparation.proposal import look_at, propose
from remap_core.datasets.preparation.selection import select
from remap_core.datasets.readers.arrays.pixel_arrays import require_memory
from remap_core.datasets.readers.forms import find
from remap_core.datasets.readers.found import Found
from remap_core.datasets.recipe import Choices, Recipe
from remap_core.datasets.rules import errors_name
from remap_core.datasets.splits import Rows
from remap_core.errors import DatasetError
from remap_core.formatting import listed
from remap_core.trials.class_labels import Labels, as_labels


@dataclass(frozen=True, eq=False)
class FoundImages:
    """Images that were found; only those that are taken are decoded. labels: (n,)."""

    found: Found
    recipe: Recipe
    labels: Labels

    def take(self, rows: Rows) -> Images:
        """The images of these rows; raises DatasetError for a damaged one and for one of another size."""
        pictures = self.found.pictures
        pixels: list[Pixels] = []
        for row in rows.tolist():
            try:
                picture = pictures.open(row)
                image = fitted(
                    picture,
                    side=None,
                    colour=self.recipe.colour,
                    white=self.recipe.white,
                )
            except (DatasetError, OSError) as error:
                raise DatasetError(f"{pictures.name(row)}: {error}.") from error
            if pixels and image.shape != pixels[0].shape:
                raise DatasetError(
                    f"{pictures.name(row)}: images must be of one size to be read as they are, but this one is "
                    f"{_size_text(image)} and the first is {_size_text(pixels[0])}."
                )
            if not pixels:
                require_memory(f"{len(rows):,} images of this size", (len(rows), *image.shape), image.dtype)
            pixels.append(image)
        return Images(np.stack(pixels), self.labels[rows])


def read_as_is(path: Path) -> tuple[FoundImages, tuple[str, ...]]:
    """The images of a path and their class names. Raises DatasetError with the path and the rule that it breaks."""
    with errors_name(path), tempfile.TemporaryDirectory() as work:
        found = find(path, Choices(), Path(work))
        choices = Choices(left_out=found.not_classes)
        proposed = propose(found, look_at(found), choices, str(path))
        recipe = replace(proposed, side=None)
        selection = select(found, recipe)
        if len(selection) < len(found.labels):
            raise DatasetError(f"it has folders that are no classes: {listed(found.not_classes)}.")
    labels = as_labels(found.labels, len(found.class_names))
    return FoundImages(found, recipe, labels), found.class_names


def _size_text(image: Pixels) -> str:
    height, width, _ = image.shape
    return f"{height} x {width}"
