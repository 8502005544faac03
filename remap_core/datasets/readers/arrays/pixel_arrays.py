"""Pixels that lie in arrays, of any type, range and layout, to 8 bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from remap_core.datasets.images import Pixels
from remap_core.datasets.splits import Rows
from remap_core.errors import DatasetError
from remap_core.system.memory import total_memory

_MAX_CHANNELS = 4
"""Red, green, blue, alpha."""
MIN_FLAT_SIDE = 4
"""Shorter rows of values are features, not images."""
_BLOCK_VALUES = 1 << 20
"""Values that are converted at a time."""
_ROUNDING = 0.01
"""By how much values of [0, 1] and [-1, 1] may overshoot, as resized images do."""
_FEW_LEVELS = 16
"""A data set of integers whose brightest pixel is at most this is not of 0 to 255."""
_HALF = 127
"""The same for floats, which do not say how many bits there are."""
_OWN_RANGE = "Pixel values range from {low:g} to {high:g}: rescaled to 0 to 255."
_MAX_WHOLE = 2**31
_GIGABYTE = 1e9
_SAMPLE = 256
"""Images by which the order of flat colours is told."""
_CLEARLY_LESS = 0.8
NUMBER_KINDS = "biuf"
"""Of numpy's types: bool, integers, floats."""

Array = NDArray[Any]
Mask = NDArray[np.bool_]


class Scale(NamedTuple):
    """The values that become 0 and 255, and a sentence if this had to be guessed."""

    low: float
    high: float
    warning: str = ""


class Converted(NamedTuple):
    """pixels: (m, height, width, 1 or 3) uint8. rows: (m,), which rows of all arrays in turn these are, ascending.

    broken: rows that are left out as they hold NaN or infinity.
    """

    pixels: Pixels
    rows: Rows
    broken: Rows
    warning: str


class Survey(NamedTuple):
    """The range of the finite rows of arrays, and (n,) bool which rows these are."""

    low: float
    high: float
    finite: Mask


def to_pixels(arrays: Sequence[Array], wanted: Mask, background: int = 255) -> Converted:
    """The images of arrays (n, height, width, channels) as `channels_last` returns them, one after the other.

    All are scaled by one range. wanted: (all n,), rows to convert. background: grey (0..255) behind transparent pixels.
    A single uint8 array without anything to convert is returned as it is, without a copy.
    Raises DatasetError if the arrays differ in size, or if no row is finite.
    """
    _require_one_size(arrays)
    survey = _surveyed(arrays, wanted)
    rows = np.flatnonzero(wanted & survey.finite)
    broken = np.flatnonzero(wanted & ~survey.finite)
    if not len(rows):
        raise DatasetError(f"no image can be used: all {len(broken):,} hold NaN or infinity.")
    scale = _scale(survey.low, survey.high, arrays)
    if _is_ready(arrays, scale) and len(rows) == len(wanted):
        return Converted(arrays[0], rows, broken, "")
    pixels = _converted(arrays, wanted & survey.finite, scale, background)
    return Converted(pixels, rows, broken, scale.warning)


def channels_last(images: Array, labels: int | None = None) -> Array:
    """Images as (n, height, width, 1 to 4 channels), a view where that is possible.

    images: (n, height, width), (n, height, width, channels), (n, channels, height, width), (n, side * side) or
    (n, 3 * side * side). labels: n, if it is known: arrays (height, width, channels, n), as Matlab saves them, are
    turned if it is their last length alone.
    Raises DatasetError with the rule and the shape or type.
    """
    _require_numbers(images)
    if 0 in images.shape:
        raise DatasetError(f"there must be at least one image, but the shape of images is {images.shape}.")
    if _is_of_matlab(images, labels):
        images = np.moveaxis(images, -1, 0)
    if images.ndim == 5 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 2:
        return _unflattened(images)
    if images.ndim == 3:
        return _from_planes(images)
    if images.ndim == 4:
        return _turned(images)
    raise DatasetError(
        "images must be (n, height, width), (n, height, width, channels), (n, channels, height, width) or "
        f"(n, values), but their shape is {images.shape}."
    )


def flat_side(values: int) -> tuple[int, int] | None:
    """The (side, channels) of a flat square image of this many values, grey or colour; None if it is no image.

    >>> flat_side(784), flat_side(3072), flat_side(30)
    ((28, 1), (32, 3), None)
    """
    for channels in (1, 3):
        side = isqrt(max(values, 0) // channels)
        if side >= MIN_FLAT_SIDE and channels * side * side == values:
            return side, channels
    return None


def compact(values: Array) -> Array:
    """The same values in the smallest type that holds them: whole numbers as integers, others in float32.

    >>> compact(np.array([0.0, 255.0])).dtype, compact(np.array([0.0, 0.5])).dtype
    (dtype('uint8'), dtype('float32'))
    """
    if not values.size or values.dtype == np.uint8:
        return values
    low = values.min()
    high = values.max()
    is_in_range = low > -_MAX_WHOLE and high < _MAX_WHOLE
    if not is_in_range or not are_whole(values):
        return values.astype(np.float32)
    for_low = np.min_scalar_type(int(low))
    for_high = np.min_scalar_type(int(high))
    return values.astype(np.promote_types(for_low, for_high))


def are_whole(values: Array) -> bool:
    """Whether all are whole numbers."""
    return bool((values == np.rint(values)).all())


def require_memory(name: str, shape: Sequence[int], dtype: DTypeLike) -> None:
    """Raise DatasetError if an array needs more memory than this machine has. shape: as a file states it."""
    needed = prod(shape) * np.dtype(dtype).itemsize
    available = total_memory()
    if available is not None and needed > available:
        raise DatasetError(
            f"{name} must fit into memory, but it needs {needed / _GIGABYTE:,.1f} GB "
            f"and this machine has {available / _GIGABYTE:,.1f} GB."
        )


def _require_numbers(images: Array) -> None:
    if images.dtype.hasobject:
        raise DatasetError("images must be a plain array, but it holds Python objects.")
    if images.dtype.kind not in NUMBER_KINDS:
        raise DatasetError(f"images must be numbers, but they are {images.dtype}.")


def _is_of_matlab(images: Array, labels: int | None) -> bool:
    if images.ndim != 4 or images.shape[2] > _MAX_CHANNELS:
        return False
    return bool(len(images) != labels == images.shape[3])


def _unflattened(images: Array) -> Array:
    rows, values = images.shape
    layout = flat_side(values)
    if layout is None:
        raise DatasetError(
            f"a flat image must have side * side or 3 * side * side values and a side of at least {MIN_FLAT_SIDE}, "
            f"but these have {values:,}."
        )
    side, channels = layout
    if channels == 3 and _is_interleaved(images, side):
        return images.reshape(rows, side, side, 3)
    planes = images.reshape(rows, channels, side, side)
    return planes.transpose(0, 2, 3, 1)


def _is_interleaved(images: Array, side: int) -> bool:
    """Whether flat rows are red, green, blue of each pixel in turn (else all red first, as in CIFAR).

    What lies one row below a pixel resembles it most: it is `side` values further on in planes, and 3 * `side` where
    colours take turns. Noise counts as planes.
    """
    values = images[:_SAMPLE].astype(np.float64)
    sample = np.nan_to_num(values)
    in_planes = _difference_over(sample, side)
    in_turns = _difference_over(sample, 3 * side)
    return in_turns < _CLEARLY_LESS * in_planes


def _difference_over(rows: Array, distance: int) -> float:
    """The mean difference of values that are so far from one another in a row."""
    later = rows[:, distance:]
    earlier = rows[:, :-distance]
    differences = later - earlier
    return float(np.abs(differences).mean())


def _from_planes(images: Array) -> Array:
    rows, height, width = images.shape
    values = height * width
    is_flat = min(height, width) == 1
    if is_flat and flat_side(values) is not None:
        return _unflattened(images.reshape(rows, values))
    return images[..., np.newaxis]


def _turned(images: Array) -> Array:
    _, first, second, last = images.shape
    is_square_plane = second == last and first != second
    has_channels_first = first <= _MAX_CHANNELS and (last > _MAX_CHANNELS or is_square_plane)
    if has_channels_first:
        images = images.transpose(0, 2, 3, 1)
    if images.shape[-1] > _MAX_CHANNELS:
        raise DatasetError(f"images must have 1 to 4 channels, but their shape is {images.shape}.")
    return images


def _require_one_size(arrays: Sequence[Array]) -> None:
    sizes = {images.shape[1:] for images in arrays}
    if len(sizes) > 1:
        texts = [_size_text(size) for size in sorted(sizes)]
        raise DatasetError(f"all images must be of one size, but there are {' and '.join(texts)}.")


def _size_text(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))


def _blocks(arrays: Sequence[Array]) -> Iterator[tuple[slice, Array]]:
    """The images of all arrays, some at a time, and which rows of all arrays in turn these are."""
    first = 0
    for images in arrays:
        values_per_image = prod(images.shape[1:])
        step = max(1, _BLOCK_VALUES // values_per_image)
        for start in range(0, len(images), step):
            values = images[start : start + step]
            yield slice(first, first + len(values)), values
            first += len(values)


def _surveyed(arrays: Sequence[Array], wanted: Mask) -> Survey:
    low = np.inf
    high = -np.inf
    finite = np.ones(len(wanted), np.bool_)
    for rows, values in _blocks(arrays):
        if values.dtype.kind == "f":
            flat = values.reshape(len(values), -1)
            finite[rows] = np.isfinite(flat).all(axis=1)
        chosen = _only(values, wanted[rows] & finite[rows])
        if len(chosen):
            low = min(low, float(chosen.min()))
            high = max(high, float(chosen.max()))
    return Survey(low, high, finite)


def _scale(low: float, high: float, arrays: Sequence[Array]) -> Scale:
    kinds = {images.dtype.kind for images in arrays}
    is_up_to_one = high <= 1 + _ROUNDING
    is_unit = low >= -_ROUNDING and is_up_to_one and high > 0
    if "b" in kinds or is_unit:
        return Scale(0, 1)
    if kinds == {"f"} and is_up_to_one and low >= -1 - _ROUNDING:
        return Scale(-1, 1)
    brightest_at_least = _FEW_LEVELS
    if "f" in kinds:
        brightest_at_least = _HALF
    is_in_bytes = low > -0.5 and high < 255.5
    is_plain = low == high
    if is_in_bytes and (high > brightest_at_least or is_plain):
        return Scale(0, 255)
    if is_plain:
        raise DatasetError(f"images must have different pixels, but all are {low:g}.")
    return Scale(low, high, _OWN_RANGE.format(low=low, high=high))


def _is_ready(arrays: Sequence[Array], scale: Scale) -> bool:
    if len(arrays) > 1 or scale != Scale(0, 255):
        return False
    (images,) = arrays
    return images.dtype == np.uint8 and images.shape[-1] in (1, 3)


def _converted(
    arrays: Sequence[Array],
    is_used: Mask,
    scale: Scale,
    background: int,
) -> Pixels:
    _, height, width, channels = arrays[0].shape
    shown = 1
    if channels > 2:
        shown = 3
    images = np.count_nonzero(is_used)
    pixels = np.empty((images, height, width, shown), np.uint8)
    done = 0
    for rows, values in _blocks(arrays):
        used = _only(values, is_used[rows])
        scaled = _scaled(used, scale)
        pixels[done : done + len(used)] = _opaque(scaled, background)
        done += len(used)
    return pixels


def _only(values: Array, is_used: Mask) -> Array:
    """Some rows; all of them without a copy."""
    if is_used.all():
        return values
    return values[is_used]


def _scaled(values: Array, scale: Scale) -> Pixels:
    is_full_range = (scale.low, scale.high) == (0, 255)
    if is_full_range and values.dtype == np.uint8:
        return values
    factor = 255 / (scale.high - scale.low)
    scaled = (values.astype(np.float64) - scale.low) * factor
    clipped = np.clip(scaled, 0, 255)
    rounded: Pixels = np.rint(clipped).astype(np.uint8)
    return rounded


def _opaque(pixels: Pixels, background: int) -> Pixels:
    """Grey and alpha, or colour and alpha, over a background; without alpha as it is."""
    if pixels.shape[-1] in (1, 3):
        return pixels
    colours = pixels[..., :-1].astype(np.uint32)
    alpha = pixels[..., -1:].astype(np.uint32)
    mixed = colours * alpha + background * (255 - alpha)
    opaque: Pixels = ((mixed + 127) // 255).astype(np.uint8)
    return opaque
