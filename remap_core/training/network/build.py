"""From an architecture to a network."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

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
    InvertedResidual,
    Layer,
    MaxPool2d,
    Residual,
    SeparableConv2d,
    Shape,
)
from remap_core.training.network import modules, pools, residual_blocks

MIN_VALUES_TO_COMPILE = 2**17
"""Input values of a layer, of all images of a batch, from which it is compiled. Compiling takes a process some seconds
and 100 MB in all, so it pays only for large trainings."""


class Inputs(NamedTuple):
    """What a module is made for: the layer's input shape (before a Flatten), and whether to use a compiled form."""

    shape: Shape
    compiled: bool


def build(architecture: Architecture, at_once: int = 1) -> nn.Sequential:
    """The network of an architecture, with PyTorch's initial weights (drawn from the global generator), in train mode.

    It maps (n, channels, height, width) float32 to logits, (n, classes) float32. There is one module for each layer
    and the head, in order, and a Flatten where an image becomes a vector. at_once: how many images it will be trained
    on together; layers with many input values are compiled.

    >>> from remap_core.space.layers import Conv2d
    >>> [type(module).__name__ for module in build(Architecture((1, 8, 8), 10, (Conv2d(3, 4),)))]
    ['Conv2d', 'Flatten', 'FlatLinear']
    """
    network = nn.Sequential()
    for layer, shape in _chain(architecture):
        if layer.flattens(shape):
            network.append(modules.Flatten())
        inputs = Inputs(shape, compiled=at_once * prod(shape) > MIN_VALUES_TO_COMPILE)
        network.append(_module(layer, inputs))
    return network


def modules_of(network: nn.Sequential, architecture: Architecture) -> list[list[nn.Module]]:
    """The modules that `build` made for each layer and, last, the head."""
    remaining = iter(network)
    groups = []
    for layer, shape in _chain(architecture):
        group = [next(remaining)]
        if layer.flattens(shape):
            group.append(next(remaining))
        groups.append(group)
    return groups


def _chain(architecture: Architecture) -> list[tuple[Layer, Shape]]:
    """The layers and the head, each with its input shape."""
    layers = (*architecture.layers, Dense(architecture.classes))
    return list(zip(layers, architecture.input_shapes, strict=True))


def _module(layer: Layer, inputs: Inputs) -> nn.Module:
    kind = type(layer)
    if kind not in MODULES:
        raise TypeError(f"{kind.__name__} has no module.")
    return MODULES[kind](layer, inputs)


def _conv(layer: Conv2d, inputs: Inputs) -> nn.Module:
    return modules.Conv2d(inputs.shape[0], layer.filters, layer.kernel_size, layer.stride, layer.margin)


def _separable_conv(layer: SeparableConv2d, inputs: Inputs) -> nn.Module:
    channels = inputs.shape[0]
    depthwise = modules.Conv2d(
        channels,
        channels,
        layer.kernel_size,
        layer.stride,
        layer.margin,
        groups=channels,
        bias=False,
    )
    pointwise = modules.Conv2d(channels, layer.filters, 1)
    return nn.Sequential(depthwise, pointwise)


def _residual(layer: Residual, inputs: Inputs) -> nn.Module:
    return residual_blocks.Residual(inputs.shape[0], layer.filters, layer.stride)


def _inverted_residual(layer: InvertedResidual, inputs: Inputs) -> nn.Module:
    channels = inputs.shape[0]
    squeezed = layer.squeezed(channels) if layer.squeeze_excite else 0
    return residual_blocks.InvertedResidual(
        channels, layer.expanded(channels), layer.filters, layer.kernel_size, layer.stride, squeezed
    )


def _dense(layer: Dense, inputs: Inputs) -> nn.Module:
    if len(inputs.shape) == 3:
        return modules.FlatLinear(inputs.shape, layer.units)
    return nn.Linear(inputs.shape[0], layer.units)


def _batch_norm(_layer: BatchNorm, inputs: Inputs) -> nn.Module:
    if len(inputs.shape) == 3:
        return modules.BatchNorm2d(inputs.shape[0])
    return modules.BatchNorm1d(inputs.shape[0])


_FUNCTIONS: dict[Function, Callable[[], nn.Module]] = {
    "tanh": modules.Tanh,
    "relu": nn.ReLU,
    "sigmoid": modules.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}

MODULES: dict[type[Layer], Callable[[Any, Inputs], nn.Module]] = {
    Conv2d: _conv,
    SeparableConv2d: _separable_conv,
    Residual: _residual,
    InvertedResidual: _inverted_residual,
    Dense: _dense,
    MaxPool2d: lambda layer, inputs: pools.MaxPool2d(layer.size, layer.stride, inputs.compiled),
    AvgPool2d: lambda layer, inputs: pools.AvgPool2d(layer.size, layer.stride, inputs.compiled),
    GlobalAvgPool2d: lambda _layer, _inputs: modules.GlobalAvgPool2d(),
    Activation: lambda layer, _inputs: _FUNCTIONS[layer.function](),
    BatchNorm: _batch_norm,
    Dropout: lambda layer, inputs: modules.Dropout(layer.rate, inputs.compiled),
}
"""The module of each layer kind, made from a layer and its inputs."""
