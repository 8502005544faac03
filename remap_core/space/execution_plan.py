"""In which way a network is computed that takes less time than one layer after another, and puts out the same.

Linear layers in a row are one linear layer together. Where no activation stands between two convolutions, or between a
wide one and the head, most work is saved so: what the layers do to every image they do to every channel (unit) of the
last one instead. Convolutions are merged so by Hu et al., Online Convolutional Re-parameterization (CVPR 2022), for the
branches of a block. And a function that only grows does less behind the max pool that follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, AvgPool2d, Conv2d, Dense, GlobalAvgPool2d, Layer, MaxPool2d, Shape

VALUE = 25
"""Multiply-adds in the time that one value takes to be written and read again: memory is slow."""
CALL = 300_000
"""Multiply-adds in the time of what surrounds one layer and its gradient."""
MAKE = 1_000_000
"""Multiply-adds in the time of what surrounds one layer whose weights are made a part of a kernel."""
FLOAT32 = 2
"""Multiply-adds of bf16 in the time of one of float32, in which kernels are made."""
LONGEST = 16
"""Layers that are contracted into one, at most."""
_UNCHANGING = (MaxPool2d, AvgPool2d, Activation)
_MONOTONE = ("tanh", "relu", "sigmoid")
_LINEAR = (Conv2d, AvgPool2d, GlobalAvgPool2d, Dense)


@dataclass(frozen=True)
class Segment:
    """Layers of a chain, from `start` to before `stop`, that are one convolution or one dense layer together.

    shapes: of what comes into each of them, and of what comes out of the last, for the part of an image that the kernel
    looks at: what one pixel depends on, or all of it where a vector comes out. positions: how often the kernel is
    applied to an image, `stride` pixels apart.
    """

    start: int
    stop: int
    shapes: tuple[Shape, ...]
    positions: int
    stride: int
    making: int
    """Multiply-adds that its kernel takes once for all images."""

    @property
    def units(self) -> int:
        """Channels, or units of a vector, that come out."""
        return self.shapes[-1][0]

    @property
    def kernel_size(self) -> int:
        """Values of the kernel."""
        return prod(self.shapes[0]) * self.units

    @property
    def layer(self) -> Layer:
        """The layer that they are."""
        if len(self.shapes[-1]) == 1:
            return Dense(self.units)
        return Conv2d(kernel_size=self.shapes[0][1], filters=self.units, stride=self.stride)

    @property
    def values_of_making(self) -> int:
        """Values that are written while the kernel is made."""
        return self.units * sum(map(prod, self.shapes))


@dataclass(frozen=True)
class Plan:
    """An architecture, and its contracted layers, in order, where so many images are computed at once."""

    architecture: Architecture
    images: int
    segments: tuple[Segment, ...] = ()

    @property
    def steps(self) -> tuple[int | Segment, ...]:
        """Indices of layers (the head is the last one), and segments, in the order in which they are computed."""
        layers, _ = _chain(self.architecture)
        starts = {segment.start: segment for segment in self.segments}
        within = {index for segment in self.segments for index in range(segment.start + 1, segment.stop)}
        steps: list[int | Segment] = []
        waiting: list[int] = []
        for index, layer in enumerate(layers):
            if isinstance(layer, Activation) and layer.function in _MONOTONE:
                waiting.append(index)
            elif isinstance(layer, MaxPool2d):
                steps.append(index)
            elif index not in within:
                steps += [*waiting, starts.get(index, index)]
                waiting = []
        return tuple(steps)

    @property
    def merged(self) -> Architecture:
        """The architecture with one layer for each segment. It can do all that this one can; a segment that ends
        in the head leaves the head alone.

        >>> from remap_core.space.text import layers_text, parse_layers
        >>> chain = parse_layers("Conv 64x1, Conv 32x5, ReLU, Dense 128")
        >>> layers_text(smallest_equivalent(Architecture((1, 28, 28), 10, chain)).merged.layers)
        'Conv 32x5, ReLU'
        """
        layers, _ = _chain(self.architecture)
        left: list[Layer] = []
        done = 0
        for segment in self.segments:
            left += [*layers[done : segment.start], segment.layer]
            done = segment.stop
        left += layers[done:]
        return self.architecture.with_layers(left[:-1])

    @property
    def activation_sizes(self) -> tuple[int, ...]:
        """Values that each step puts out for one image."""
        layers, _ = _chain(self.architecture)
        sizes: list[int] = []
        for step in self.steps:
            index = step.stop - 1 if isinstance(step, Segment) else step
            same = isinstance(layers[index], Activation) and sizes
            sizes.append(sizes[-1] if same else self.architecture.activation_sizes[index])
        return tuple(sizes)

    @property
    def multiply_adds(self) -> float:
        """Multiply-accumulate operations for one image, with its share of those that make kernels."""
        costs = self.architecture.costs
        apart = sum(cost.multiply_adds for segment in self.segments for cost in costs[segment.start : segment.stop])
        together = sum(
            segment.positions * segment.kernel_size + segment.making / self.images for segment in self.segments
        )
        return self.architecture.multiply_adds - apart + together

    @property
    def values(self) -> float:
        """Values that are written for one image, with its share of those of kernels; not those of the first layers,
        which never change."""
        sizes = self.activation_sizes[unchanging(self.architecture) :]
        return sum(sizes) + sum(segment.values_of_making for segment in self.segments) / self.images


@lru_cache(maxsize=4096)
def cheapest_plan(architecture: Architecture, images: int) -> Plan:
    """What takes a CPU the least time for so many images at once. The first layers that never change stay apart."""

    def apart(layer: Layer, shape: Shape) -> float:
        return images * (layer.multiply_adds(shape) + VALUE * prod(layer.output_shape(shape))) + CALL

    def together(segment: Segment) -> float:
        made = FLOAT32 * segment.making + VALUE * segment.values_of_making + MAKE * (segment.stop - segment.start)
        return made + images * segment.positions * (segment.kernel_size + VALUE * segment.units) + CALL

    return Plan(architecture, images, _cheapest_segments(architecture, unchanging(architecture), apart, together))


@lru_cache(maxsize=4096)
def smallest_equivalent(architecture: Architecture) -> Plan:
    """What has the fewest parameters where each segment is one layer (see `Plan.merged`)."""

    def apart(layer: Layer, shape: Shape) -> float:
        return layer.parameters(shape)

    def together(segment: Segment) -> float:
        return segment.kernel_size + segment.units

    return Plan(architecture, 1, _cheapest_segments(architecture, 0, apart, together))


def _cheapest_segments(
    architecture: Architecture,
    first: int,
    apart: Callable[[Layer, Shape], float],
    together: Callable[[Segment], float],
) -> tuple[Segment, ...]:
    """Of all ways to contract layers behind the `first` ones that whose costs, of layers and of segments, are least."""
    layers, shapes = _chain(architecture)
    best: list[tuple[float, tuple[Segment, ...]]] = [(0.0, ())] * (first + 1)  # until each layer
    for stop in range(first + 1, len(layers) + 1):
        cost, segments = best[stop - 1]
        found = [(cost + apart(layers[stop - 1], shapes[stop - 1]), segments)]
        for start in range(stop - 1, max(first, stop - LONGEST) - 1, -1):
            if not isinstance(layers[start], _LINEAR):
                break
            if start < stop - 1 and (segment := _segment(layers, shapes, start, stop)):
                cost, segments = best[start]
                found.append((cost + together(segment), (*segments, segment)))
        best.append(min(found, key=lambda one: one[0]))
    return best[-1][1]


def unchanging(architecture: Architecture) -> int:
    """How many of the first layers make the same of an image whenever it comes: they learn nothing and draw nothing."""
    layers, _ = _chain(architecture)
    return next(index for index, layer in enumerate(layers) if not isinstance(layer, _UNCHANGING))


def _chain(architecture: Architecture) -> tuple[tuple[Layer, ...], tuple[Shape, ...]]:
    """The layers and the head; the shapes before each and behind the last."""
    return (*architecture.layers, Dense(architecture.classes)), (*architecture.input_shapes, (architecture.classes,))


def _segment(layers: Sequence[Layer], shapes: Sequence[Shape], start: int, stop: int) -> Segment | None:
    """The layers from `start` to before `stop`, if they are one layer."""
    seen = shapes[start : stop + 1]
    positions, stride = 1, 1
    if len(seen[-1]) == 3:
        size = 1
        for layer in reversed(layers[start:stop]):
            match layer:
                case Conv2d(kernel_size=window, stride=step, margin=0) | AvgPool2d(size=window, stride=step):
                    size, stride = (size - 1) * step + window, stride * step
                case _:  # zeros around an image are no part of it: at its edge the kernel would be another
                    return None
        positions = prod(seen[-1][1:])
        seen = [(seen[0][0], size, size)]
        for layer in layers[start:stop]:
            seen.append(layer.output_shape(seen[-1]))
    multiplied = sum(layer.multiply_adds(shape) for layer, shape in zip(layers[start : stop - 1], seen, strict=False))
    return Segment(start, stop, tuple(seen), positions, stride, making=multiplied * seen[-1][0])
