"""Good values for what a person may choose, from a look at the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import NamedTuple

import numpy as np
from PIL import Image

from remap_core.datasets.fitting import ORIENTATION, fitted
from remap_core.datasets.readers.found import Found, LabelTable, Picture, Pictures
from remap_core.datasets.recipe import MIN_SIDE, Choices, Colour, Fit, Recipe
from remap_core.errors import DatasetError

SAMPLE = 400
"""Images that are looked at, evenly spread over the source."""
SIDES = (64, 48, 40, 32, 28, 24, 20, 16, 12, 8)
MAX_PIXELS = 24_000_000
"""Pixels of all images together, about, for which a network of this space trains in minutes on a CPU."""
_NEARLY_ALL = 0.95
_NEARLY_SQUARE = 1.1
_NOT_LONG = 1.8
"""Longer side to shorter side: 16:9 photos are cropped, panoramas are padded."""
_GREY_DIFFERENCE = 10
"""Values by which the channels of a grey image may differ; JPEG blurs colours."""
_SIDE_OF_A_LOOK = 32
_SIZES_SHOWN = 20
_SIDEWAYS = 5
"""From this EXIF orientation on, height and width change places."""
_FALLBACK_SIDE = 32
"""Where there are too many images for any other side."""


class Seen(NamedTuple):
    """One image: its size as shown (after EXIF orientation), whether it is grey, and its largest value of > 8 bits."""

    height: int
    width: int
    is_grey: bool
    largest: int

    @property
    def ratio(self) -> float:
        """Of the longer side to the shorter one."""
        longer = max(self.height, self.width)
        shorter = min(self.height, self.width)
        return longer / shorter


@dataclass(frozen=True)
class Look:
    """Some of a source's images, and how many of them could not be opened."""

    seen: tuple[Seen, ...]
    damaged: int

    @property
    def sizes(self) -> list[tuple[int, int, int]]:
        """(height, width, images) of the most frequent sizes."""
        counts = Counter((image.height, image.width) for image in self.seen)
        return [(*size, number) for size, number in counts.most_common(_SIZES_SHOWN)]

    @property
    def shorter_side(self) -> float:
        """The median of the images' shorter sides."""
        return median(min(image.height, image.width) for image in self.seen)


def look_at(found: Found) -> Look:
    """Look at SAMPLE images. Raises DatasetError if none can be opened."""
    n = len(found.pictures)
    evenly = np.linspace(0, n - 1, min(n, SAMPLE))
    places = np.unique(evenly.astype(int)).tolist()
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(partial(_see, found.pictures), places))
    seen = tuple(image for image in results if image is not None)
    if not seen:
        raise DatasetError(f"none of the {len(places)} sampled images can be read.")
    return Look(seen, len(results) - len(seen))


def propose(
    found: Found,
    look: Look,
    choices: Choices,
    source: str,
) -> Recipe:
    """The recipe of what was chosen, with good values for everything else."""
    images = choices.images or len(found.pictures)
    table = found.table or LabelTable("", "", "")
    return Recipe(
        source=source,
        form=found.form,
        side=choices.side or proposed_side(look, images),
        colour=choices.colour or _colour(look),
        fit=choices.fit or _fit(look),
        background=choices.background or "white",
        white=max(_largest(look), 1),
        label_table=table.file,
        file_column=table.file_column,
        label_column=table.label_column,
        left_out=choices.left_out or (),
        augmentation=choices.augmentation or (),
        images=choices.images,
        seed=choices.seed,
    )


def proposed_side(look: Look, images: int) -> int:
    """A side at which nothing is enlarged much and a training takes minutes; the own side of small squares."""
    heights = {image.height for image in look.seen}
    widths = {image.width for image in look.seen}
    lengths = heights | widths
    if len(lengths) == 1:
        (side,) = lengths
        if MIN_SIDE <= side <= SIDES[0]:
            return side
    for side in SIDES:
        is_affordable = side * side * images <= MAX_PIXELS
        if is_affordable and side <= look.shorter_side:
            return side
    return int(max(MIN_SIDE, min(_FALLBACK_SIDE, look.shorter_side)))


def _see(pictures: Pictures, place: int) -> Seen | None:
    """Look at one image; None where it cannot be read."""
    try:
        picture = pictures.open(place)
        height, width = _shown_size(picture)
        largest = _largest_value(picture)
        white = max(largest, 1)
        small = fitted(picture, side=_SIDE_OF_A_LOOK, colour="colour", white=white)
    except Exception:  # a damaged file can raise nearly anything; the conversion says which
        return None
    differences = np.ptp(small, axis=2)
    is_grey = np.percentile(differences, 99) <= _GREY_DIFFERENCE
    return Seen(height, width, bool(is_grey), largest)


def _shown_size(picture: Picture) -> tuple[int, int]:
    if isinstance(picture, Image.Image):
        width, height = picture.size
        if picture.getexif().get(ORIENTATION, 1) >= _SIDEWAYS:
            return width, height
        return height, width
    return picture.shape[0], picture.shape[1]


def _largest_value(picture: Picture) -> int:
    """255 for images of 8 bits, else the largest value of the image."""
    if not _is_deep(picture):
        return 255
    largest = np.asarray(picture).max()
    return int(np.ceil(largest))


def _is_deep(picture: Picture) -> bool:
    """Whether it has more than 8 bits."""
    if isinstance(picture, Image.Image):
        return picture.mode.startswith(("I", "F"))
    return picture.dtype != np.uint8


def _largest(look: Look) -> int:
    return max(image.largest for image in look.seen)


def _colour(look: Look) -> Colour:
    grey = sum(image.is_grey for image in look.seen)
    if grey >= _NEARLY_ALL * len(look.seen):
        return "grey"
    return "colour"


def _fit(look: Look) -> Fit:
    """Squash what is square, nearly; crop photos; pad what is long."""
    ratios = [image.ratio for image in look.seen]
    typical = np.percentile(ratios, 90)
    if typical <= _NEARLY_SQUARE:
        return "squash"
    if typical <= _NOT_LONG:
        return "crop"
    return "pad"


def size_warnings(look: Look, recipe: Recipe) -> Iterable[str]:
    """What a person should know of sizes and values."""
    if recipe.white != 255:
        yield f"Images have more than 8 bits: {recipe.white:,}, the largest value seen, becomes 255."
    if recipe.side and look.shorter_side < recipe.side / 2:
        yield f"Most images are enlarged: their median side is {look.shorter_side:.0f} pixels, not {recipe.side}."
