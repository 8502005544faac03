"""PyTorch modules as layers, by the names of their classes and their attributes: torch itself is not imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any, Literal

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

EPSILON, MOMENTUM = 1e-5, 0.1
"""PyTorch's defaults of a batch norm: the only ones that a design has."""

TRAINED = "remap_core.training.network."
"""The package of the modules of which REMAP builds networks."""

Padding = Literal["valid", "same"]
Reader = Callable[[Any, Shape], Layer | None]
"""Reads a module: its layer, or None where it does nothing. Takes the module and its input's shape."""


class Unreadable(Exception):
    """Why a module is no layer of a design: the end of a sentence."""


def is_known(module: object) -> bool:
    """Whether the module's class is PyTorch's own or one that REMAP trains, and so does what its name says."""
    name = type(module).__module__
    return name.partition(".")[0] == "torch" or name.startswith(TRAINED)


def read_conv(module: Any, shape: Shape) -> Layer:
    """An nn.Conv2d that looks at all channels."""
    if module.groups != 1:
        raise Unreadable(f"it has groups={module.groups}, and a design knows 1, or a separable convolution")
    if module.bias is None:
        raise Unreadable("it has no bias")
    kernel, stride, padding = _window(module, shape)
    return Conv2d(kernel, module.out_channels, stride, padding)


def read_separable(depthwise: Any, pointwise: Any, shape: Shape) -> Layer:
    """An nn.Conv2d for each channel, followed by an nn.Conv2d of 1 x 1."""
    kernel, stride, padding = _window(depthwise, shape)
    return SeparableConv2d(kernel, pointwise.out_channels, stride, padding)


def is_separable(depthwise: Any, pointwise: Any) -> bool:
    """Whether two modules in a row are one separable convolution."""
    for module in (depthwise, pointwise):
        if type(module).__name__ != "Conv2d" or not is_known(module):
            return False
    channels = depthwise.in_channels
    is_depthwise = depthwise.groups == channels == depthwise.out_channels and depthwise.bias is None
    plain = pointwise.groups == 1 and pointwise.bias is not None
    return is_depthwise and plain and _window_is(pointwise, kernel=1, stride=1)


def read_dense(module: Any, shape: Shape) -> Layer:
    """An nn.Linear, on a vector or behind an nn.Flatten."""
    features = prod(shape)
    takes = module.in_features
    if module.bias is None:
        raise Unreadable("it has no bias")
    if takes != features:
        raise Unreadable(f"it takes {takes} values, but {features} come in")
    return Dense(module.out_features)


def _max_pool(module: Any, _: Shape) -> Layer:
    if hasattr(module, "window"):  # one that REMAP trains
        return MaxPool2d(module.window, module.stride)
    if edge("dilation", module.dilation) != 1:
        raise Unreadable("it has a dilation")
    if module.return_indices:
        raise Unreadable("it returns indices, too")
    return MaxPool2d(*_pool(module))


def _avg_pool(module: Any, _: Shape) -> Layer:
    if hasattr(module, "window"):
        return AvgPool2d(module.window, module.stride)
    if module.divisor_override is not None:
        raise Unreadable("it sets divisor_override")
    return AvgPool2d(*_pool(module))


def _pool(module: Any) -> tuple[int, int]:
    if edge("padding", module.padding) != 0:
        raise Unreadable("it pads its input")
    if module.ceil_mode:
        raise Unreadable("it has ceil_mode=True")
    return edge("kernel_size", module.kernel_size), edge("stride", module.stride)


def _global_pool(module: Any, _: Shape) -> Layer:
    size = module.output_size
    if size not in (1, (1, 1)):
        raise Unreadable(f"it puts out {size}, and a design knows 1")
    return GlobalAvgPool2d()


def read_batch_norm(module: Any, _: Shape) -> Layer:
    """A batch norm with PyTorch's defaults."""
    if not module.affine:
        raise Unreadable("it has affine=False")
    if not module.track_running_stats:
        raise Unreadable("it has track_running_stats=False")
    if module.eps != EPSILON or module.momentum != MOMENTUM:
        raise Unreadable("its eps or momentum is not PyTorch's default")
    return BatchNorm()


def _dropout(module: Any, _: Shape) -> Layer | None:
    if module.p == 0:
        return None
    if module.p >= 1:
        raise Unreadable(f"it has p={module.p}, which must be below 1")
    return Dropout(module.p)


def _gelu(module: Any, _: Shape) -> Layer:
    if module.approximate != "none":
        raise Unreadable(f"it has approximate={module.approximate!r}")
    return Activation("gelu")


def _activation(function: Function) -> Callable[[Any, Shape], Layer]:
    return lambda _, __: Activation(function)


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "Conv2d": read_conv,
        "MaxPool2d": _max_pool,
        "AvgPool2d": _avg_pool,
        "AdaptiveAvgPool2d": _global_pool,
        "GlobalAvgPool2d": lambda _, __: GlobalAvgPool2d(),
        "Linear": read_dense,
        "FlatLinear": read_dense,
        "BatchNorm1d": read_batch_norm,
        "BatchNorm2d": read_batch_norm,
        "Dropout": _dropout,
        "ReLU": _activation("relu"),
        "Tanh": _activation("tanh"),
        "Sigmoid": _activation("sigmoid"),
        "SiLU": _activation("silu"),
        "GELU": _gelu,
        "Identity": lambda _, __: None,
    }
)
"""What reads a module of a class."""


def _window(module: Any, shape: Shape) -> tuple[int, int, Padding]:
    """Kernel size, stride and padding of a convolution."""
    takes = module.in_channels
    channels = shape[0]
    if takes != channels:
        raise Unreadable(f"it takes {takes} channels, but {channels} come in")
    if module.padding_mode != "zeros":
        raise Unreadable(f"it has padding_mode={module.padding_mode!r}")
    if edge("dilation", module.dilation) != 1:
        raise Unreadable("it has a dilation")
    kernel = edge("kernel_size", module.kernel_size)
    stride = edge("stride", module.stride)
    return kernel, stride, _padding(module.padding, kernel)


def _padding(padding: Any, kernel: int) -> Padding:
    if padding == "same":
        if kernel % 2 == 0:
            raise Unreadable(f'padding="same" needs an odd kernel, but it is {kernel}')
        return "same"
    if padding == "valid":
        return "valid"
    margin = edge("padding", padding)
    if margin == 0:
        return "valid"
    if kernel != 2 * margin + 1:
        raise Unreadable(f"it has padding={margin}, and a design knows none, or half of an odd kernel")
    return "same"


def _window_is(module: Any, kernel: int, stride: int) -> bool:
    if module.kernel_size != (kernel, kernel) or module.stride != (stride, stride):
        return False
    return bool(module.padding == (0, 0) and module.dilation == (1, 1))


def edge(name: str, size: Any) -> int:
    """One number for height and width; raises Unreadable where they differ."""
    if isinstance(size, int):
        return size
    height, width = size
    if height != width:
        raise Unreadable(f"it has {name}={tuple(size)}, and a design knows squares")
    return int(height)
