"""Whether an exported model says of people's own files what its training said of the prepared images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from remap_core.datasets.photos import photo_pixels, photo_steps
from remap_core.datasets.readers.found import Picture
from remap_core.errors import DatasetError, MissingPackage
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import IMAGES, LOGITS, onnx_bytes
from remap_core.exports.onnx_session import onnx_session
from remap_core.formatting import pluralize
from remap_core.trials.class_labels import Labels

MAX_IMAGES = 20
MAX_NAMED = 3
"""Differing images that the sentence names."""


@dataclass(frozen=True)
class OriginalCheck:
    """What came of a check. differing: what differs, in words. unread: reasons why images could not be read.

    checked: images that were read. not_run: why nothing could be checked, as the end of a sentence.
    """

    checked: int = 0
    differing: Sequence[str] = ()
    unread: Sequence[str] = ()
    not_run: str = ""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, as far as it was checked."""
        return not self.differing

    @property
    def sentence(self) -> str:
        """The outcome, for people."""
        if self.not_run:
            return f"Not checked on original images: {self.not_run}."
        sentence = f"Checked on {pluralize(self.checked, 'original image')}: "
        if self.is_same:
            sentence += "same classes."
        else:
            more = len(self.differing) - MAX_NAMED
            named = [*self.differing[:MAX_NAMED], *([f"and {more} more"] if more > 0 else [])]
            sentence += f"{len(self.differing)} differ ({'; '.join(named)})."
        if self.unread:
            sentence += f" {pluralize(len(self.unread), 'other')} cannot be read ({self.unread[0]})"
        return sentence


def check_on_originals(
    model: FinishedModel,
    original: Callable[[int], Picture],
    predictions: Labels,
) -> OriginalCheck:
    """Run up to 20 original validation images through the exported steps and the ONNX file.

    original: opens the file behind a validation image, by its place; raises DatasetError. predictions: (n,) what the
    training predicted for each validation image.
    """
    try:
        session = onnx_session(onnx_bytes(model))
    except MissingPackage as error:
        return OriginalCheck(not_run=str(error).rstrip("."))
    _, height, width = model.architecture.input_shape
    steps = photo_steps(model.recipe, model.architecture.input_shape)
    checked = 0
    differing = []
    unread = []
    for place in _spread(len(predictions)):
        try:
            pixels = photo_pixels(original(place), height, width, **steps)
        except (DatasetError, OSError) as error:
            unread.append(str(error))
            continue
        checked += 1
        batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis])
        (logits,) = session.run([LOGITS], {IMAGES: batch})
        found = int(np.argmax(logits[0]))
        expected = int(predictions[place])
        if found != expected:
            names = model.class_names
            differing.append(f"validation image {place + 1} is {names[found]} and was {names[expected]}")
    if not checked:
        return OriginalCheck(not_run=(unread or ["there is none"])[0].rstrip("."))
    return OriginalCheck(checked, tuple(differing), tuple(unread))


def _spread(images: int) -> list[int]:
    """Places over all of the images."""
    places = np.linspace(0, images - 1, min(images, MAX_IMAGES))
    return [int(place) for place in np.rint(places)]
