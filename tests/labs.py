"""A small lab with four trained models, for tests and for the examples in docstrings."""

from pathlib import Path

import remap_core as remap

DATASET = "digits#200"
CHAINS = (
    "MaxPool 3, ReLU, Dense 16",
    "Dense 8, ReLU",
    "Conv 4x3, ReLU, MaxPool 2",
    "Conv 8x3, Tanh, AvgPool 2, Dense 32, ReLU",
)


def small_lab(folder: Path) -> remap.Lab:
    """Models 1 to 4, trained for one epoch on 140 images."""
    lab = remap.open(folder, dataset=DATASET, epochs=1, device="cpu")
    lab.train([remap.architecture(chain, dataset=lab) for chain in CHAINS], progress=False)
    return lab
