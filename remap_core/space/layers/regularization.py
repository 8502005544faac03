"""Layers that make training steadier, or models less dependent on single values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers.appearance import Appearance
from remap_core.space.layers.layer import Kernel, Layer, Shape
from remap_core.space.layers.node_rules import Mass, NodeRule

_NORM = NodeRule("batch norm")
_NUMBER = r"(?:\d{1,20}\.?\d{0,30}|\.\d{1,30})(?:e-?\d{1,3})?"


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each channel (each unit of a vector) is normalized to mean 0 and variance 1, then scaled and shifted by weights.

    Mean and variance are the batch's in training and running means in evaluation. Source: Ioffe and Szegedy (2015).

    >>> BatchNorm().parameters((32, 7, 7))
    64
    """

    kind: ClassVar[str] = "batch_norm"
    title: ClassVar[str] = "BatchNorm"
    pattern: ClassVar[str] = "BatchNorm"
    examples: ClassVar = ("BatchNorm",)
    uses_batch_statistics: ClassVar[bool] = True
    works_in_place: ClassVar[bool] = True
    appearance: ClassVar = Appearance(colour="#cc549c", border="#a23a79", symbol="B")
    node_rules: ClassVar = MappingProxyType({"default": _NORM, "nasbot": None, "remap-2019": _NORM})

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        return 2 * shape[0]

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        return (Kernel(shape[0], shape[0]),)

    @property
    def chip_label(self) -> str:
        return "norm"


@dataclass(frozen=True)
class Dropout(Layer):
    """Zeroes each value with probability `rate` in training, and does nothing in evaluation."""

    rate: float
    kind: ClassVar[str] = "dropout"
    title: ClassVar[str] = "Dropout"
    pattern: ClassVar[str] = f"Dropout (?P<rate>{_NUMBER})"
    examples: ClassVar = ("Dropout 0.25",)
    works_in_place: ClassVar[bool] = True
    offered: ClassVar = MappingProxyType({"rate": tuple(eighths / 8 for eighths in range(1, 8))})
    appearance: ClassVar = Appearance(colour="#bfc9e4", border="#4d5a7a", dotted=True)
    node_rules: ClassVar = MappingProxyType(
        {
            "default": NodeRule("dropout"),
            "nasbot": None,
            "remap-2019": NodeRule("dropout", mass=Mass.IN_BY_IN),
        }
    )

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 < self.rate < 1:
            raise InvalidArchitecture(f"0 < rate < 1 must hold, but got rate={self.rate!r}.")
        object.__setattr__(self, "rate", float(self.rate))

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def text(self) -> str:
        return f"{self.title} {self.rate!r}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(rate=float(match["rate"]))

    @property
    def chip_label(self) -> str:
        return f"{self.rate:.3g}"
