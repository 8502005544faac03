"""How each layer kind is exported: the operators of ONNX that compute it, and its line of PyTorch source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

from remap_core.exports.finished_model import PlacedLayer
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
)


@dataclass(frozen=True)
class Operator:
    """An operator of ONNX that takes the value so far and weights, named as in `FinishedModel`.

    gated: the result is x * operator(x) instead of operator(x).
    """

    name: str
    weights: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    gated: bool = False


class LayerExport(NamedTuple):
    """The exports of a layer kind, both made from a layer and its place in the network.

    operators: the operators in order, for evaluation; source: a PyTorch module as an expression of `nn`. An image that
    the layer flattens has been flattened before both.
    """

    operators: Callable[[Any, PlacedLayer], Sequence[Operator]]
    source: Callable[[Any, PlacedLayer], str]


def layer_operators(placed: PlacedLayer) -> list[Operator]:
    """The operators of ONNX for a layer, with its Flatten."""
    operators = list(_export(placed).operators(placed.layer, placed))
    if placed.is_flattened:
        operators.insert(0, Operator("Flatten"))
    return operators


def layer_source(placed: PlacedLayer) -> list[str]:
    """The lines of PyTorch source for a layer, with its Flatten: one per module of the network.

    >>> layer_source(PlacedLayer(0, Dense(10), (1, 8, 8)))
    ['nn.Flatten()', 'nn.Linear(64, 10)']
    """
    lines = [_export(placed).source(placed.layer, placed)]
    if placed.is_flattened:
        lines.insert(0, "nn.Flatten()")
    return lines


def _export(placed: PlacedLayer) -> LayerExport:
    kind = type(placed.layer)
    if kind not in LAYER_EXPORTS:
        raise TypeError(f"{kind.__name__} has no exports.")
    return LAYER_EXPORTS[kind]


def _window(layer: Conv2d | SeparableConv2d) -> dict[str, Any]:
    return {
        "kernel_shape": [layer.kernel_size] * 2,
        "strides": [layer.stride] * 2,
        "pads": [layer.margin] * 4,
    }


def _window_source(layer: Conv2d | SeparableConv2d) -> str:
    arguments = [str(layer.kernel_size)]
    if layer.stride != 1:
        arguments.append(f"stride={layer.stride}")
    if layer.margin:
        arguments.append(f"padding={layer.margin}")
    return ", ".join(arguments)


def _conv_operators(layer: Conv2d, placed: PlacedLayer) -> Sequence[Operator]:
    return [Operator("Conv", placed.weights("weight", "bias"), _window(layer))]


def _conv_source(layer: Conv2d, placed: PlacedLayer) -> str:
    return f"nn.Conv2d({placed.input_shape[0]}, {layer.filters}, {_window_source(layer)})"


def _separable_operators(layer: SeparableConv2d, placed: PlacedLayer) -> Sequence[Operator]:
    depthwise = {**_window(layer), "group": placed.input_shape[0]}
    return [
        Operator("Conv", placed.weights("0.weight"), depthwise),
        Operator("Conv", placed.weights("1.weight", "1.bias"), {"kernel_shape": [1, 1]}),
    ]


def _separable_source(layer: SeparableConv2d, placed: PlacedLayer) -> str:
    channels = placed.input_shape[0]
    depthwise = f"nn.Conv2d({channels}, {channels}, {_window_source(layer)}, groups={channels}, bias=False)"
    return f"nn.Sequential({depthwise}, nn.Conv2d({channels}, {layer.filters}, 1))"


def _pool_operators(operator: str) -> Callable[[MaxPool2d | AvgPool2d, PlacedLayer], Sequence[Operator]]:
    def operators(layer: MaxPool2d | AvgPool2d, _placed: PlacedLayer) -> Sequence[Operator]:
        window = {"kernel_shape": [layer.size] * 2, "strides": [layer.stride] * 2}
        return [Operator(operator, (), window)]

    return operators


def _global_operators(_layer: GlobalAvgPool2d, _placed: PlacedLayer) -> Sequence[Operator]:
    return [Operator("GlobalAveragePool"), Operator("Flatten")]


def _dense_operators(_layer: Dense, placed: PlacedLayer) -> Sequence[Operator]:
    return [Operator("Gemm", placed.weights("weight", "bias"), {"transB": 1})]


def _dense_source(layer: Dense, placed: PlacedLayer) -> str:
    return f"nn.Linear({prod(placed.input_shape)}, {layer.units})"


BATCH_NORM_EPSILON = 1e-5
"""PyTorch's default."""


def _norm_operators(_layer: BatchNorm, placed: PlacedLayer) -> Sequence[Operator]:
    weights = placed.weights("weight", "bias", "running_mean", "running_var")
    return [Operator("BatchNormalization", weights, {"epsilon": BATCH_NORM_EPSILON})]


def _norm_source(_layer: BatchNorm, placed: PlacedLayer) -> str:
    dimensions = len(placed.input_shape) - 1
    return f"nn.BatchNorm{max(dimensions, 1)}d({placed.input_shape[0]})"


_FUNCTION_OPERATORS: dict[Function, Operator] = {
    "tanh": Operator("Tanh"),
    "relu": Operator("Relu"),
    "sigmoid": Operator("Sigmoid"),
    "gelu": Operator("Gelu"),
    "silu": Operator("Sigmoid", gated=True),
}
_FUNCTION_MODULES: dict[Function, str] = {
    "tanh": "Tanh",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "gelu": "GELU",
    "silu": "SiLU",
}


def _activation_operators(layer: Activation, _placed: PlacedLayer) -> Sequence[Operator]:
    return [_FUNCTION_OPERATORS[layer.function]]


def _activation_source(layer: Activation, _placed: PlacedLayer) -> str:
    return f"nn.{_FUNCTION_MODULES[layer.function]}()"


def _nothing(_layer: Layer, _placed: PlacedLayer) -> Sequence[Operator]:
    return []


LAYER_EXPORTS: dict[type[Layer], LayerExport] = {
    Conv2d: LayerExport(_conv_operators, _conv_source),
    SeparableConv2d: LayerExport(_separable_operators, _separable_source),
    Dense: LayerExport(_dense_operators, _dense_source),
    MaxPool2d: LayerExport(
        _pool_operators("MaxPool"),
        lambda layer, _placed: f"nn.MaxPool2d({layer.size}, stride={layer.stride})",
    ),
    AvgPool2d: LayerExport(
        _pool_operators("AveragePool"),
        lambda layer, _placed: f"nn.AvgPool2d({layer.size}, stride={layer.stride})",
    ),
    GlobalAvgPool2d: LayerExport(
        _global_operators,
        lambda _layer, _placed: "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())",
    ),
    Activation: LayerExport(_activation_operators, _activation_source),
    BatchNorm: LayerExport(_norm_operators, _norm_source),
    Dropout: LayerExport(_nothing, lambda layer, _placed: f"nn.Dropout({layer.rate})"),
}
"""The exports of each layer kind."""
