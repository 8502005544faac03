"""What is read of a file: an architecture, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture

WEIGHTS_LEFT = "Its weights are not taken: it trains from scratch like every other model, so that they compare."
SCALING_LEFT = "Its scaling of pixels is left out: pixels are scaled by the data set."


class Images(NamedTuple):
    """What an architecture is for: images (channels, height, width) in so many classes, and what has them.

    title: for sentences, the data set's name.
    """

    input_shape: tuple[int, int, int]
    classes: int
    title: str


@dataclass(frozen=True)
class Imported:
    """An architecture of a file. notes: sentences on what the file has and the architecture has not."""

    architecture: Architecture
    notes: tuple[str, ...] = ()


def require_images(architecture: Architecture, images: Images) -> None:
    """Raise InvalidArchitecture unless the architecture is for these images."""
    if architecture.input_shape != images.input_shape:
        raise InvalidArchitecture(
            f"it takes images of {_dimensions(architecture.input_shape)}, "
            f"but {images.title} has {_dimensions(images.input_shape)}."
        )
    if architecture.classes != images.classes:
        raise InvalidArchitecture(
            f"it puts out {architecture.classes} classes, but {images.title} has {images.classes}."
        )


def _dimensions(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
