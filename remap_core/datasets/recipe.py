"""Recipes: what is made of somebody's images, as one value that can be stored, compared and applied again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from remap_core.datasets.splits import SEED
from remap_core.errors import DatasetError
from remap_core.formatting import pluralize

Colour = Literal["grey", "colour"]
Fit = Literal["squash", "crop", "pad"]
Background = Literal["white", "black"]
Augmentation = Literal["shift", "flip", "rotate", "brightness"]

COLOURS: tuple[Colour, ...] = get_args(Colour)
FITS: tuple[Fit, ...] = get_args(Fit)
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
AUGMENTATIONS: tuple[Augmentation, ...] = get_args(Augmentation)
BUILT_IN = "a data set in the box"
"""The form of what was made of one that is not somebody's files."""
MIN_SIDE = 8
MAX_SIDE = 224


@dataclass(frozen=True)
class Choices:
    """What a person may choose about images; None leaves it to `propose`.

    side: height and width after resizing, in pixels. fit: squash changes the aspect ratio, crop keeps the middle, pad
    adds borders of the background's colour; transparent pixels show the background, too.
    label_table: a table beside the images, below the source. file_column, label_column: columns of it.
    left_out: classes without which the data set is made. augmentation: random changes of training images.
    images: the size of a class-balanced subset. seed: of the split, where the source has none.
    """

    side: int | None = None
    colour: Colour | None = None
    fit: Fit | None = None
    background: Background | None = None
    label_table: str | None = None
    file_column: str | None = None
    label_column: str | None = None
    left_out: tuple[str, ...] | None = None
    augmentation: tuple[Augmentation, ...] | None = None
    images: int | None = None
    seed: int = SEED

    def __post_init__(self) -> None:
        for name in ("side", "images", "seed"):
            value = getattr(self, name)
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not is_whole:
                raise DatasetError(f"{name} must be a whole number, but got {value!r:.60}.")
        for name in ("left_out", "augmentation"):
            names = getattr(self, name)
            if isinstance(names, str):
                raise DatasetError(f"{name} must be a list of names, but got {names!r:.60}.")
            if names is not None:
                object.__setattr__(self, name, tuple(names))
        if self.side is not None and not MIN_SIDE <= self.side <= MAX_SIDE:
            raise DatasetError(f"The side must be {MIN_SIDE} to {MAX_SIDE} pixels, but got {self.side}.")
        _require_one_of("colour", self.colour, COLOURS)
        _require_one_of("fit", self.fit, FITS)
        _require_one_of("background", self.background, BACKGROUNDS)
        for name in self.augmentation or ():
            _require_one_of("augmentation", name, AUGMENTATIONS)
        if self.images is not None and self.images < 1:
            raise DatasetError(f"A subset must have at least one image, but got {self.images}.")


@dataclass(frozen=True)
class Recipe:
    """What was made of a source, all choices settled. Two data sets of one recipe and one content are the same.

    source: an absolute path, or the name of a published data set. form: as which the source was read, see `Found`.
    side: None keeps the one size that all images have. white: the value that becomes 255 in images of more than
    8 bits. The rest is as in `Choices`.
    relabelled: images and the classes that they should have, by image. without: images that are left out. Both were
    said after the images were prepared, see `corrections`; an image is named as its source names it.
    """

    source: str
    form: str
    side: int | None
    colour: Colour
    fit: Fit
    background: Background
    white: int = 255
    label_table: str = ""
    file_column: str = ""
    label_column: str = ""
    left_out: tuple[str, ...] = ()
    augmentation: tuple[Augmentation, ...] = ()
    images: int | None = None
    seed: int = SEED
    relabelled: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()

    @property
    def corrections_text(self) -> str:
        """What was said of single images, in numbers; empty where nothing was."""
        parts = []
        if self.relabelled:
            parts.append(f"{pluralize(len(self.relabelled), 'label')} corrected")
        if self.without:
            parts.append(f"{pluralize(len(self.without), 'image')} left out")
        return ", ".join(parts)

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """One line of JSON, the same for equal recipes. Without corrections it is what it was before there were any."""
        form = asdict(self)
        for name in ("relabelled", "without"):
            if not form[name]:
                del form[name]
        return json.dumps(form, sort_keys=True, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what `to_json` wrote; raises DatasetError for anything else."""
        try:
            fields: dict[str, Any] = json.loads(text)
            recipe = cls(**fields)
        except (ValueError, TypeError) as error:
            raise DatasetError(f"This is not the recipe of a data set: {text!r:.80}.") from error
        return replace(
            recipe,
            left_out=tuple(recipe.left_out),
            augmentation=tuple(recipe.augmentation),
            relabelled=tuple((image, name) for image, name in recipe.relabelled),
            without=tuple(recipe.without),
        )


def _require_one_of(what: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is None or value in allowed:
        return
    raise DatasetError(f"{what} must be one of {', '.join(allowed)}, but got {value!r:.60}.")
