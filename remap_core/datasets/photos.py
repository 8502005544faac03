"""Photos as they come from a camera, brought to what a model takes by the steps that made its data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remap_core.datasets.fitting import fitted
from remap_core.datasets.readers.files.encoded_images import open_picture
from remap_core.datasets.readers.found import Picture
from remap_core.datasets.recipe import Recipe
from remap_core.errors import DatasetError

ALL_BITS = 65_535
"""White of 16-bit photos where no recipe says what is white."""


def photo_steps(recipe: Recipe | None, input_shape: tuple[int, int, int]) -> dict[str, Any]:
    """What `photo_pixels` does with a photo for a model that takes images of (channels, height, width).

    Without a recipe a photo is squashed to the height and width.
    """
    channels, height, width = input_shape
    if recipe:
        return {
            "side": recipe.side,
            "colour": recipe.colour,
            "fit": recipe.fit,
            "background": recipe.background,
            "white": recipe.white,
        }
    steps: dict[str, Any] = {
        "side": None,
        "colour": "colour",
        "fit": "squash",
        "background": "white",
        "white": ALL_BITS,
    }
    if channels == 1:
        steps["colour"] = "grey"
    if height == width:
        steps["side"] = height
    return steps


def photo_pixels(photo: Picture, height: int, width: int, **steps: Any) -> NDArray[np.uint8]:
    """The pixels of a photo, (height, width, 1 or 3) uint8, as a model takes them. steps: those of `fitted`.

    Images that were kept at their one size have no side: a photo of another size is squashed to it.
    """
    pixels = fitted(photo, **steps)
    if pixels.shape[:2] != (height, width):
        planes = []
        for plane in np.moveaxis(pixels, 2, 0):
            resized = Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS)
            planes.append(np.asarray(resized))
        pixels = np.stack(planes, axis=2)
    return pixels


def open_photo(path: str | Path) -> Picture:
    """The image of a file, by its content; raises DatasetError with the path and the reason."""
    try:
        return open_picture(Path(path).expanduser().read_bytes())
    except OSError as error:
        raise DatasetError(f"{path}: it cannot be read ({error.strerror}).") from error
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}.") from error
