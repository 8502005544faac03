"""The fastest way to compute a network: some layers fused into one, some in another order, with the same output.

Linear layers in a row are together one linear layer. Where no activation separates two convolutions, or a wide one from
the head, computing the fused layer takes a fraction of the work. Hu et al., Online Convolutional Re-parameterization
(CVPR 2022), fuse convolutions this way for the branches of a block. A monotone activation before a max pool gives the
same output after it, on fewer values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from math import prod

from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, AvgPool2d, Dense, Layer, MaxPool2d, Shape
from remap_core.space.linear_runs import LINEAR, LinearRun, linear_run

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

Layers = tuple[Layer, ...]
Shapes = tuple[Shape, ...]
Runs = tuple[LinearRun, ...]


@dataclass(frozen=True)
class ExecutionPlan:
    """An architecture and the runs of its layers that are fused, in order, for batches of `images` images."""

    architecture: Architecture
    images: int
    runs: Runs = ()

    @property
    def steps(self) -> tuple[int | LinearRun, ...]:
        """Indices of layers (the head is the last one), and fused runs, in the order in which they are computed."""
        layers, _ = _chain(self.architecture)
        run_at = {run.start: run for run in self.runs}
        inside_runs: set[int] = set()
        for run in self.runs:
            inside_runs.update(range(run.start + 1, run.stop))
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
    def operation_sizes(self) -> tuple[int, ...]:
        """`activation_sizes`, each after those of the operations inside its step, where that is a block."""
        layers, shapes = _chain(self.architecture)
        sizes: list[int] = []
        for step, size in zip(self.steps, self.activation_sizes, strict=True):
            if not isinstance(step, LinearRun):
                sizes += layers[step].inner_sizes(shapes[step])
            sizes.append(size)
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
        sizes = self.operation_sizes[static_prefix(self.architecture) :]
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
    static = takewhile(lambda layer: isinstance(layer, _STATIC), layers)
    return sum(1 for _ in static)


def _cheapest_runs(
    architecture: Architecture,
    first: int,
    cost_alone: Callable[[Layer, Shape], float],
    cost_fused: Callable[[LinearRun], float],
) -> Runs:
    """The runs, from layer `first` on, with the smallest total cost: dynamic programming over where the chain ends."""
    layers, shapes = _chain(architecture)
    nothing_done: tuple[float, Runs] = (0.0, ())
    best = [nothing_done] * (first + 1)  # before each layer
    for stop in range(first + 1, len(layers) + 1):
        last = stop - 1
        cost, runs = best[last]
        cost += cost_alone(layers[last], shapes[last])
        options = [(cost, runs)]
        for run in _runs_until(layers, shapes, first, stop):
            cost, runs = best[run.start]
            cost += cost_fused(run)
            options.append((cost, (*runs, run)))
        best.append(min(options, key=lambda option: option[0]))
    return best[-1][1]


def _runs_until(
    layers: Layers,
    shapes: Shapes,
    first: int,
    stop: int,
) -> Iterator[LinearRun]:
    """The linear runs of two layers or more that end before `stop` and do not begin before `first`, shortest first."""
    first = max(first, stop - MAX_FUSED_LAYERS)
    for start in reversed(range(first, stop)):
        if not isinstance(layers[start], LINEAR):
            return
        if stop - start > 1:
            run = linear_run(layers, shapes, start, stop)
            if run:
                yield run


def _chain(architecture: Architecture) -> tuple[Layers, Shapes]:
    """The layers and the head; the shapes before each and after the last."""
    head = Dense(architecture.classes)
    layers = (*architecture.layers, head)
    shapes = (*architecture.input_shapes, (architecture.classes,))
    return layers, shapes
