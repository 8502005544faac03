"""The fastest way to compute a network: some layers fused into one, some in another order, with the same output.

Linear layers in a row are together one linear layer. Where no activation separates two convolutions, or a wide one from
the head, computing the fused layer takes a fraction of the work. Hu et al., Online Convolutional Re-parameterization
(CVPR 2022), fuse convolutions this way for the branches of a block. A monotone activation before a max pool gives the
same output after it, on fewer values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, AvgPool2d, Conv2d, Dense, GlobalAvgPool2d, Layer, MaxPool2d, Shape

VALUE_COST = 25
"""Multiply-adds in the time of writing and reading one value: memory is slow."""
CALL_COST = 300_000
"""Multiply-adds in the time of the overhead of one layer and its gradient."""
FUSED_LAYER_COST = 1_000_000
"""Multiply-adds in the time of the overhead of one layer whose weights become part of a kernel."""
FLOAT32_COST = 2
"""Multiply-adds in bf16 in the time of one in float32, the precision of fused kernels."""
MAX_FUSED_LAYERS = 16
"""Layers that are fused into one."""

_STATIC = (MaxPool2d, AvgPool2d, Activation)
_MONOTONE = ("tanh", "relu", "sigmoid")
_LINEAR = (Conv2d, AvgPool2d, GlobalAvgPool2d, Dense)


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
        return Conv2d(kernel_size=self.shapes[0][1], filters=self.units, stride=self.stride)

    @property
    def setup_values(self) -> int:
        """Values written while the kernel is computed."""
        return self.units * sum(map(prod, self.shapes))


@dataclass(frozen=True)
class ExecutionPlan:
    """An architecture and the runs of its layers that are fused, in order, for batches of `images` images."""

    architecture: Architecture
    images: int
    runs: tuple[LinearRun, ...] = ()

    @property
    def steps(self) -> tuple[int | LinearRun, ...]:
        """Indices of layers (the head is the last one), and fused runs, in the order in which they are computed."""
        layers, _ = _chain(self.architecture)
        run_at = {run.start: run for run in self.runs}
        inside_runs = {index for run in self.runs for index in range(run.start + 1, run.stop)}
        steps: list[int | LinearRun] = []
        delayed: list[int] = []  # monotone activations, until no max pool follows
        for index, layer in enumerate(layers):
            if isinstance(layer, Activation) and layer.function in _MONOTONE:
                delayed.append(index)
            elif isinstance(layer, MaxPool2d):
                steps.append(index)
            elif index not in inside_runs:
                steps += delayed
                steps.append(run_at.get(index, index))
                delayed = []
        return tuple(steps)

    @property
    def fused(self) -> Architecture:
        """The architecture with one layer for each run; a run that ends in the head becomes the head.

        It can represent every function that this one can.

        >>> from remap_core.space.text import layers_text, parse_layers
        >>> chain = parse_layers("Conv 64x1, Conv 32x5, ReLU, Dense 128")
        >>> layers_text(smallest_equivalent(Architecture((1, 28, 28), 10, chain)).fused.layers)
        'Conv 32x5, ReLU'
        """
        layers, _ = _chain(self.architecture)
        fused: list[Layer] = []
        done = 0
        for run in self.runs:
            fused += layers[done : run.start]
            fused.append(run.layer)
            done = run.stop
        fused += layers[done:]
        return self.architecture.with_layers(fused[:-1])

    @property
    def activation_sizes(self) -> tuple[int, ...]:
        """Values in the output of each step, for one image."""
        layers, _ = _chain(self.architecture)
        sizes: list[int] = []
        for step in self.steps:
            index = step.stop - 1 if isinstance(step, LinearRun) else step
            if isinstance(layers[index], Activation) and sizes:
                sizes.append(sizes[-1])  # it may have moved behind a pool
            else:
                sizes.append(self.architecture.activation_sizes[index])
        return tuple(sizes)

    @property
    def multiply_adds(self) -> float:
        """Multiply-accumulate operations for one image, with its share of those that compute kernels."""
        total: float = self.architecture.multiply_adds
        for run in self.runs:
            layers = self.architecture.costs[run.start : run.stop]
            total -= sum(layer.multiply_adds for layer in layers)
            total += run.positions * run.kernel_size
            total += run.setup_multiply_adds / self.images
        return total

    @property
    def values(self) -> float:
        """Values written for one image, with its share of the kernels'; without those of the static prefix."""
        sizes = self.activation_sizes[static_prefix(self.architecture) :]
        setup_values = sum(run.setup_values for run in self.runs)
        return sum(sizes) + setup_values / self.images


@lru_cache(maxsize=4096)
def cheapest_plan(architecture: Architecture, images: int) -> ExecutionPlan:
    """The plan that takes a CPU the least time for batches of `images` images. The static prefix is never fused."""

    def cost_alone(layer: Layer, shape: Shape) -> float:
        values = prod(layer.output_shape(shape))
        per_image = layer.multiply_adds(shape) + VALUE_COST * values
        return images * per_image + CALL_COST

    def cost_fused(run: LinearRun) -> float:
        setup = FLOAT32_COST * run.setup_multiply_adds + VALUE_COST * run.setup_values
        setup += FUSED_LAYER_COST * (run.stop - run.start)
        per_position = run.kernel_size + VALUE_COST * run.units
        return setup + images * run.positions * per_position + CALL_COST

    first = static_prefix(architecture)
    runs = _cheapest_runs(architecture, first, cost_alone, cost_fused)
    return ExecutionPlan(architecture, images, runs)


@lru_cache(maxsize=4096)
def smallest_equivalent(architecture: Architecture) -> ExecutionPlan:
    """The plan whose `fused` architecture has the fewest parameters."""

    def cost_alone(layer: Layer, shape: Shape) -> float:
        return layer.parameters(shape)

    def cost_fused(run: LinearRun) -> float:
        return run.kernel_size + run.units

    runs = _cheapest_runs(architecture, 0, cost_alone, cost_fused)
    return ExecutionPlan(architecture, 1, runs)


def static_prefix(architecture: Architecture) -> int:
    """The number of first layers whose output for an image never changes: no weights, no randomness."""
    layers, _ = _chain(architecture)
    return next(index for index, layer in enumerate(layers) if not isinstance(layer, _STATIC))


def _cheapest_runs(
    architecture: Architecture,
    first: int,
    cost_alone: Callable[[Layer, Shape], float],
    cost_fused: Callable[[LinearRun], float],
) -> tuple[LinearRun, ...]:
    """The runs, from layer `first` on, with the smallest total cost: dynamic programming over where the chain ends."""
    layers, shapes = _chain(architecture)
    best: list[tuple[float, tuple[LinearRun, ...]]] = [(0.0, ())] * (first + 1)  # before each layer
    for stop in range(first + 1, len(layers) + 1):
        last = stop - 1
        cost, runs = best[last]
        options = [(cost + cost_alone(layers[last], shapes[last]), runs)]
        for run in _runs_until(layers, shapes, first, stop):
            cost, runs = best[run.start]
            options.append((cost + cost_fused(run), (*runs, run)))
        best.append(min(options, key=lambda option: option[0]))
    return best[-1][1]


def _runs_until(layers: Sequence[Layer], shapes: Sequence[Shape], first: int, stop: int) -> Iterator[LinearRun]:
    """The linear runs of two layers or more that end before `stop` and do not begin before `first`, shortest first."""
    first = max(first, stop - MAX_FUSED_LAYERS)
    for start in range(stop - 1, first - 1, -1):
        if not isinstance(layers[start], _LINEAR):
            return
        if stop - start > 1:
            run = _linear_run(layers, shapes, start, stop)
            if run:
                yield run


def _chain(architecture: Architecture) -> tuple[tuple[Layer, ...], tuple[Shape, ...]]:
    """The layers and the head; the shapes before each and after the last."""
    head = Dense(architecture.classes)
    return (*architecture.layers, head), (*architecture.input_shapes, (architecture.classes,))


def _linear_run(layers: Sequence[Layer], shapes: Sequence[Shape], start: int, stop: int) -> LinearRun | None:
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
        patch = _patch_shapes(fused, channels=patch[0][0], size=size)
    inner_multiply_adds = sum(layer.multiply_adds(shape) for layer, shape in zip(fused[:-1], patch, strict=False))
    units = patch[-1][0]
    return LinearRun(start, stop, patch, positions, stride, setup_multiply_adds=inner_multiply_adds * units)


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


def _patch_shapes(layers: Sequence[Layer], channels: int, size: int) -> tuple[Shape, ...]:
    shapes: list[Shape] = [(channels, size, size)]
    for layer in layers:
        shapes.append(layer.output_shape(shapes[-1]))
    return tuple(shapes)
