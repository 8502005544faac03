"""Conventions of OTMANN: which layers are nodes, what they weigh, and which may be matched at what cost.

Sources: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018);
Cashman et al., Ablate, Variate, and Contemplate (TVCG 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from math import inf, sqrt
from numbers import Real
from typing import NamedTuple

from remap_core.errors import InvalidDistances
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    Layer,
    MaxPool2d,
    SeparableConv2d,
)

GROUPS = ("conv", "pool", "fc")
"""Groups of layers that the structural cost counts on the way from the input and to the output."""


class Label(NamedTuple):
    """What a node is. Only nodes of one family can be matched; equal labels match at no cost."""

    family: str
    name: str = ""
    value: float | str = ""


class Mass(Enum):
    """What a layer's mass is proportional to, in channels (units, after a dense layer)."""

    IN = "channels in"
    IN_BY_IN = "channels in, squared"
    IN_BY_OUT = "channels in x channels out"

    def of(self, channels_in: int, channels_out: int) -> int:
        """The product itself."""
        factors = {Mass.IN: 1, Mass.IN_BY_IN: channels_in, Mass.IN_BY_OUT: channels_out}
        return channels_in * factors[self]


@dataclass(frozen=True)
class NodeRule:
    """How a layer kind becomes a node: `family` and `name` go into its label, and the value of `hyperparameter`.

    Its mass is `factor` x `mass`; `group` is the one of GROUPS that counts it, empty for none.
    """

    family: str
    name: str = ""
    hyperparameter: str = ""
    mass: Mass = Mass.IN
    factor: float = 1.0
    group: str = ""

    def label(self, layer: Layer) -> Label:
        """The node's label."""
        return Label(self.family, self.name, getattr(layer, self.hyperparameter) if self.hyperparameter else "")


Mismatch = Callable[[Label, Label], float]
"""Cost (symmetric, per unit of mass, 0 to infinite) of matching two different labels of one family."""


@dataclass(frozen=True, eq=False)
class Convention:
    """One way of reading an architecture as nodes with masses and labels.

    nodes: for each layer kind its rule, or None where the kind is no node.
    mismatches: for each family with more than one label, the cost of matching two different ones; elsewhere infinite.
    nu, normalised: the usual weight of the structural cost, and whether the distance usually is dbar = d / total mass.
    """

    name: str
    nodes: Mapping[type[Layer], NodeRule | None]
    mismatches: Mapping[str, Mismatch]
    nu: float
    normalised: bool

    def rule(self, layer: Layer) -> NodeRule | None:
        """The rule of a layer; raises InvalidDistances for a kind that the convention does not know."""
        try:
            return self.nodes[type(layer)]
        except KeyError:
            raise InvalidDistances(
                f"Convention {self.name} says nothing about {type(layer).__name__} layers."
            ) from None

    def structural_weight(self, nu: float | None) -> float:
        """The given nu, or the convention's own for None; raises InvalidDistances below 0 or where it is not finite."""
        weight = self.nu if nu is None else nu
        if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 <= weight < inf:
            raise InvalidDistances(f"0 <= nu < infinity must hold, but got nu={nu!r}.")
        return float(weight)

    def mismatch(self, one: Label, other: Label) -> float:
        """Cost per unit of mass of matching two labels; 0 where they are equal.

        >>> NASBOT.mismatch(Label("pool", "max"), Label("pool", "average"))
        0.5
        """
        if one == other:
            return 0.0
        if one.family != other.family or one.family not in self.mismatches:
            return inf
        return self.mismatches[one.family](one, other)


def _table(costs: Mapping[tuple[int, int], float] | Mapping[tuple[str, str], float]) -> Mismatch:
    """By the two values; another kind of convolution (its name) is 0.1 more."""
    both = {frozenset(pair): cost for pair, cost in costs.items()}

    def mismatch(one: Label, other: Label) -> float:
        cost = 0.0 if one.value == other.value else both.get(frozenset((one.value, other.value)), inf)
        return cost + _ANOTHER_KIND * (one.name != other.name)

    return mismatch


def _half(_one: Label, _other: Label) -> float:
    return 0.5


def _kernels(one: Label, other: Label) -> float:
    """Kernel sizes by the square root of their difference; another kind of convolution (its name) is 0.1 more."""
    return sqrt(2) / 10 * sqrt(abs(float(one.value) - float(other.value))) + _ANOTHER_KIND * (one.name != other.name)


_ANOTHER_KIND = 0.1
_SIZES = {(1, 3): 0.2, (3, 5): 0.2, (1, 5): 0.3}
_WINDOWS = {(2, 3): 0.2, (3, 5): 0.2, (2, 5): 0.3}
_FUNCTIONS = {("tanh", "sigmoid"): 0.1, ("tanh", "relu"): 0.25, ("sigmoid", "relu"): 0.25}
_LIKE_RELU = {
    **dict.fromkeys((("relu", "gelu"), ("relu", "silu"), ("gelu", "silu")), 0.1),
    **dict.fromkeys(product(("tanh", "sigmoid"), ("gelu", "silu")), 0.25),
}
"""Ours: GELU and SiLU are ReLUs with a round corner, as far from it as tanh from sigmoid."""

REMAP_2019 = Convention(
    name="remap-2019",
    nodes={
        Conv2d: NodeRule("conv", "", "kernel_size", Mass.IN_BY_OUT, group="conv"),
        SeparableConv2d: NodeRule("conv", "separable", "kernel_size", Mass.IN_BY_OUT, group="conv"),
        MaxPool2d: NodeRule("pool", "", "size"),
        AvgPool2d: NodeRule("pool", "", "size"),
        GlobalAvgPool2d: NodeRule("global pool"),
        Dense: NodeRule("fc", mass=Mass.IN_BY_OUT),
        Activation: NodeRule("activation", "", "function", Mass.IN_BY_IN),
        BatchNorm: NodeRule("batch norm"),
        Dropout: NodeRule("dropout", mass=Mass.IN_BY_IN),
    },
    mismatches={"conv": _table(_SIZES), "pool": _table(_WINDOWS), "activation": _table(_FUNCTIONS | _LIKE_RELU)},
    nu=1.0,
    normalised=False,
)
"""As published with Cashman et al. (2019): only convolutions are counted by the structural cost; d as it is.

Kinds and functions that they did not have are placed as by DEFAULT.
"""

NASBOT = Convention(
    name="nasbot",
    nodes={
        Conv2d: NodeRule("conv", "conv", "kernel_size", Mass.IN_BY_OUT, group="conv"),
        SeparableConv2d: NodeRule("conv", "separable", "kernel_size", Mass.IN_BY_OUT, group="conv"),
        MaxPool2d: NodeRule("pool", "max", group="pool"),
        AvgPool2d: NodeRule("pool", "average", group="pool"),
        GlobalAvgPool2d: NodeRule("pool", "global average", group="pool"),
        Dense: NodeRule("fc", mass=Mass.IN_BY_OUT, factor=0.1, group="fc"),
        Activation: None,
        BatchNorm: None,
        Dropout: None,
    },
    mismatches={"conv": _kernels, "pool": _half},
    nu=0.25,
    normalised=False,
)
"""As published with Kandasamy et al. (2018): any kernel size; activations, batch norm and dropout are no nodes.

Convolutions and pools that they did not have are placed as by DEFAULT.
"""

DEFAULT = Convention(
    name="default",
    nodes={
        **NASBOT.nodes,
        Activation: NodeRule("activation", "", "function"),
        BatchNorm: NodeRule("batch norm"),
        Dropout: NodeRule("dropout"),
    },
    mismatches={**NASBOT.mismatches, "activation": _table(_FUNCTIONS | _LIKE_RELU)},
    nu=0.5,
    normalised=True,
)
"""Ours: NASBOT's, with activations, batch norm and dropout as light nodes; dbar, so that a map is no ruler of sizes.

Depthwise-separable convolutions lie near the usual ones, 0.1 further than these from one another. To add a layer kind
give it an entry in `nodes`.
"""

CONVENTIONS: dict[str, Convention] = {convention.name: convention for convention in (DEFAULT, NASBOT, REMAP_2019)}
