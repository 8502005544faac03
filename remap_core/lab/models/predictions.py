"""What a model says of images: a class for each, and how probable each class is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remap_core import assembly
from remap_core.errors import InvalidArgument
from remap_core.formatting import pluralize
from remap_core.lab.arguments import shown
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.services.model_files import finished_model
from remap_core.trials.class_labels import Labels, as_labels

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
    pixels = _checked(images, recorded.architecture.input_shape)
    finished = finished_model(workspace.catalogue, workspace.folder, recorded.id)
    probabilities = assembly.class_probabilities(workspace.settings, finished, pixels)
    return Prediction(probabilities, finished.class_names)


def _checked(images: object, input_shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    channels, height, width = input_shape
    rule = f"images must be a uint8 array of shape (n, {height}, {width}, {channels})"
    if not isinstance(images, np.ndarray):
        raise InvalidArgument(f"{rule}, but got {shown(images)}.")
    pixels = images
    if channels == 1 and images.ndim == 3:
        pixels = images[..., np.newaxis]
    is_image = pixels.shape[1:] == (height, width, channels)
    if not is_image or pixels.dtype != np.uint8:
        raise InvalidArgument(f"{rule}, but got {images.dtype} of shape {images.shape}.")
    if not len(pixels):
        raise InvalidArgument(f"{rule}, but there is no image in it.")
    return pixels
