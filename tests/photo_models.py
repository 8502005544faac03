"""A model of somebody's photos, trained in no time, and the photos that it was validated on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from photographs import HUES, in_colour

import remap_core as remap
from remap_core.datasets.preparation.intake import add
from remap_core.datasets.recipe import Choices


class PhotoModel:
    """A model of photos of several modes, some held sideways, that are cropped to 12 x 12 pixels."""

    def __init__(self, home: Path) -> None:
        in_colour(home / "photos")
        kept = add(home / "photos", "mine", Choices(side=12, fit="crop"), home)
        lab = remap.open(home, dataset=kept.name, epochs=8, batch_size=8, learning_rate=0.01, device="cpu")
        chain = remap.architecture("Conv 4x3, ReLU, MaxPool 2", dataset=lab)
        self.model: Any = lab.train(chain, progress=False)[0]
        predictions = self.model.evaluation.predictions
        first = int(np.searchsorted(kept.parts(), 1))
        names = json.loads((kept.folder / "names.json").read_text())[first : first + len(predictions)]
        said = [list(HUES)[predicted] for predicted in predictions]
        self.validated = [(home / "photos" / name, word) for name, word in zip(names, said, strict=True)]
        """Files, and the class that the training recorded for each."""
