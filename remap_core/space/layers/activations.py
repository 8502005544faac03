"""Activations: element-wise nonlinear functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import erf, exp, sqrt, tanh
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers.appearance import Appearance, Glyph, Polyline
from remap_core.space.layers.layer import Layer, Shape
from remap_core.space.layers.node_rules import Mass, NodeRule

Function = Literal["tanh", "relu", "sigmoid", "gelu", "silu"]
FUNCTIONS: tuple[Function, ...] = ("tanh", "relu", "sigmoid", "gelu", "silu")
FUNCTION_NAMES = MappingProxyType(
    {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "GELU", "silu": "SiLU"}
)
"""Names of the functions for people."""


def _s_curve(top: float, bottom: float) -> Polyline:
    steps = 12
    points = []
    for step in range(steps + 1):
        x = step / steps
        rise = (1 + tanh(2.6 * (2 * x - 1))) / 2
        points.append((x, bottom + (top - bottom) * rise))
    return tuple(points)


def _dipping_curve(function: Callable[[float], float]) -> Polyline:
    """A function on -3.3 .. 2.7, with its zero at 0.2 of the height and 0.55 of the width."""
    steps = 16
    points = []
    for step in range(steps + 1):
        x = step / steps
        points.append((x, 0.2 + 0.28 * function(6 * x - 3.3)))
    return tuple(points)


def _gelu(x: float) -> float:
    return x * (1 + erf(x / sqrt(2))) / 2


def _silu(x: float) -> float:
    return x / (1 + exp(-x))


GLYPHS: Mapping[str, Glyph] = MappingProxyType(
    {
        "tanh": (
            _s_curve(top=1.0, bottom=0.0),
            ((0.0, 0.5), (1.0, 0.5)),
            ((0.5, 0.0), (0.5, 1.0)),
        ),
        "relu": (((0.0, 0.12), (0.45, 0.12), (1.0, 0.95)),),
        "sigmoid": (_s_curve(top=1.0, bottom=0.16), ((0.0, 0.0), (1.0, 0.0))),
        "gelu": (_dipping_curve(_gelu), ((0.55, 0.0), (0.55, 1.0))),
        "silu": (_dipping_curve(_silu), ((0.0, 0.2), (1.0, 0.2))),
    }
)
"""Tanh passes through the crossing of its axes, the sigmoid stays above its axis, and ReLU is a corner. GELU and SiLU
dip below zero before they rise: GELU (short and deep) has the vertical axis, SiLU (long and flat) the horizontal one.
"""


@dataclass(frozen=True)
class Activation(Layer):
    """An element-wise nonlinear function."""

    function: Function
    kind: ClassVar[str] = "activation"
    title: ClassVar[str] = "Activation"
    pattern: ClassVar[str] = f"(?P<function>{'|'.join(FUNCTIONS)})"
    examples: ClassVar = tuple(FUNCTION_NAMES.values())
    offered: ClassVar = MappingProxyType({"function": FUNCTIONS})
    is_linear: ClassVar[bool] = False
    works_in_place: ClassVar[bool] = True
    appearance: ClassVar = Appearance(colour="#f2c62f", border="#c79c0f")
    node_rules: ClassVar = MappingProxyType(
        {
            "default": NodeRule("activation", "", "function"),
            "nasbot": None,
            "remap-2019": NodeRule("activation", "", "function", Mass.IN_BY_IN),
        }
    )

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise InvalidArchitecture(f"function must be one of {', '.join(FUNCTIONS)}, but got {self.function!r}.")

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def text(self) -> str:
        return FUNCTION_NAMES[self.function]

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        function: Any = match["function"].lower()
        return cls(function)

    @property
    def symbol(self) -> str:
        return self.function

    @property
    def glyph(self) -> Glyph:
        return GLYPHS[self.function]
