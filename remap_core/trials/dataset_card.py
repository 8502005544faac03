"""What the app knows about a data set without loading it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remap_core.trials.class_labels import Labels


@dataclass(frozen=True, eq=False)
class DatasetCard:
    """What the app knows about a data set without loading it.

    split: counts of train, validation and test images. validation_labels: (n,), true classes.
    examples: (classes, m, height, width, channels) uint8, m images of each class that are not validation images.
    recipe: what was made of somebody's images, as `Recipe.to_json` writes it; empty where they are as they were found.
    """

    name: str
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    split: tuple[int, int, int]
    validation_labels: Labels
    examples: NDArray[np.uint8]
    recipe: str = ""

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)
