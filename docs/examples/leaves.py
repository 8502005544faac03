"""Draws docs/leaves.png: five images of each class of the data set `leaves`, enlarged.

    python docs/examples/leaves.py docs/leaves.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from remap_core import datasets

SCALE = 3
GAP = 2
ROWS = 5


def main(out: Path) -> None:
    """A column for each class, in the order of the class names."""
    card = datasets.load("leaves").card(examples_per_class=ROWS)
    framed = np.pad(card.examples, [(0, 0), (0, 0), (GAP, GAP), (GAP, GAP), (0, 0)], constant_values=255)
    classes, rows, height, width, channels = framed.shape
    sheet = framed.transpose(1, 2, 0, 3, 4).reshape(rows * height, classes * width, channels)
    picture = Image.fromarray(sheet)
    enlarged = picture.resize((SCALE * picture.width, SCALE * picture.height), Image.Resampling.NEAREST)
    enlarged.save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
