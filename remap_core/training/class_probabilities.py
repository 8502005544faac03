"""What a finished model says of any images, by its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from remap_core.datasets.images import Images
from remap_core.space.architecture import Architecture
from remap_core.training.device_data import Scale, images_on_device
from remap_core.training.network.build import build

BATCH_SIZE = 256


@torch.inference_mode()
def predict(
    architecture: Architecture,
    weights: Mapping[str, NDArray[Any]],
    scale: tuple[tuple[float, ...], tuple[float, ...]],
    images: NDArray[np.uint8],
    *,
    device: str,
) -> NDArray[np.float32]:
    """Class probabilities, (n, classes) float32, of images (n, height, width, channels) uint8; always in float32.

    weights: by the names of the network's state_dict. scale: means and deviations of pixels, one for each channel.
    """
    network = build(architecture)
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    network.to(device).eval()
    unlabelled = Images(images, np.zeros(len(images), dtype=np.uint8))
    pixels = images_on_device(unlabelled, Scale(*scale), device)
    rows = torch.arange(len(images))
    parts = []
    for inputs, _ in pixels.batches(rows, BATCH_SIZE, lambda: False):
        parts.append(network(inputs).softmax(dim=1))
    probabilities: NDArray[np.float32] = torch.cat(parts).cpu().numpy()
    return probabilities
