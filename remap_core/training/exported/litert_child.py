"""Convert exported PyTorch source to LiteRT in int8: `python -m remap_core.training.exported.litert_child FOLDER`.

The folder holds what `source_child` takes, and calibration.npy, training images of the same form; it gets
model.tflite, and logits.npy of the images as that file computes them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe
from numpy.typing import NDArray
from torch import nn

from remap_core.training.exported.source_child import load_network

SIGNATURE = "serving_default"


class Pixels(nn.Module):
    """An exported network that takes pixels as float32, 0..255: LiteRT quantizes floats alone."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits of (1, channels, height, width) pixels."""
        scaled = (pixels - self.network.mean) / self.network.std
        logits: torch.Tensor = self.network.layers(scaled)
        return logits


def main(folder: Path) -> None:
    """Write the file, and the logits that it computes."""
    calibration = np.load(folder / "calibration.npy", allow_pickle=False)
    target = folder / "model.tflite"
    convert(Pixels(load_network(folder)).eval(), calibration, folder / "float.tflite", target)
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    np.save(folder / "logits.npy", litert_logits(target, images), allow_pickle=False)


def convert(network: nn.Module, calibration: NDArray[np.uint8], unquantized: Path, target: Path) -> None:
    """Write the network in float32, then in int8 with ranges of activations from (n, c, h, w) images."""
    example = torch.zeros(1, *calibration.shape[1:])
    litert_torch.convert(network, (example,)).export(str(unquantized))
    (name,) = Interpreter(str(unquantized)).get_signature_list()[SIGNATURE]["inputs"]
    static = quantizer.Quantizer(str(unquantized))
    static.load_quantization_recipe(recipe.static_wi8_ai8())
    ranges = static.calibrate({SIGNATURE: [{name: image[np.newaxis].astype(np.float32)} for image in calibration]})
    static.quantize(ranges).export_model(str(target), overwrite=True)


def litert_logits(file: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits of (n, channels, height, width) images, one after the other."""
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    (given,) = interpreter.get_output_details()
    logits = []
    for image in images:
        interpreter.set_tensor(taken["index"], _quantized(image[np.newaxis], *taken["quantization"]))
        interpreter.invoke()
        scale, zero = given["quantization"]
        logits.append((interpreter.get_tensor(given["index"]).astype(np.float32) - zero) * scale)
    return np.concatenate(logits)


def _quantized(pixels: NDArray[np.uint8], scale: float, zero: int) -> NDArray[np.int8]:
    quantized: NDArray[np.int8] = np.clip(np.rint(pixels / scale) + zero, -128, 127).astype(np.int8)
    return quantized


if __name__ == "__main__":
    main(Path(sys.argv[1]))
