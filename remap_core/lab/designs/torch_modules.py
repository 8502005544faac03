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

Padding = Literal["valid", "same"]


class Unreadable(Exception):
    """Why a module is no layer of a design: the end of a sentence."""


def is_torch(module: object) -> bool:
    """Whether the module's class is PyTorch's own, and does what its name says."""
    return type(module).__module__.partition(".")[0] == "torch"


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
        if type(module).__name__ != "Conv2d" or not is_torch(module):
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
    if _edge("dilation", module.dilation) != 1:
        raise Unreadable("it has a dilation")
    if module.return_indices:
        raise Unreadable("it returns indices, too")
    return MaxPool2d(*_pool(module))


def _avg_pool(module: Any, _: Shape) -> Layer:
    if module.divisor_override is not None:
        raise Unreadable("it sets divisor_override")
    return AvgPool2d(*_pool(module))


def _pool(module: Any) -> tuple[int, int]:
    if _edge("padding", module.padding) != 0:
        raise Unreadable("it pads its input")
    if module.ceil_mode:
        raise Unreadable("it has ceil_mode=True")
    return _edge("kernel_size", module.kernel_size), _edge("stride", module.stride)


def _global_pool(module: Any, _: Shape) -> Layer:
    size = module.output_size
    if size not in (1, (1, 1)):
        raise Unreadable(f"it puts out {size}, and a design knows 1")
    return GlobalAvgPool2d()


def _batch_norm(module: Any, _: Shape) -> Layer:
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


READERS: Mapping[str, Callable[[Any, Shape], Layer | None]] = MappingProxyType(
    {
        "Conv2d": read_conv,
        "MaxPool2d": _max_pool,
        "AvgPool2d": _avg_pool,
        "AdaptiveAvgPool2d": _global_pool,
        "Linear": read_dense,
        "BatchNorm1d": _batch_norm,
        "BatchNorm2d": _batch_norm,
        "Dropout": _dropout,
        "ReLU": _activation("relu"),
        "Tanh": _activation("tanh"),
        "Sigmoid": _activation("sigmoid"),
        "SiLU": _activation("silu"),
        "GELU": _gelu,
        "Identity": lambda _, __: None,
    }
)
"""What reads a module of a class: its layer, or None where it does nothing. Takes the module and its input's shape."""


def _window(module: Any, shape: Shape) -> tuple[int, int, Padding]:
    """Kernel size, stride and padding of a convolution."""
    takes = module.in_channels
    channels = shape[0]
    if takes != channels:
        raise Unreadable(f"it takes {takes} channels, but {channels} come in")
    if module.padding_mode != "zeros":
        raise Unreadable(f"it has padding_mode={module.padding_mode!r}")
    if _edge("dilation", module.dilation) != 1:
        raise Unreadable("it has a dilation")
    kernel = _edge("kernel_size", module.kernel_size)
    stride = _edge("stride", module.stride)
    return kernel, stride, _padding(module.padding, kernel)


def _padding(padding: Any, kernel: int) -> Padding:
    if padding == "same":
        if kernel % 2 == 0:
            raise Unreadable(f'padding="same" needs an odd kernel, but it is {kernel}')
        return "same"
    if padding == "valid":
        return "valid"
    margin = _edge("padding", padding)
    if margin == 0:
        return "valid"
    if kernel != 2 * margin + 1:
        raise Unreadable(f"it has padding={margin}, and a design knows none, or half of an odd kernel")
    return "same"


def _window_is(module: Any, kernel: int, stride: int) -> bool:
    if module.kernel_size != (kernel, kernel) or module.stride != (stride, stride):
        return False
    return bool(module.padding == (0, 0) and module.dilation == (1, 1))


def _edge(name: str, size: Any) -> int:
    """One number for height and width."""
    if isinstance(size, int):
        return size
    height, width = size
    if height != width:
        raise Unreadable(f"it has {name}={tuple(size)}, and a design knows squares")
    return int(height)
