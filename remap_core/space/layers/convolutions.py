"""Convolutions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import ClassVar, Literal, Self

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers.appearance import Appearance
from remap_core.space.layers.layer import Kernel, Layer, Shape
from remap_core.space.layers.layer_checks import COUNT_PATTERN, require_counts, require_image, windows
from remap_core.space.layers.node_rules import Mass, NodeRule

_ARGUMENTS = (
    rf"(?P<filters>{COUNT_PATTERN})x(?P<kernel_size>{COUNT_PATTERN})"
    rf"(?: stride (?P<stride>{COUNT_PATTERN}))?"
    r"(?P<same> same)?"
)


@dataclass(frozen=True)
class _Convolution(Layer):
    kernel_size: int
    filters: int
    stride: int = 1
    padding: Literal["valid", "same"] = "valid"
    optional: ClassVar[tuple[str, ...]] = ("stride", "padding")

    def __post_init__(self) -> None:
        require_counts(self, "kernel_size", "filters", "stride")
        if self.padding not in ("valid", "same"):
            raise InvalidArchitecture(f'padding must be "valid" or "same", but got {self.padding!r}.')
        if self.padding == "same" and self.kernel_size % 2 == 0:
            raise InvalidArchitecture(f'padding "same" needs an odd kernel_size, but got {self.kernel_size}.')

    @property
    def margin(self) -> int:
        """Pixels of zeros added on each side."""
        if self.padding == "same":
            return self.kernel_size // 2
        return 0

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = require_image(shape, self.kernel_size, self.margin)
        rows = windows(height, self.kernel_size, self.stride, self.margin)
        columns = windows(width, self.kernel_size, self.stride, self.margin)
        return (self.filters, rows, columns)

    def text(self) -> str:
        words = [f"{self.title} {self.filters}x{self.kernel_size}"]
        if self.stride != 1:
            words.append(f"stride {self.stride}")
        if self.padding == "same":
            words.append("same")
        return " ".join(words)

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        padding: Literal["valid", "same"] = "valid"
        if match["same"]:
            padding = "same"
        return cls(
            kernel_size=int(match["kernel_size"]),
            filters=int(match["filters"]),
            stride=int(match["stride"] or 1),
            padding=padding,
        )

    @property
    def chip_label(self) -> str:
        words = [f"{self.filters} x {self.kernel_size}"]
        if self.stride != 1:
            words.append(f"/{self.stride}")
        if self.padding == "same":
            words.append("same")
        return " ".join(words)


_CONV = NodeRule("conv", "conv", "kernel_size", Mass.IN_BY_OUT, group="conv")
_UNNAMED_CONV = NodeRule("conv", "", "kernel_size", Mass.IN_BY_OUT, group="conv")
_SEPARABLE = NodeRule("conv", "separable", "kernel_size", Mass.IN_BY_OUT, group="conv")


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
    pattern: ClassVar[str] = f"Conv {_ARGUMENTS}"
    examples: ClassVar = ("Conv 32x3",)
    offered: ClassVar = MappingProxyType(
        {
            "kernel_size": (1, 3, 5),
            "filters": (16, 32, 64, 128),
            "stride": (1, 2),
            "padding": ("valid", "same"),
        }
    )
    appearance: ClassVar = Appearance(colour="#5b8def", border="#3f6ccb", symbol="C")
    node_rules: ClassVar = MappingProxyType({"default": _CONV, "nasbot": _CONV, "remap-2019": _UNNAMED_CONV})

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel_size**2 + 1)

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        return (Kernel(self.filters * shape[0] * self.kernel_size**2, self.filters),)

    def multiply_adds(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)) * shape[0] * self.kernel_size**2


@dataclass(frozen=True)
class SeparableConv2d(_Convolution):
    """Depthwise-separable convolution: one kernel per channel, without bias, then a Conv 1 x 1 with bias.

    Stride and padding belong to the depthwise part. Source: Chollet, Xception (CVPR 2017); Howard et al.,
    MobileNets (2017).

    >>> SeparableConv2d(kernel_size=3, filters=32).parameters((16, 28, 28))
    688
    """

    kind: ClassVar[str] = "separable_conv2d"
    title: ClassVar[str] = "SepConv"
    pattern: ClassVar[str] = f"SepConv {_ARGUMENTS}"
    examples: ClassVar = ("SepConv 32x3 stride 2 same",)
    offered: ClassVar = MappingProxyType(
        {
            "kernel_size": (3, 5),
            "filters": (16, 32, 64, 128),
            "stride": (1, 2),
            "padding": ("same",),
        }
    )
    appearance: ClassVar = Appearance(colour="#1a35d6", border="#12259c", symbol="S", light_symbol=True)
    node_rules: ClassVar = MappingProxyType({"default": _SEPARABLE, "nasbot": _SEPARABLE, "remap-2019": _SEPARABLE})

    def parameters(self, shape: Shape) -> int:
        return shape[0] * self.kernel_size**2 + self.filters * (shape[0] + 1)

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        channels = shape[0]
        return Kernel(channels * self.kernel_size**2, channels), Kernel(channels * self.filters, self.filters)

    def multiply_adds(self, shape: Shape) -> int:
        _, height, width = self.output_shape(shape)
        return height * width * shape[0] * (self.kernel_size**2 + self.filters)
