"""Good values for what a person may choose, from a look at the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np
from PIL import Image

from remap_core.datasets.fitting import ORIENTATION, fitted
from remap_core.datasets.readers.found import Found, Picture, Pictures
from remap_core.datasets.recipe import MAX_SIDE, MIN_SIDE, Choices, Colour, Fit, Recipe
from remap_core.errors import DatasetError

SAMPLE = 400
"""Images that are looked at, evenly spread over the source."""
SIDES = (64, 48, 40, 32, 28, 24, 20, 16, 12, 8)
MAX_PIXELS = 24_000_000
"""Pixels of all images together, about, for which a network of this space trains in minutes on a CPU."""
_NEARLY_ALL = 0.95
_GREY_DIFFERENCE = 10
"""Values by which the channels of a grey image may differ; JPEG blurs colours."""
_SIDE_OF_A_LOOK = 32


class Seen(NamedTuple):
    """One image: its size as shown (after EXIF orientation), whether it is grey, and its largest value of > 8 bits."""

    height: int
    width: int
    is_grey: bool
    largest: int


@dataclass(frozen=True)
class Look:
    """Some of a source's images, and how many of them could not be opened."""

    seen: tuple[Seen, ...]
    damaged: int

    @property
    def sizes(self) -> list[tuple[int, int, int]]:
        """(height, width, images) of the most frequent sizes."""
        counts = Counter((image.height, image.width) for image in self.seen)
        return [(height, width, number) for (height, width), number in counts.most_common(20)]


def look_at(found: Found) -> Look:
    """Look at SAMPLE images. Raises DatasetError if none can be opened."""
    n = len(found.pictures)
    places = np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(int)).tolist()
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda place: _see(found.pictures, place), places))
    seen = tuple(image for image in results if image is not None)
    if not seen:
        raise DatasetError(f"none of the {len(places)} images that were tried can be read.")
    return Look(seen, len(results) - len(seen))


def propose(found: Found, look: Look, choices: Choices, source: str) -> Recipe:
    """The recipe of what was chosen, with good values for everything else."""
    fit = choices.fit or _fit(look)
    table = found.table
    return Recipe(
        source=source,
        form=found.form,
        side=choices.side or proposed_side(look, choices.images or len(found.pictures)),
        colour=choices.colour or _colour(look),
        fit=fit,
        background=choices.background or "white",
        white=max(_largest(look), 1),
        label_table=table.file if table else "",
        file_column=table.file_column if table else "",
        label_column=table.label_column if table else "",
        left_out=choices.left_out or (),
        augmentation=choices.augmentation or (),
        images=choices.images,
        seed=choices.seed,
    )


def proposed_side(look: Look, images: int) -> int:
    """A side at which nothing is enlarged much and a training takes minutes; the own side of small squares."""
    heights = {image.height for image in look.seen}
    widths = {image.width for image in look.seen}
    if heights == widths and len(heights) == 1:
        (side,) = heights
        if MIN_SIDE <= side <= SIDES[0]:
            return side
    shorter = median(min(image.height, image.width) for image in look.seen)
    affordable = [side for side in SIDES if side <= shorter and side * side * images <= MAX_PIXELS]
    if affordable:
        return affordable[0]
    return int(max(MIN_SIDE, min(SIDES[3], shorter, MAX_SIDE)))


def _see(pictures: Pictures, place: int) -> Seen | None:
    """Look at one image; None where it cannot be read."""
    try:
        picture = pictures.open(place)
        height, width = _shown_size(picture)
        largest = _largest_value(picture)
        small = fitted(picture, side=_SIDE_OF_A_LOOK, colour="colour", white=max(largest, 1)).astype(np.int16)
    except Exception:  # a damaged file can raise nearly anything; the conversion says which
        return None
    spread = small.max(axis=2) - small.min(axis=2)
    return Seen(height, width, bool(np.percentile(spread, 99) <= _GREY_DIFFERENCE), largest)


def _shown_size(picture: Picture) -> tuple[int, int]:
    if isinstance(picture, Image.Image):
        width, height = picture.size
        if picture.getexif().get(ORIENTATION, 1) >= 5:
            return width, height
        return height, width
    return picture.shape[0], picture.shape[1]


def _largest_value(picture: Picture) -> int:
    """255 for images of 8 bits, else the largest value of the image."""
    if isinstance(picture, Image.Image):
        if not (picture.mode.startswith("I") or picture.mode == "F"):
            return 255
        return int(np.ceil(np.asarray(picture).max()))
    if picture.dtype == np.uint8:
        return 255
    return int(np.ceil(picture.max()))


def _largest(look: Look) -> int:
    return max(image.largest for image in look.seen)


def _colour(look: Look) -> Colour:
    grey = sum(image.is_grey for image in look.seen)
    if grey >= _NEARLY_ALL * len(look.seen):
        return "grey"
    return "colour"


def _fit(look: Look) -> Fit:
    """Squash what is square, nearly; crop photos; pad what is long."""
    ratios = [max(image.height, image.width) / min(image.height, image.width) for image in look.seen]
    typical = float(np.percentile(ratios, 90))
    if typical <= 1.1:
        return "squash"
    if typical <= 1.8:
        return "crop"
    return "pad"


def size_warnings(look: Look, recipe: Recipe) -> Iterable[str]:
    """What a person should know of sizes and values."""
    if recipe.white != 255:
        yield f"Values of more than 8 bits are scaled by the largest one seen, {recipe.white:,}."
    shorter = median(min(image.height, image.width) for image in look.seen)
    if recipe.side and shorter < recipe.side / 2:
        yield f"Most images are smaller than {recipe.side} pixels (median {shorter:.0f}): they are enlarged."
