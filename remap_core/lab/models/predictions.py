"""What a model says of images: a class for each, and how probable each class is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remap_core import assembly
from remap_core.datasets.photos import open_photo, photo_pixels, photo_steps
from remap_core.errors import DatasetError, InvalidArgument
from remap_core.exports.finished_model import FinishedModel
from remap_core.formatting import pluralize
from remap_core.lab.arguments import shown
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.services.model_files import finished_model
from remap_core.trials.class_labels import Labels, as_labels

Photo = str | Path | Image.Image

MAX_NAMED = 5
"""Images whose class a line of text names."""


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """Predicted classes of n images.

    probabilities: (n, classes) float32, rows sum to 1. class_names: names of the classes, in the data set's order.
    """

    probabilities: NDArray[np.float32]
    class_names: tuple[str, ...]

    @property
    def classes(self) -> Labels:
        """(n,) uint8 (uint16 for more than 256 classes), the most probable class of each image, 0-based."""
        return as_labels(self.probabilities.argmax(axis=1), len(self.class_names))

    @property
    def names(self) -> list[str]:
        """The name of the most probable class of each image."""
        return [self.class_names[index] for index in self.classes]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(n,) float32, the probability of the most probable class of each image."""
        return np.asarray(self.probabilities.max(axis=1), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.probabilities)

    def __repr__(self) -> str:
        named = self.names[:MAX_NAMED]
        if len(self) > MAX_NAMED:
            named.append("…")
        images = pluralize(len(self), "image")
        return f"Prediction of {images}: {', '.join(named)}"


def predicted(recorded: RecordedTrial, images: object) -> Prediction:
    """See `Model.predict`."""
    recorded.require_complete("predict")
    workspace = recorded.workspace
    finished = finished_model(workspace.catalogue, workspace.folder, recorded.id)
    pixels = _pixels(images, finished)
    probabilities = assembly.class_probabilities(workspace.settings, finished, pixels)
    return Prediction(probabilities, finished.class_names)


def _pixels(images: object, model: FinishedModel) -> NDArray[np.uint8]:
    if isinstance(images, np.ndarray):
        return _checked(images, model.architecture.input_shape)
    photos = images
    if not isinstance(images, list | tuple):
        photos = [images]
    channels, height, width = model.architecture.input_shape
    if not isinstance(photos, list | tuple) or not photos or not all(isinstance(photo, Photo) for photo in photos):
        raise InvalidArgument(f"{_rule((channels, height, width))}, but got {shown(images)}.")
    steps = photo_steps(model.recipe, (channels, height, width))
    return np.stack([_photo(photo, height, width, steps) for photo in photos])


def _photo(photo: Photo, height: int, width: int, steps: dict[str, Any]) -> NDArray[np.uint8]:
    if isinstance(photo, Image.Image):
        return photo_pixels(photo, height, width, **steps)
    try:
        return photo_pixels(open_photo(photo), height, width, **steps)
    except OSError as error:
        raise DatasetError(f"{photo}: the image is damaged ({error}).") from error


def _rule(input_shape: tuple[int, int, int]) -> str:
    channels, height, width = input_shape
    return (
        f"images must be photos (paths or Pillow images), or a uint8 array of shape (n, {height}, {width}, {channels})"
    )


def _checked(images: NDArray[Any], input_shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    channels, height, width = input_shape
    rule = _rule(input_shape)
    pixels = images
    if channels == 1 and images.ndim == 3:
        pixels = images[..., np.newaxis]
    is_image = pixels.shape[1:] == (height, width, channels)
    if not is_image or pixels.dtype != np.uint8:
        raise InvalidArgument(f"{rule}, but got {images.dtype} of shape {images.shape}.")
    if not len(pixels):
        raise InvalidArgument(f"{rule}, but there is no image in it.")
    return pixels
