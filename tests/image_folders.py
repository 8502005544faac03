"""Images to write, and the error of a folder that cannot be used."""

import numpy as np
import pytest
from PIL import Image

from remap_core.datasets.dataset import load_dataset
from remap_core.errors import DatasetError

RNG = np.random.default_rng(0)


def picture(height=5, width=4, mode="RGB") -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)


def refusal(folder):
    with pytest.raises(DatasetError) as refused:
        load_dataset(f"{folder}/")
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence
