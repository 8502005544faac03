"""Pools: windows of an image, or all of it, become one value per channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

from remap_core.space.layers.appearance import Appearance
from remap_core.space.layers.layer import Layer, Shape
from remap_core.space.layers.layer_checks import COUNT_PATTERN, require_counts, require_image, windows
from remap_core.space.layers.node_rules import NodeRule

_ARGUMENTS = rf"(?P<size>{COUNT_PATTERN})(?: stride (?P<stride>{COUNT_PATTERN}))?"
_DEFAULT_STRIDE = 2


@dataclass(frozen=True)
class _Pool(Layer):
    size: int
    stride: int = _DEFAULT_STRIDE
    offered: ClassVar = MappingProxyType({"size": (2, 3, 5), "stride": (2,)})

    def __post_init__(self) -> None:
        require_counts(self, "size", "stride")

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = require_image(shape, self.size)
        return (channels, windows(height, self.size, self.stride), windows(width, self.size, self.stride))

    def text(self) -> str:
        if self.stride == _DEFAULT_STRIDE:
            return f"{self.title} {self.size}"
        return f"{self.title} {self.size} stride {self.stride}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(size=int(match["size"]), stride=int(match["stride"] or _DEFAULT_STRIDE))

    @property
    def chip_label(self) -> str:
        if self.stride == _DEFAULT_STRIDE:
            return f"{self.size}"
        return f"{self.size} /{self.stride}"


_SIZED = NodeRule("pool", "", "size")
_MAX = NodeRule("pool", "max", group="pool")
_AVERAGE = NodeRule("pool", "average", group="pool")
_GLOBAL = NodeRule("pool", "global average", group="pool")


@dataclass(frozen=True)
class MaxPool2d(_Pool):
    """Largest value of each `size` x `size` window; no padding.

    >>> MaxPool2d(size=2).output_shape((32, 13, 13))
    (32, 6, 6)
    """

    kind: ClassVar[str] = "max_pool2d"
    title: ClassVar[str] = "MaxPool"
    pattern: ClassVar[str] = f"MaxPool {_ARGUMENTS}"
    examples: ClassVar = ("MaxPool 2",)
    is_linear: ClassVar[bool] = False
    appearance: ClassVar = Appearance(colour="#12693a", border="#0c4f2b", symbol="M", light_symbol=True)
    node_rules: ClassVar = MappingProxyType({"default": _MAX, "nasbot": _MAX, "remap-2019": _SIZED})


@dataclass(frozen=True)
class AvgPool2d(_Pool):
    """Mean of each `size` x `size` window; no padding."""

    kind: ClassVar[str] = "avg_pool2d"
    title: ClassVar[str] = "AvgPool"
    pattern: ClassVar[str] = f"AvgPool {_ARGUMENTS}"
    examples: ClassVar = ("AvgPool 2",)
    appearance: ClassVar = Appearance(colour="#57cfa0", border="#33a77a", symbol="A")
    node_rules: ClassVar = MappingProxyType({"default": _AVERAGE, "nasbot": _AVERAGE, "remap-2019": _SIZED})


@dataclass(frozen=True)
class GlobalAvgPool2d(Layer):
    """Mean of each channel: an image becomes a vector. Source: Lin et al., Network in Network (2014).

    >>> GlobalAvgPool2d().output_shape((32, 7, 7))
    (32,)
    """

    kind: ClassVar[str] = "global_avg_pool2d"
    title: ClassVar[str] = "GlobalAvgPool"
    pattern: ClassVar[str] = "GlobalAvgPool"
    examples: ClassVar = ("GlobalAvgPool",)
    appearance: ClassVar = Appearance(colour="#9c9048", border="#776d31", symbol="G")
    node_rules: ClassVar = MappingProxyType(
        {"default": _GLOBAL, "nasbot": _GLOBAL, "remap-2019": NodeRule("global pool")}
    )

    def output_shape(self, shape: Shape) -> Shape:
        channels, _, _ = require_image(shape)
        return (channels,)

    @property
    def chip_label(self) -> str:
        return "global"
