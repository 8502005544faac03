"""Random changes of training images, drawn as numbers: the trainer applies them with torch, previews with numpy.

Every change is an affine map of the plane and a factor of the brightness; what a map takes from outside of the image
is the nearest pixel at its edge.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Pixels
from remap_core.datasets.recipe import AUGMENTATIONS, Augmentation
from remap_core.errors import DatasetError

SHIFT_DIVISOR = 8
"""An image moves by up to this part of its side each way, in whole pixels, which keep it sharp."""
MIN_SIDE_TO_SHIFT = 16
"""Pixels a side from which a shift is suggested."""
MAX_DEGREES = 15.0
MAX_BRIGHTNESS = 0.2

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Numbers = NDArray[np.floating]


class Changes(NamedTuple):
    """Changes of n images.

    maps: (n, 2, 3) float32, from where in the old image a place (x, y, 1) of the new one is taken, both in -1..1 from
    edge to edge, as PyTorch's `affine_grid` counts. brightness: (n,) float32, what pixel values are multiplied by.
    """

    maps: Floats
    brightness: Floats


def require_augmentable(height: int, width: int, augmentation: Collection[Augmentation]) -> None:
    """Raise DatasetError for a change that is not known, or that images of this size cannot have."""
    unknown = sorted(set(augmentation) - set(AUGMENTATIONS))
    if unknown:
        known = ", ".join(AUGMENTATIONS)
        raise DatasetError(f"augmentation must be among {known}, but got {unknown[0]!r:.60}.")
    if "shift" in augmentation and min(height, width) < SHIFT_DIVISOR:
        raise DatasetError(
            f"Shifted images must have at least {SHIFT_DIVISOR} pixels a side, but these are {height} x {width}."
        )


def suggested_augmentation(channels: int, height: int, width: int) -> tuple[Augmentation, ...]:
    """What a long training may do to images of this size: shift them, and flip those in colour, mostly photos.

    Small images are not shifted: one of 8 pixels a side has no margin, and lost 6 points of accuracy.

    >>> suggested_augmentation(3, 32, 32), suggested_augmentation(1, 28, 28), suggested_augmentation(1, 8, 8)
    (('shift', 'flip'), ('shift',), ())
    """
    suggested: list[Augmentation] = []
    if min(height, width) >= MIN_SIDE_TO_SHIFT:
        suggested.append("shift")
    if channels == 3:
        suggested.append("flip")
    return tuple(suggested)


def draw_changes(
    n: int,
    height: int,
    width: int,
    augmentation: Collection[Augmentation],
    rng: np.random.Generator,
) -> Changes:
    """Draw the changes of n images of this size; without any augmentation they change nothing. Raises DatasetError.

    shift: up to an eighth of the side each way. flip: left and right, every other image. rotate: up to 15 degrees.
    brightness: up to 20 %.
    """
    require_augmentable(height, width, augmentation)
    angle = np.zeros(n)
    mirror = np.ones(n)
    across = np.zeros(n)
    down = np.zeros(n)
    brightness = np.ones(n)
    if "shift" in augmentation:
        across = _shift(width, n, rng)
        down = _shift(height, n, rng)
    if "flip" in augmentation:
        mirror = rng.choice([-1.0, 1.0], n)
    if "rotate" in augmentation:
        angle = np.deg2rad(rng.uniform(-MAX_DEGREES, MAX_DEGREES, n))
    if "brightness" in augmentation:
        brightness = rng.uniform(1 - MAX_BRIGHTNESS, 1 + MAX_BRIGHTNESS, n)
    cosine = np.cos(angle)
    sine = np.sin(angle)
    # a turn is one of pixels, and places are counted in parts of each side
    x_of_y = -sine * height / width
    y_of_x = mirror * sine * width / height
    from_x = np.stack([mirror * cosine, x_of_y, across], axis=1)
    from_y = np.stack([y_of_x, cosine, down], axis=1)
    maps = np.stack([from_x, from_y], axis=1)
    return Changes(maps.astype(np.float32), brightness.astype(np.float32))


def augmented_samples(
    images: Pixels,
    augmentation: Collection[Augmentation],
    seed: int = 0,
) -> Pixels:
    """Images as a training may see them. images, and what comes back: (m, height, width, channels) uint8.

    Raises DatasetError for a change that is not known, or that images of this size cannot have.
    """
    n, height, width, _ = images.shape
    rng = np.random.default_rng(seed)
    changes = draw_changes(n, height, width, augmentation, rng)
    changed = apply_changes(images.astype(np.float32), changes)
    return np.rint(changed).astype(np.uint8)


def apply_changes(pixels: Floats, changes: Changes) -> Floats:
    """Pixels (n, height, width, channels) float32 of 0..255 after their changes, as the trainer's are.

    Slow: for a few images to look at.
    """
    n, height, width, _ = pixels.shape
    rows, columns = np.mgrid[:height, :width]
    x = _place_of(columns, width)
    y = _place_of(rows, height)
    ones = np.ones_like(x)
    places = np.stack([x, y, ones], axis=-1)
    taken_from = np.einsum("nij,hwj->nihw", changes.maps, places)
    column = _pixel_at(taken_from[:, 0], width)
    row = _pixel_at(taken_from[:, 1], height)
    factor = changes.brightness.reshape(n, 1, 1, 1)
    changed = _interpolated(pixels, row, column) * factor
    return np.asarray(np.clip(changed, 0, 255), dtype=np.float32)


def _place_of(pixel: Doubles, side: int) -> Doubles:
    """The places of rows or columns in -1..1, from edge to edge."""
    return (2 * pixel + 1) / side - 1


def _pixel_at(place: Doubles, side: int) -> Doubles:
    """The row or column of places in -1..1, from 0 to side - 1."""
    pixel = ((place + 1) * side - 1) / 2
    return np.clip(pixel, 0, side - 1)


def _interpolated(pixels: Floats, row: Doubles, column: Doubles) -> Doubles:
    """Between the four pixels around each place. row, column: (n, height, width)."""
    n, height, width, _ = pixels.shape
    image = np.arange(n).reshape(-1, 1, 1)
    top = row.astype(np.intp)
    left = column.astype(np.intp)
    bottom = np.minimum(top + 1, height - 1)
    right = np.minimum(left + 1, width - 1)
    below = (row - top)[..., np.newaxis]
    beside = (column - left)[..., np.newaxis]
    top_left = pixels[image, top, left]
    top_right = pixels[image, top, right]
    bottom_left = pixels[image, bottom, left]
    bottom_right = pixels[image, bottom, right]
    upper = _between(top_left, top_right, beside)
    lower = _between(bottom_left, bottom_right, beside)
    return np.asarray(_between(upper, lower, below), dtype=np.float64)


def _between(first: Numbers, second: Numbers, share: Numbers) -> Numbers:
    return first * (1 - share) + second * share


def _shift(side: int, n: int, rng: np.random.Generator) -> Doubles:
    """In parts of half the side, which is how places are counted."""
    furthest = side // SHIFT_DIVISOR
    pixels = rng.integers(-furthest, furthest, n, endpoint=True)
    return np.asarray(pixels * (2 / side))
