"""One picture that somebody hands over: refused by its header where it is too large, and with what should be said."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remap_core.datasets.readers.files.encoded_images import open_picture
from remap_core.datasets.readers.found import Picture
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError

MAX_PIXELS = 64_000_000
"""More than the largest cameras of phones usually save; as RGBA, 256 MB."""


def open_single(content: bytes) -> Picture:
    """A picture that is not decoded yet; raises DatasetError with the reason, as the end of a sentence."""
    return open_picture(content, MAX_PIXELS, MAX_PIXELS)


def picture_notes(picture: Picture, background: str) -> list[str]:
    """What a person should know of how a picture is read, in sentences. background: what shows behind transparency."""
    notes = []
    if isinstance(picture, Image.Image):
        if picture.format != "MPO" and getattr(
            picture, "is_animated", False
        ):  # the second picture of an MPO is a small one
            notes.append("It has several frames: the first is used.")
            picture.seek(0)
        if picture.has_transparency_data:
            notes.append(f"What is transparent in it is {background}.")
    return notes


def pixels_of(picture: Picture, prepare: Callable[[Picture], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The prepared pixels of a picture; raises DatasetError where it turns out to be damaged."""
    try:
        return prepare(picture)
    except Exception as error:  # a damaged file can raise nearly anything
        raise DatasetError(f"the image is damaged ({reason(error)})") from error
