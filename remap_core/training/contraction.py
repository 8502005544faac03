"""Linear layers in a row are one linear layer together, and are learnt and judged as that one.

Its kernel is made of the layers' weights anew for every batch, so that its gradient goes on to them: the network, what
it puts out and how it learns are the same, but for rounding. Where no activation stands between two convolutions, or
between a wide one and the head, most work is saved: what the layers do to every image they do to every channel (unit)
of the last one instead. Convolutions are merged so by Hu et al., Online Convolutional Re-parameterization (CVPR 2022),
for the branches of a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, linear

from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, AvgPool2d, Conv2d, Dense, GlobalAvgPool2d, Layer, MaxPool2d, Shape
from remap_core.training import modules, pools

VALUE = 25
"""Multiply-adds in the time that one value takes to be written and read again: memory is slow."""
CALL = 300_000
"""Multiply-adds in the time of what surrounds one layer and its gradient."""
MAKE = 1_000_000
"""Multiply-adds in the time of what surrounds one layer whose weights are made a part of a kernel."""
FLOAT32 = 2
"""Multiply-adds of bf16 in the time of one of float32, in which kernels are made."""
_UNCHANGING = (MaxPool2d, AvgPool2d, Activation)
_LINEAR = (Conv2d, AvgPool2d, GlobalAvgPool2d, Dense)


@dataclass(frozen=True)
class Run:
    """Layers of a chain, from `start` to before `stop`, that are one convolution or one dense layer together.

    shapes: of what comes into each of them, and of what comes out of the last, for the part of an image that the kernel
    looks at: what one pixel depends on, or all of it where a vector comes out. positions: how often the kernel is
    applied to an image, `stride` pixels apart.
    """

    start: int
    stop: int
    shapes: tuple[Shape, ...]
    positions: int = 1
    stride: int = 1

    @property
    def units(self) -> int:
        """Channels, or units of a vector, that come out."""
        return self.shapes[-1][0]

    @property
    def kernel_size(self) -> int:
        """Values of the kernel."""
        return prod(self.shapes[0]) * self.units


@dataclass(frozen=True)
class Plan:
    """An architecture and those of its layers that are contracted, in order."""

    architecture: Architecture
    runs: tuple[Run, ...] = ()

    @classmethod
    def cheapest(cls, architecture: Architecture, images: int) -> Plan:
        """What takes a CPU the least time for so many images at once; the first layers that never change stay."""
        layers, shapes = _chain(architecture)
        first = unchanging(architecture)
        best: list[tuple[float, tuple[Run, ...]]] = [(0.0, ())] * (first + 1)  # until each layer
        for stop in range(first + 1, len(layers) + 1):
            cost, runs = best[stop - 1]
            found = [(cost + _cost(layers[stop - 1], shapes[stop - 1], images), runs)]
            for start in range(stop - 2, first - 1, -1):
                if not all(isinstance(layer, _LINEAR) for layer in layers[start:stop]):
                    break
                if run := _run(layers, shapes, start, stop):
                    cost, runs = best[start]
                    found.append((cost + _contracted_cost(layers[start:stop], run, images), (*runs, run)))
            best.append(min(found, key=lambda one: one[0]))
        return cls(architecture, best[-1][1])

    @property
    def activation_sizes(self) -> list[int]:
        """Values that are put out for one image, by each layer or run of them."""
        within = {index for run in self.runs for index in range(run.start, run.stop - 1)}
        return [size for index, size in enumerate(self.architecture.activation_sizes) if index not in within]

    @property
    def multiply_adds(self) -> int:
        """Multiply-accumulate operations for one image, without those that make kernels."""
        costs = self.architecture.costs
        saved = sum(cost.multiply_adds for run in self.runs for cost in costs[run.start : run.stop])
        return self.architecture.multiply_adds - saved + sum(run.positions * run.kernel_size for run in self.runs)

    def body(self, network: nn.Sequential) -> nn.Sequential:
        """The modules of the architecture's network, those of each run as one. The weights are the network's own."""
        left = iter(network)
        pairs = zip(*_chain(self.architecture), strict=False)
        of = [[next(left) for _ in range(1 + _flattens(layer, shape))] for layer, shape in pairs]
        body: list[nn.Module] = []
        done = 0
        for run in self.runs:
            body += [*chain(*of[done : run.start]), Contracted(run, [*chain(*of[run.start : run.stop])])]
            done = run.stop
        return nn.Sequential(*body, *chain(*of[done:]))


def unchanging(architecture: Architecture) -> int:
    """How many of the first layers make the same of an image whenever it comes: they learn nothing and draw nothing."""
    layers, _ = _chain(architecture)
    return next(index for index, layer in enumerate(layers) if not isinstance(layer, _UNCHANGING))


class Contracted(nn.Module):
    """The layer that the modules of a run are together, by their weights."""

    def __init__(self, run: Run, of: Sequence[nn.Module]) -> None:
        super().__init__()
        self.run = run
        self.of = nn.ModuleList(module for module in of if not isinstance(module, modules.Flatten))

    def forward(self, images: Tensor) -> Tensor:
        """What the modules put out, one after another."""
        with torch.autocast("cpu", enabled=False):
            kernel, bias = self.kernel()
        if len(self.run.shapes[-1]) == 3:
            return modules.convolved(images, kernel, bias, self.run.stride)
        if images.dim() == 4:  # in the order of channels_last
            images, kernel = (values.permute(0, 2, 3, 1).flatten(1) for values in (images, kernel))
        return linear(images, kernel, bias)

    def kernel(self) -> tuple[Tensor, Tensor]:
        """What each unit that comes out takes of what comes in, (units, *shape), and what it adds, (units,)."""
        *before, (last, shape) = zip(self.of, self.run.shapes, strict=False)
        kernel, bias = _own_kernel(last, shape)
        for module, shape in reversed(before):
            kernel, added = _before(module, kernel, shape)
            bias = bias + added
        return kernel, bias


def _chain(architecture: Architecture) -> tuple[tuple[Layer, ...], tuple[Shape, ...]]:
    """The layers and the head; the shapes before each and behind the last."""
    return (*architecture.layers, Dense(architecture.classes)), (*architecture.input_shapes, (architecture.classes,))


def _flattens(layer: Layer, shape: Shape) -> bool:
    """Whether `build` makes a Flatten for it, too."""
    return isinstance(layer, Dense) and len(shape) == 3


def _run(layers: Sequence[Layer], shapes: Sequence[Shape], start: int, stop: int) -> Run | None:
    """The layers from `start` to before `stop`, if they are one layer."""
    if len(shapes[stop]) == 1:
        return Run(start, stop, tuple(shapes[start : stop + 1]))
    seen, stride = 1, 1
    for layer in reversed(layers[start:stop]):
        match layer:
            case Conv2d(kernel_size=window, stride=step, margin=0) | AvgPool2d(size=window, stride=step):
                seen, stride = (seen - 1) * step + window, stride * step
            case _:  # zeros around an image are no part of it: at its edge the kernel would be another
                return None
    part: list[Shape] = [(shapes[start][0], seen, seen)]
    for layer in layers[start:stop]:
        part.append(layer.output_shape(part[-1]))
    return Run(start, stop, tuple(part), prod(shapes[stop][1:]), stride)


def _cost(layer: Layer, shape: Shape, images: int) -> float:
    """In multiply-adds of bf16, as what follows."""
    return images * (layer.multiply_adds(shape) + VALUE * prod(layer.output_shape(shape))) + CALL


def _contracted_cost(layers: Sequence[Layer], run: Run, images: int) -> float:
    multiplied = sum(layer.multiply_adds(shape) for layer, shape in zip(layers[:-1], run.shapes, strict=False))
    made = run.units * (FLOAT32 * multiplied + VALUE * sum(map(prod, run.shapes))) + MAKE * len(layers)
    return made + images * run.positions * (run.kernel_size + VALUE * run.units) + CALL


def _own_kernel(module: nn.Module, shape: Shape) -> tuple[Tensor, Tensor]:
    """The kernel of one module, and its bias."""
    match module:
        case nn.Linear(bias=bias) | nn.Conv2d(bias=Tensor() as bias):
            return module.weight.view(-1, *shape), bias
        case pools.AvgPool2d():
            return _before(module, torch.eye(shape[0])[..., None, None], shape)
        case _:
            return _before(module, torch.eye(shape[0]), shape)


def _before(module: nn.Module, rows: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """From the weights of what a module puts out, (n, *its shape), to those of what comes into it, (n, *shape), and
    what its bias adds, (n,)."""
    nothing = rows.new_zeros(len(rows))
    match module:
        case modules.Conv2d(bias=Tensor() as bias):
            step, padding, window = module.stride[0], int(module.padding[0]), module.kernel_size[0]
            rest = [(size + 2 * padding - window) % step for size in shape[1:]]
            before = conv_transpose2d(rows, module.weight, None, step, padding, rest)
            return before, rows.sum((2, 3)) @ bias
        case pools.AvgPool2d():
            seen = rows.new_empty(()).expand(len(rows), *shape)  # nothing but its shape is looked at
            how = (module.window,) * 2, (module.stride,) * 2, (0, 0), False, True, None
            return torch.ops.aten.avg_pool2d_backward(rows, seen, *how), nothing
        case modules.GlobalAvgPool2d():
            return (rows / prod(shape[1:]))[..., None, None].expand(-1, *shape), nothing
        case nn.Linear(bias=bias):
            return (rows @ module.weight).view(-1, *shape), rows @ bias
        case _:
            raise TypeError(f"{type(module).__name__} is not linear.")
