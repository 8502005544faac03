"""From an architecture to a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

from torch import nn

from remap_core.space.architecture import Architecture
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Function,
    GlobalAvgPool2d,
    Layer,
    MaxPool2d,
    SeparableConv2d,
    Shape,
)
from remap_core.training.network import modules, pools

FEWEST_TO_COMPILE = 2**17
"""Values that come into a layer at once. To compile takes a process some seconds and 100 MB in all: it is for networks
that are trained on much."""

_FUNCTIONS: dict[Function, Callable[[], nn.Module]] = {
    "tanh": modules.Tanh,
    "relu": nn.ReLU,
    "sigmoid": modules.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


def build(architecture: Architecture, at_once: int = 1) -> nn.Sequential:
    """The network of an architecture, with PyTorch's initial weights (drawn from the global generator), in train mode.

    It takes (n, channels, height, width) float32 and puts out logits, (n, classes) float32. There is one module for
    each layer and the head, in order, and a Flatten where an image becomes a vector. at_once: how many images it will
    learn together; layers that many values come into are compiled.

    >>> from remap_core.space.layers import Conv2d
    >>> [type(module).__name__ for module in build(Architecture((1, 8, 8), 10, (Conv2d(3, 4),)))]
    ['Conv2d', 'Flatten', 'FlatLinear']
    """
    chain = (*architecture.layers, Dense(architecture.classes))
    pairs = zip(chain, architecture.input_shapes, strict=True)
    return nn.Sequential(*(module for layer, shape in pairs for module in _modules(layer, shape, at_once)))


def modules_of(network: nn.Sequential, architecture: Architecture) -> list[list[nn.Module]]:
    """What `build` made for each layer and, last, the head."""
    left = iter(network)
    chain = (*architecture.layers, Dense(architecture.classes))
    flattens = (
        isinstance(layer, Dense) and len(shape) == 3
        for layer, shape in zip(chain, architecture.input_shapes, strict=True)
    )
    return [[next(left) for _ in range(1 + flatten)] for flatten in flattens]


def _dense(shape: Shape, units: int) -> Iterator[nn.Module]:
    if len(shape) == 1:
        yield nn.Linear(shape[0], units)
        return
    yield modules.Flatten()
    yield modules.FlatLinear(shape, units)


def _separable(layer: SeparableConv2d, channels: int) -> nn.Sequential:
    depthwise = modules.Conv2d(
        channels, channels, layer.kernel_size, layer.stride, layer.margin, groups=channels, bias=False
    )
    return nn.Sequential(depthwise, modules.Conv2d(channels, layer.filters, 1))


def _modules(layer: Layer, shape: Shape, at_once: int) -> Iterator[nn.Module]:
    compiled = at_once * prod(shape) > FEWEST_TO_COMPILE
    match layer:
        case Conv2d():
            yield modules.Conv2d(shape[0], layer.filters, layer.kernel_size, layer.stride, layer.margin)
        case SeparableConv2d():
            yield _separable(layer, shape[0])
        case MaxPool2d():
            yield pools.MaxPool2d(layer.size, layer.stride, compiled)
        case AvgPool2d():
            yield pools.AvgPool2d(layer.size, layer.stride, compiled)
        case GlobalAvgPool2d():
            yield modules.GlobalAvgPool2d()
        case BatchNorm():
            yield (modules.BatchNorm2d if len(shape) == 3 else modules.BatchNorm1d)(shape[0])
        case Dense():
            yield from _dense(shape, layer.units)
        case Activation():
            yield _FUNCTIONS[layer.function]()
        case Dropout():
            yield modules.Dropout(layer.rate, compiled)
        case _:
            raise TypeError(f"{type(layer).__name__} has no module.")
