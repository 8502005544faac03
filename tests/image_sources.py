"""Small images and labels to write in any form, and what a reader makes of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from remap_core.datasets.readers.found import Found
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError

Read = Callable[[Path, Choices], Found]
N = 24
LABELS = np.arange(N) % 3
GREY = np.random.default_rng(1).integers(0, 256, (N, 8, 8), dtype=np.uint8)
COLOUR = np.random.default_rng(2).integers(0, 256, (N, 8, 8, 3), dtype=np.uint8)
PLAIN = Choices()


def pixels_in(found: Found) -> NDArray[np.uint8]:
    """All images, opened one by one: (n, height, width, channels)."""
    opened = [np.asarray(found.pictures.open(place)) for place in range(len(found.pictures))]
    return np.stack([pixels.reshape(*pixels.shape[:2], -1) for pixels in opened])


def labels_in(found: Found) -> list[str]:
    return [found.class_names[label] for label in found.labels]


def images_by_part(found: Found) -> list[int]:
    """Images to train, to validate, to test."""
    assert found.parts is not None
    return np.bincount(found.parts, minlength=3)[[Part.TRAIN, Part.VALIDATION, Part.TEST]].tolist()


def refusal(read: Read, path: Path, choices: Choices = PLAIN) -> str:
    """The sentence with which a source is refused."""
    with pytest.raises(DatasetError) as refused:
        read(path, choices)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sentence.startswith(str(path))
    return sentence
