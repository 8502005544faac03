"""What a network needs on a device: RAM for its activations, and flash for its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from remap_core.space.architecture import Architecture
from remap_core.space.layers import BatchNorm, Dense, Dropout, Kernel, Layer, Shape

FLOAT_BYTES = 4
"""Of an activation, a weight or a bias in float32."""
INT8_CHANNEL_BYTES = 12
"""Of an output channel in int8 beside its weights of one byte: the bias in int32, and 8 bytes that scale it (scale and
zero point in a file, multiplier and shift in CMSIS-NN)."""
FILE_BYTES = 1024
"""Of a model file beside its kernels: names, shapes, metadata."""
FLOAT_KERNEL_BYTES = 512
INT8_KERNEL_BYTES = 2048
"""Of a model file for each kernel: operators, names and shapes, and in int8 the nodes that quantize. Rounded up from
exported ONNX files, see docs/decisions/036."""


@dataclass(frozen=True)
class Footprint:
    """What one network needs, without the runtime that computes it.

    ram_bytes: activations of one example at their peak, see `Architecture.peak_values`. flash_bytes: the model file.
    """

    ram_bytes: int
    flash_bytes: int


@lru_cache(maxsize=100_000)
def footprint(architecture: Architecture, int8: bool) -> Footprint:
    """The footprint of an architecture in int8 (one scale per output channel), or else in float32.

    Batch norms are part of the convolution or fully connected layer that they follow.

    >>> from remap_core.space.text import parse_layers
    >>> tiny = Architecture((1, 28, 28), 10, parse_layers("MaxPool 3, Conv 32x3, MaxPool 2, MaxPool 2"))
    >>> footprint(tiny, int8=True)
    Footprint(ram_bytes=4672, flash_bytes=7192)
    """
    values = architecture.peak_values
    kernels = tuple(_kernels(architecture))
    weights = sum(kernel.weights for kernel in kernels)
    channels = sum(kernel.channels for kernel in kernels)
    if int8:
        stored = weights + INT8_CHANNEL_BYTES * channels
        return Footprint(values, stored + FILE_BYTES + INT8_KERNEL_BYTES * len(kernels))
    stored = FLOAT_BYTES * (weights + channels)
    return Footprint(FLOAT_BYTES * values, stored + FILE_BYTES + FLOAT_KERNEL_BYTES * len(kernels))


def _kernels(architecture: Architecture) -> Iterator[Kernel]:
    """Those of the layers and of the head, without the batch norms that become part of the kernel before them."""
    is_foldable = False
    for layer, shape in _placed(architecture):
        if isinstance(layer, Dropout):
            continue
        kernels = layer.kernels(shape)
        if not (is_foldable and isinstance(layer, BatchNorm)):
            yield from kernels
        is_foldable = layer.is_linear and bool(kernels)


def _placed(architecture: Architecture) -> Iterator[tuple[Layer, Shape]]:
    layers = (*architecture.layers, Dense(architecture.classes))
    yield from zip(layers, architecture.input_shapes, strict=True)
