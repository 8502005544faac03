"""How each layer kind is exported: the operators of ONNX that compute it, and its PyTorch source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

from remap_core.exports.block_definitions import INVERTED_RESIDUAL, RESIDUAL
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
    InvertedResidual,
    Layer,
    MaxPool2d,
    Residual,
    SeparableConv2d,
)


@dataclass(frozen=True)
class Operator:
    """An operator of ONNX that takes the value so far, weights (named as in `FinishedModel`) and constants."""

    name: str
    weights: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: tuple[float, ...] = ()


@dataclass(frozen=True)
class Join:
    """An operator of ONNX that takes the results of two branches, which both start at the value so far.

    A branch without operators is that value: Join("Mul", [Operator("Sigmoid")]) is x * sigmoid(x).
    """

    name: str
    branch: Sequence[Step]
    other: Sequence[Step] = ()


Step = Operator | Join


class LayerExport(NamedTuple):
    """The exports of a layer kind, both made from a layer and its place in the network.

    operators: the operators in order, for evaluation; source: a PyTorch module as an expression of `nn` and of the
    class that `definition` defines, if any. An image that the layer flattens has been flattened before both.
    """

    operators: Callable[[Any, PlacedLayer], Sequence[Step]]
    source: Callable[[Any, PlacedLayer], str]
    definition: str = ""


def layer_operators(placed: PlacedLayer) -> list[Step]:
    """The operators of ONNX for a layer, with its Flatten."""
    operators = list(_export(placed).operators(placed.layer, placed))
    if placed.is_flattened:
        operators.insert(0, Operator("Flatten"))
    return operators


def layer_source(placed: PlacedLayer) -> list[str]:
    """PyTorch source for a layer, with its Flatten: an expression per module of the network.

    >>> layer_source(PlacedLayer(0, Dense(10), (1, 8, 8)))
    ['nn.Flatten()', 'nn.Linear(64, 10)']
    """
    lines = [_export(placed).source(placed.layer, placed)]
    if placed.is_flattened:
        lines.insert(0, "nn.Flatten()")
    return lines


def layer_definition(placed: PlacedLayer) -> str:
    """The source of the class that the layer's source uses, empty for none."""
    return _export(placed).definition


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


def _conv_operators(layer: Conv2d, placed: PlacedLayer) -> Sequence[Step]:
    return [Operator("Conv", placed.weights("weight", "bias"), _window(layer))]


def _conv_source(layer: Conv2d, placed: PlacedLayer) -> str:
    return f"nn.Conv2d({placed.input_shape[0]}, {layer.filters}, {_window_source(layer)})"


def _nested(*modules: str) -> str:
    """Modules that the trained network has as one."""
    lines = "".join(f"    {module},\n" for module in modules)
    return f"nn.Sequential(\n{lines})"


def _separable_operators(layer: SeparableConv2d, placed: PlacedLayer) -> Sequence[Step]:
    depthwise = {**_window(layer), "group": placed.input_shape[0]}
    return [
        Operator("Conv", placed.weights("0.weight"), depthwise),
        Operator("Conv", placed.weights("1.weight", "1.bias"), {"kernel_shape": [1, 1]}),
    ]


def _separable_source(layer: SeparableConv2d, placed: PlacedLayer) -> str:
    channels = placed.input_shape[0]
    depthwise = f"nn.Conv2d({channels}, {channels}, {_window_source(layer)}, groups={channels}, bias=False)"
    return _nested(depthwise, f"nn.Conv2d({channels}, {layer.filters}, 1)")


def _padded(size: int, stride: int = 1, group: int = 1) -> dict[str, Any]:
    """The attributes of a convolution padded by half of its kernel."""
    return {
        "kernel_shape": [size] * 2,
        "strides": [stride] * 2,
        "pads": [size // 2] * 4,
        "group": group,
    }


def _inner_conv(
    placed: PlacedLayer,
    conv: str,
    norm: str,
    window: dict[str, Any],
) -> list[Step]:
    """A convolution inside a block and the batch norm after it, by the names of their modules."""
    return [Operator("Conv", placed.weights(f"{conv}.weight"), window), _norm(placed, f"{norm}.")]


def _residual_operators(layer: Residual, placed: PlacedLayer) -> Sequence[Step]:
    straight = [
        *_inner_conv(placed, "conv1", "norm1", _padded(3, layer.stride)),
        Operator("Relu"),
        *_inner_conv(placed, "conv2", "norm2", _padded(3)),
    ]
    shortcut: list[Step] = []
    if not layer.keeps_shape(placed.input_shape[0]):
        shortcut = _inner_conv(placed, "shortcut.0", "shortcut.1", _padded(1, layer.stride))
    return [Join("Add", straight, shortcut), Operator("Relu")]


def _residual_source(layer: Residual, placed: PlacedLayer) -> str:
    channels = placed.input_shape[0]
    if layer.stride == 1:
        return f"Residual({channels}, {layer.filters})"
    return f"Residual({channels}, {layer.filters}, stride={layer.stride})"


_RELU6 = Operator("Clip", constants=(0.0, 6.0))


def _inverted_operators(layer: InvertedResidual, placed: PlacedLayer) -> Sequence[Step]:
    channels = placed.input_shape[0]
    expanded = layer.expanded(channels)
    steps: list[Step] = []
    if layer.expand != 1:
        steps += [*_inner_conv(placed, "expand.0", "expand.1", _padded(1)), _RELU6]
    depthwise = _padded(layer.kernel_size, layer.stride, group=expanded)
    steps += [*_inner_conv(placed, "depthwise.0", "depthwise.1", depthwise), _RELU6]
    if layer.squeeze_excite:
        steps.append(_squeeze_excite(placed))
    steps += _inner_conv(placed, "project.0", "project.1", _padded(1))
    if layer.keeps_shape(channels):
        return [Join("Add", steps)]
    return steps


def _squeeze_excite(placed: PlacedLayer) -> Join:
    point = {"kernel_shape": [1, 1]}
    scale = [
        Operator("GlobalAveragePool"),
        Operator("Conv", placed.weights("squeeze_excite.reduce.weight", "squeeze_excite.reduce.bias"), point),
        Operator("Relu"),
        Operator("Conv", placed.weights("squeeze_excite.expand.weight", "squeeze_excite.expand.bias"), point),
        Operator("HardSigmoid", attributes={"alpha": 1 / 6, "beta": 0.5}),
    ]
    return Join("Mul", (), scale)


def _inverted_source(layer: InvertedResidual, placed: PlacedLayer) -> str:
    arguments = [
        str(placed.input_shape[0]),
        str(layer.filters),
        f"kernel_size={layer.kernel_size}",
        f"expand={layer.expand}",
    ]
    if layer.stride != 1:
        arguments.append(f"stride={layer.stride}")
    if layer.squeeze_excite:
        arguments.append("squeeze_excite=True")
    return f"InvertedResidual({', '.join(arguments)})"


def _pool_operators(operator: str) -> Callable[[MaxPool2d | AvgPool2d, PlacedLayer], Sequence[Step]]:
    def operators(layer: MaxPool2d | AvgPool2d, _placed: PlacedLayer) -> Sequence[Step]:
        window = {"kernel_shape": [layer.size] * 2, "strides": [layer.stride] * 2}
        return [Operator(operator, (), window)]

    return operators


def _global_operators(_layer: GlobalAvgPool2d, _placed: PlacedLayer) -> Sequence[Step]:
    return [Operator("GlobalAveragePool"), Operator("Flatten")]


def _dense_operators(_layer: Dense, placed: PlacedLayer) -> Sequence[Step]:
    return [Operator("Gemm", placed.weights("weight", "bias"), {"transB": 1})]


def _dense_source(layer: Dense, placed: PlacedLayer) -> str:
    return f"nn.Linear({prod(placed.input_shape)}, {layer.units})"


BATCH_NORM_EPSILON = 1e-5
"""PyTorch's default."""


def _norm_operators(_layer: BatchNorm, placed: PlacedLayer) -> Sequence[Step]:
    return [_norm(placed)]


def _norm(placed: PlacedLayer, prefix: str = "") -> Operator:
    """The batch norm of a layer, or of one of its modules, whose weights' names have a prefix."""
    names = [f"{prefix}{name}" for name in ("weight", "bias", "running_mean", "running_var")]
    return Operator("BatchNormalization", placed.weights(*names), {"epsilon": BATCH_NORM_EPSILON})


def _norm_source(_layer: BatchNorm, placed: PlacedLayer) -> str:
    dimensions = len(placed.input_shape) - 1
    return f"nn.BatchNorm{max(dimensions, 1)}d({placed.input_shape[0]})"


_FUNCTION_OPERATORS: dict[Function, Step] = {
    "tanh": Operator("Tanh"),
    "relu": Operator("Relu"),
    "sigmoid": Operator("Sigmoid"),
    "gelu": Operator("Gelu"),
    "silu": Join("Mul", (), [Operator("Sigmoid")]),
}
_FUNCTION_MODULES: dict[Function, str] = {
    "tanh": "Tanh",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "gelu": "GELU",
    "silu": "SiLU",
}


def _activation_operators(layer: Activation, _placed: PlacedLayer) -> Sequence[Step]:
    return [_FUNCTION_OPERATORS[layer.function]]


def _activation_source(layer: Activation, _placed: PlacedLayer) -> str:
    return f"nn.{_FUNCTION_MODULES[layer.function]}()"


def _nothing(_layer: Layer, _placed: PlacedLayer) -> Sequence[Step]:
    return []


LAYER_EXPORTS: dict[type[Layer], LayerExport] = {
    Conv2d: LayerExport(_conv_operators, _conv_source),
    SeparableConv2d: LayerExport(_separable_operators, _separable_source),
    Residual: LayerExport(_residual_operators, _residual_source, RESIDUAL),
    InvertedResidual: LayerExport(_inverted_operators, _inverted_source, INVERTED_RESIDUAL),
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
        lambda _layer, _placed: _nested("nn.AdaptiveAvgPool2d(1)", "nn.Flatten()"),
    ),
    Activation: LayerExport(_activation_operators, _activation_source),
    BatchNorm: LayerExport(_norm_operators, _norm_source),
    Dropout: LayerExport(_nothing, lambda layer, _placed: f"nn.Dropout({layer.rate})"),
}
"""The exports of each layer kind."""
