"""A finished model as it answers elsewhere: its ONNX file in onnxruntime, with the steps that made its data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.photos import photo_pixels, photo_steps
from remap_core.datasets.readers.found import Picture
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.onnx_session import onnx_session, session_logits

MAX_VALUES = 2**25
"""Activations in memory at once, 128 MB of them: larger batches run in parts."""


class Classifier:
    """Pictures in, probabilities out; safe for several threads.

    model: what is run. Raises MissingPackage where onnxruntime is not installed.
    """

    def __init__(self, model: FinishedModel) -> None:
        self.model = model
        self._session = onnx_session(onnx_bytes(model))
        self._part = max(1, MAX_VALUES // max(1, model.architecture.peak_values))

    def pixels(self, picture: Picture) -> NDArray[np.uint8]:
        """A picture of any size and mode as the model takes it, (height, width, channels)."""
        shape = self.model.architecture.input_shape
        return photo_pixels(picture, *shape[1:], **photo_steps(self.model.recipe, shape))

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(n, classes), rows sum to 1, of images (n, height, width, channels)."""
        logits = session_logits(self._session, images.transpose(0, 3, 1, 2), at_once=self._part)
        return _softmax(logits.astype(np.float64))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
