"""The layer kinds. A layer is one frozen value that knows its output shape, parameters and multiply-adds.

To add a kind: write its class here, list it in `KINDS`, and add it to `tests/space/test_layers.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import prod
from typing import Any, ClassVar, Literal

from remap_core.errors import InvalidArchitecture

Shape = tuple[int, ...]
"""(channels, height, width) of an image, or (features,) of a vector."""

Function = Literal["tanh", "relu", "sigmoid", "gelu", "silu"]
FUNCTIONS: tuple[Function, ...] = ("tanh", "relu", "sigmoid", "gelu", "silu")


class Layer(ABC):
    """One configured layer of a chain. Subclasses are frozen dataclasses; equal values are the same layer."""

    kind: ClassVar[str]
    title: ClassVar[str]
    """The kind for a person."""

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Shape of one example after this layer; raises InvalidArchitecture where `shape` does not fit."""

    def parameters(self, shape: Shape) -> int:
        """Count of weights and biases, given the input `shape`."""
        return 0

    def multiply_adds(self, shape: Shape) -> int:
        """Multiply-accumulate operations of products with weights for one example, given the input `shape`.

        Biases and what is done to each value by itself (activations, batch norm) are not counted.
        """
        return 0

    def to_json(self) -> dict[str, Any]:
        """The public JSON form: the kind, then every hyperparameter that is not an optional default."""
        optional = OPTIONAL.get(self.kind, ())
        values = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}  # type: ignore[arg-type]
        kept = {name: value for name, (value, default) in values.items() if name not in optional or value != default}
        return {"kind": self.kind, **kept}


@dataclass(frozen=True)
class _Convolution(Layer):
    kernel_size: int
    filters: int
    stride: int = 1
    padding: Literal["valid", "same"] = "valid"

    def __post_init__(self) -> None:
        for name in ("kernel_size", "filters", "stride"):
            _require_count(self, name)
        if self.padding not in ("valid", "same"):
            raise InvalidArchitecture(f'padding must be "valid" or "same", but got {self.padding!r}.')
        if self.padding == "same" and self.kernel_size % 2 == 0:
            raise InvalidArchitecture(f'padding "same" needs an odd kernel_size, but got {self.kernel_size}.')

    @property
    def margin(self) -> int:
        """Pixels of zeros added on each side."""
        return self.kernel_size // 2 if self.padding == "same" else 0

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = _require_image(shape, self.kernel_size, self.margin)
        return (self.filters, *_window(height, width, self.kernel_size, self.stride, self.margin))


@dataclass(frozen=True)
class Conv2d(_Convolution):
    """Two-dimensional convolution with bias. Padding "same" pads by kernel_size // 2 and needs an odd kernel.

    >>> Conv2d(kernel_size=3, filters=32).output_shape((1, 28, 28))
    (32, 26, 26)
    >>> Conv2d(kernel_size=3, filters=32).parameters((1, 28, 28))
    320
    """

    kind: ClassVar[str] = "conv2d"
    title: ClassVar[str] = "Conv"

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel_size**2 + 1)

    def multiply_adds(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * shape[0] * self.kernel_size**2


@dataclass(frozen=True)
class SeparableConv2d(_Convolution):
    """Depthwise-separable convolution: a kernel for each channel, without bias, then a Conv 1 x 1 with bias.

    Stride and padding are the first one's. Source: Chollet, Xception (CVPR 2017); Howard et al., MobileNets (2017).

    >>> SeparableConv2d(kernel_size=3, filters=32).parameters((16, 28, 28))
    688
    """

    kind: ClassVar[str] = "separable_conv2d"
    title: ClassVar[str] = "SepConv"

    def parameters(self, shape: Shape) -> int:
        return shape[0] * self.kernel_size**2 + self.filters * (shape[0] + 1)

    def multiply_adds(self, shape: Shape) -> int:
        _, height, width = self.output_shape(shape)
        return height * width * shape[0] * (self.kernel_size**2 + self.filters)


@dataclass(frozen=True)
class _Pool(Layer):
    size: int
    stride: int = 2

    def __post_init__(self) -> None:
        for name in ("size", "stride"):
            _require_count(self, name)

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = _require_image(shape, self.size)
        return (channels, *_window(height, width, self.size, self.stride))


@dataclass(frozen=True)
class MaxPool2d(_Pool):
    """Largest value of each `size` x `size` window; no padding.

    >>> MaxPool2d(size=2).output_shape((32, 13, 13))
    (32, 6, 6)
    """

    kind: ClassVar[str] = "max_pool2d"
    title: ClassVar[str] = "MaxPool"


@dataclass(frozen=True)
class AvgPool2d(_Pool):
    """Mean of each `size` x `size` window; no padding."""

    kind: ClassVar[str] = "avg_pool2d"
    title: ClassVar[str] = "AvgPool"


@dataclass(frozen=True)
class GlobalAvgPool2d(Layer):
    """Mean of each channel: an image becomes a vector. Source: Lin et al., Network in Network (2014).

    >>> GlobalAvgPool2d().output_shape((32, 7, 7))
    (32,)
    """

    kind: ClassVar[str] = "global_avg_pool2d"
    title: ClassVar[str] = "GlobalAvgPool"

    def output_shape(self, shape: Shape) -> Shape:
        return _require_image(shape, 1)[:1]


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer with bias; flattens an image first.

    >>> Dense(units=64).parameters((32, 6, 6))
    73792
    """

    units: int
    kind: ClassVar[str] = "dense"
    title: ClassVar[str] = "Dense"

    def __post_init__(self) -> None:
        _require_count(self, "units")

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        return self.units * (prod(shape) + 1)

    def multiply_adds(self, shape: Shape) -> int:
        return self.units * prod(shape)


@dataclass(frozen=True)
class Activation(Layer):
    """An element-wise nonlinearity."""

    function: Function
    kind: ClassVar[str] = "activation"
    title: ClassVar[str] = "Activation"

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise InvalidArchitecture(f"function must be one of {', '.join(FUNCTIONS)}, but got {self.function!r}.")

    def output_shape(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each channel (each unit of a vector) is brought to mean 0 and variance 1, then scaled and shifted as learnt.

    By the batch's statistics while training, by their running means in evaluation. Source: Ioffe and Szegedy (2015).

    >>> BatchNorm().parameters((32, 7, 7))
    64
    """

    kind: ClassVar[str] = "batch_norm"
    title: ClassVar[str] = "BatchNorm"

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        return 2 * shape[0]


@dataclass(frozen=True)
class Dropout(Layer):
    """Zeroes each value with probability `rate` while training, and does nothing in evaluation."""

    rate: float
    kind: ClassVar[str] = "dropout"
    title: ClassVar[str] = "Dropout"

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 < self.rate < 1:
            raise InvalidArchitecture(f"0 < rate < 1 must hold, but got rate={self.rate!r}.")
        object.__setattr__(self, "rate", float(self.rate))

    def output_shape(self, shape: Shape) -> Shape:
        return shape


KINDS: dict[str, type[Layer]] = {
    cls.kind: cls
    for cls in (
        Conv2d,
        SeparableConv2d,
        MaxPool2d,
        AvgPool2d,
        GlobalAvgPool2d,
        Dense,
        Activation,
        BatchNorm,
        Dropout,
    )
}
OPTIONAL: dict[str, tuple[str, ...]] = dict.fromkeys(("conv2d", "separable_conv2d"), ("stride", "padding"))
"""Hyperparameters that the JSON form leaves out where they have their default value."""


def layer_from_json(form: object) -> Layer:
    """The layer of one JSON object; raises InvalidArchitecture naming what is unknown, missing or out of range.

    >>> layer_from_json({"kind": "dense", "units": 64})
    Dense(units=64)
    """
    if not isinstance(form, Mapping):
        raise InvalidArchitecture(f'a layer must be an object with a "kind", but got {_short(form)}.')
    kind = form.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidArchitecture(f"kind must be one of {', '.join(KINDS)}, but got {_short(kind)}.")
    cls = KINDS[kind]
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    unknown = [name for name in form if name not in known and name != "kind"]
    if unknown:
        takes = ", ".join(known) or "nothing"
        raise InvalidArchitecture(f"{kind} takes {takes}, but got {', '.join(map(_short, unknown))}.")
    needed = [name for name in known if name not in OPTIONAL.get(kind, ()) and name not in form]
    if needed:
        raise InvalidArchitecture(f"{kind} needs {', '.join(needed)}.")
    return cls(**{name: value for name, value in form.items() if name != "kind"})


def _require_count(layer: Layer, name: str) -> None:
    value = getattr(layer, name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidArchitecture(f"{name} must be a whole number of at least 1, but got {_short(value)}.")


def _require_image(shape: Shape, window: int, margin: int = 0) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise InvalidArchitecture(
            f"it needs an image, but its input is a vector of {shape[0]} (after a Dense or GlobalAvgPool)."
        )
    channels, height, width = shape
    if window > min(height, width) + 2 * margin:
        raise InvalidArchitecture(
            f"its {window} x {window} window must fit into its input, but that is {height} x {width}."
        )
    return channels, height, width


def _window(height: int, width: int, size: int, stride: int, margin: int = 0) -> tuple[int, int]:
    return (height + 2 * margin - size) // stride + 1, (width + 2 * margin - size) // stride + 1


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
