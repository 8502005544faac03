"""Runs of linear layers: layers in a row that together are one convolution or one dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from remap_core.space.layers import AvgPool2d, Conv2d, Dense, GlobalAvgPool2d, Layer, Shape

LINEAR = (Conv2d, AvgPool2d, GlobalAvgPool2d, Dense)


@dataclass(frozen=True)
class LinearRun:
    """Layers of a chain, from `start` to before `stop`, that together are one convolution or one dense layer.

    shapes: of the input of each of them and of the output of the last, for the patch of an image under the kernel: the
    receptive field of one pixel, or the image where the output is a vector. positions: how often the kernel is applied
    to an image, `stride` pixels apart.
    """

    start: int
    stop: int
    shapes: tuple[Shape, ...]
    positions: int
    stride: int
    setup_multiply_adds: int
    """Multiply-adds to compute the kernel, once for all images of a batch."""

    @property
    def units(self) -> int:
        """Channels of the output, or units of a vector."""
        return self.shapes[-1][0]

    @property
    def kernel_size(self) -> int:
        """Values of the kernel."""
        return prod(self.shapes[0]) * self.units

    @property
    def layer(self) -> Layer:
        """The one layer that does the same."""
        if len(self.shapes[-1]) == 1:
            return Dense(self.units)
        _, size, _ = self.shapes[0]
        return Conv2d(size, self.units, self.stride)

    @property
    def setup_values(self) -> int:
        """Values written while the kernel is computed."""
        return self.units * sum(map(prod, self.shapes))


def linear_run(
    layers: Sequence[Layer],
    shapes: Sequence[Shape],
    start: int,
    stop: int,
) -> LinearRun | None:
    """The layers from `start` to before `stop` as a run, None where they are not one layer."""
    fused = layers[start:stop]
    patch = tuple(shapes[start : stop + 1])
    positions = 1
    stride = 1
    if len(patch[-1]) == 3:
        window = _combined_window(fused)
        if window is None:
            return None
        size, stride = window
        positions = prod(patch[-1][1:])
        channels = patch[0][0]
        patch = _patch_shapes(fused, channels, size)
    units = patch[-1][0]
    setup_multiply_adds = 0
    for layer, shape in zip(fused[:-1], patch, strict=False):
        setup_multiply_adds += units * layer.multiply_adds(shape)
    return LinearRun(start, stop, patch, positions, stride, setup_multiply_adds)


def _combined_window(layers: Sequence[Layer]) -> tuple[int, int] | None:
    """Size and stride of the window that one output pixel of the layers sees, None where they are no convolution.

    A layer with padding is none: at the edge of an image its kernel would be another.
    """
    size = 1
    stride = 1
    for layer in reversed(layers):
        match layer:
            case Conv2d(kernel_size=window, stride=step, margin=0) | AvgPool2d(size=window, stride=step):
                size = (size - 1) * step + window
                stride *= step
            case _:
                return None
    return size, stride


def _patch_shapes(
    layers: Sequence[Layer],
    channels: int,
    size: int,
) -> tuple[Shape, ...]:
    shapes: list[Shape] = [(channels, size, size)]
    for layer in layers:
        shapes.append(layer.output_shape(shapes[-1]))
    return tuple(shapes)
