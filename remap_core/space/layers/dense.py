"""The fully connected layer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import ClassVar, Self

from remap_core.space.layers.appearance import Appearance
from remap_core.space.layers.layer import Kernel, Layer, Shape
from remap_core.space.layers.layer_checks import COUNT_PATTERN, require_counts
from remap_core.space.layers.node_rules import Mass, NodeRule

_LIGHT = NodeRule("fc", mass=Mass.IN_BY_OUT, factor=0.1, group="fc")


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer with bias; flattens an image first.

    >>> Dense(units=64).parameters((32, 6, 6))
    73792
    """

    units: int
    kind: ClassVar[str] = "dense"
    title: ClassVar[str] = "Dense"
    pattern: ClassVar[str] = f"Dense (?P<units>{COUNT_PATTERN})"
    examples: ClassVar = ("Dense 64",)
    offered: ClassVar = MappingProxyType({"units": (16, 64, 128, 256)})
    flattens_images: ClassVar[bool] = True
    appearance: ClassVar = Appearance(colour="#8a2f97", border="#6c1f78", symbol="D", light_symbol=True)
    node_rules: ClassVar = MappingProxyType(
        {"default": _LIGHT, "nasbot": _LIGHT, "remap-2019": NodeRule("fc", mass=Mass.IN_BY_OUT)}
    )

    def __post_init__(self) -> None:
        require_counts(self, "units")

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        return self.units * (prod(shape) + 1)

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        return (Kernel(self.units * prod(shape), self.units),)

    def multiply_adds(self, shape: Shape) -> int:
        return self.units * prod(shape)

    def text(self) -> str:
        return f"{self.title} {self.units}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(units=int(match["units"]))

    @property
    def chip_label(self) -> str:
        return str(self.units)
