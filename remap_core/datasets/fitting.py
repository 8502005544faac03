"""One image to the size and colours of its data set. Exports carry this file, so it needs Pillow and numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ORIENTATION = 0x0112
"""EXIF tag: how a camera was held."""
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_GAP = 2.0
"""A large image is first reduced by a cheap box filter, to at least this multiple of its final size."""


def fitted(
    picture: Image.Image | NDArray[Any],
    *,
    side: int | None,
    colour: str,
    fit: str = "squash",
    background: str = "white",
    white: int = 255,
) -> NDArray[np.uint8]:
    """The pixels of an image, (side, side, 1 or 3) uint8: 1 channel for colour "grey", 3 for "colour".

    picture: an opened image (a JPEG is decoded at a reduced size), or pixels (height, width, 1 or 3), uint8 or wider.
    side: None keeps the size. fit: "squash", "crop" (the middle) or "pad". background: "white" or "black", of borders
    and behind transparent pixels. white: the value that becomes 255 in images of more than 8 bits.
    """
    image = picture
    if not isinstance(image, Image.Image):
        image = _image_of(image, white)
    mode = "RGB"
    if colour == "grey":
        mode = "L"
    if side is not None:
        _decode_reduced(image, mode, side, fit)
    orientation = image.getexif().get(ORIENTATION, 1)
    image = _to_mode(image, mode, background, white)
    if side is not None:
        image = _resized(image, side, fit, background)
    if orientation in _TRANSPOSE:
        image = image.transpose(_TRANSPOSE[orientation])
    pixels = np.asarray(image, np.uint8)
    return pixels.reshape(*pixels.shape[:2], len(mode))


def _image_of(pixels: NDArray[Any], white: int) -> Image.Image:
    if pixels.dtype != np.uint8:
        pixels = _to_bytes(pixels, white)
    if pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    return Image.fromarray(pixels)


def _decode_reduced(
    image: Image.Image,
    mode: str,
    side: int,
    fit: str,
) -> None:
    """Let a JPEG decode at 1/2, 1/4 or 1/8 of its size, which is still large enough."""
    fitted_length = min(image.size)
    if fit == "pad":
        fitted_length = max(image.size)
    scale = _GAP * side / fitted_length
    width = round(image.width * scale)
    height = round(image.height * scale)
    image.draft(mode, (width, height))


def _to_mode(
    image: Image.Image,
    mode: str,
    background: str,
    white: int,
) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        pixels = _to_bytes(np.asarray(image), white)
        return Image.fromarray(pixels).convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        behind = Image.new("RGBA", image.size, background)
        image = Image.alpha_composite(behind, image)
    return image.convert(mode)


def _to_bytes(values: NDArray[Any], white: int) -> NDArray[np.uint8]:
    scaled = values.astype(np.float64) * (255 / white)
    clipped = np.clip(scaled, 0, 255)
    return np.rint(clipped).astype(np.uint8)


def _resized(
    image: Image.Image,
    side: int,
    fit: str,
    background: str,
) -> Image.Image:
    size = (side, side)
    if image.size == size:
        return image
    if fit == "squash":
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_GAP)
    if fit == "pad":
        return _padded(image, side, background)
    width, height = image.size
    edge = min(width, height)
    left = (width - edge) / 2
    top = (height - edge) / 2
    middle = (left, top, left + edge, top + edge)
    return image.resize(size, Image.Resampling.LANCZOS, box=middle, reducing_gap=_GAP)


def _padded(image: Image.Image, side: int, background: str) -> Image.Image:
    scale = side / max(image.size)
    width = max(1, round(image.width * scale))
    height = max(1, round(image.height * scale))
    inside = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=_GAP)
    whole = Image.new(image.mode, (side, side), background)
    left = (side - width) // 2
    top = (side - height) // 2
    whole.paste(inside, (left, top))
    return whole
