"""Run exported PyTorch source: `python -m remap_core.training.exported.source_child FOLDER`.

The folder holds model.py and model.safetensors as they were exported, and images.npy, (n, channels, height, width)
uint8; it gets logits.npy, (n, classes) float32.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

BATCH = 256


def main(folder: Path) -> None:
    """Write the logits of the images in the folder."""
    network = load_network(folder)
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    np.save(folder / "logits.npy", source_logits(network, images), allow_pickle=False)


def load_network(folder: Path) -> Any:
    """The network of model.py with its weights."""
    source = runpy.run_path(str(folder / "model.py"))
    return source["load"](str(folder / "model.safetensors"))


def source_logits(network: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits of the network, (n, classes), in batches of 256."""
    batches = []
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.array(images[start : start + BATCH]))
            batches.append(network(batch).numpy())
    return np.concatenate(batches)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
