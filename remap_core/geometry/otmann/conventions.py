"""Conventions of OTMANN: which layers are nodes, their masses, and the cost of matching them.

The node of a layer kind stands in its class (`Layer.node_rules`); here is what concerns several kinds.
Sources: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018);
Cashman et al., Ablate, Variate, and Contemplate (TVCG 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import inf, sqrt
from numbers import Real
from typing import NamedTuple

from remap_core.errors import InvalidDistances
from remap_core.space.layers import Layer, NodeRule

GROUPS = ("conv", "pool", "fc")
"""Groups of layers that the structural cost counts on the way from the input and to the output."""


class Label(NamedTuple):
    """What a node is. Only nodes of one family can be matched; equal labels match at no cost."""

    family: str
    name: str = ""
    value: float | str = ""

    @classmethod
    def of(cls, layer: Layer, rule: NodeRule) -> Label:
        """The label that a rule gives a layer.

        >>> from remap_core.space.layers import Dense
        >>> Label.of(Dense(64), NodeRule("fc", hyperparameter="units"))
        Label(family='fc', name='', value=64)
        """
        if not rule.hyperparameter:
            return cls(rule.family, rule.name)
        return cls(rule.family, rule.name, getattr(layer, rule.hyperparameter))


Mismatch = Callable[[Label, Label], float]
"""Cost (symmetric, per unit of mass, 0 to infinite) of matching two different labels of one family."""


@dataclass(frozen=True, eq=False)
class Convention:
    """One way of reading an architecture as nodes with masses and labels.

    name: the key of its rules in `Layer.node_rules`.
    mismatches: by family, the cost of matching two different labels; infinite for a family that is missing.
    nu, normalised: the usual weight of the structural cost, and whether the distance usually is dbar = d / total mass.
    """

    name: str
    mismatches: Mapping[str, Mismatch]
    nu: float
    normalised: bool

    def rule(self, kind: type[Layer]) -> NodeRule | None:
        """The node of a layer kind, None where it has none; raises InvalidDistances for a kind without a rule."""
        if self.name not in kind.node_rules:
            raise InvalidDistances(f"Convention {self.name} has no rule for {kind.__name__} layers.")
        return kind.node_rules[self.name]

    def structural_weight(self, nu: float | None) -> float:
        """The given nu, or the convention's own for None; raises InvalidDistances below 0 or where it is not finite."""
        if nu is None:
            return self.nu
        if isinstance(nu, bool) or not isinstance(nu, Real) or not 0 <= nu < inf:
            raise InvalidDistances(f"0 <= nu < infinity must hold, but got nu={nu!r}.")
        return float(nu)

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


OTHER_NAME = 0.1
"""Cost of each trait in which the names of two layers of one family differ: a separable convolution differs in one from
a convolution, and in two from a residual block."""

_TRAITS = {
    "conv": frozenset[str](),
    "": frozenset[str](),
    "inverted residual": frozenset({"separable", "residual"}),
}
"""Of names that are not a trait of their own."""


def _name_cost(one: Label, other: Label) -> float:
    return OTHER_NAME * len(_traits(one.name) ^ _traits(other.name))


def _traits(name: str) -> frozenset[str]:
    return _TRAITS.get(name, frozenset({name}))


Costs = Mapping[tuple[int, int], float] | Mapping[tuple[str, str], float]
"""Of pairs of values."""


def _by_table(costs: Costs) -> Mismatch:
    """The cost of two values, in either order; infinite for a pair that is missing."""
    of_pair = {frozenset(pair): cost for pair, cost in costs.items()}

    def mismatch(one: Label, other: Label) -> float:
        if one.value == other.value:
            return _name_cost(one, other)
        pair = frozenset((one.value, other.value))
        return of_pair.get(pair, inf) + _name_cost(one, other)

    return mismatch


def _pools(_one: Label, _other: Label) -> float:
    return 0.5


def _kernel_sizes(one: Label, other: Label) -> float:
    difference = abs(float(one.value) - float(other.value))
    return sqrt(2) / 10 * sqrt(difference) + _name_cost(one, other)


_KERNEL_SIZE_COSTS = {(1, 3): 0.2, (3, 5): 0.2, (1, 5): 0.3}
_POOL_SIZE_COSTS = {(2, 3): 0.2, (3, 5): 0.2, (2, 5): 0.3}
_FUNCTION_COSTS = {
    ("tanh", "sigmoid"): 0.1,
    ("tanh", "relu"): 0.25,
    ("sigmoid", "relu"): 0.25,
    # Ours: GELU and SiLU are smooth ReLUs, as far from ReLU as tanh is from sigmoid.
    **dict.fromkeys((("relu", "gelu"), ("relu", "silu"), ("gelu", "silu")), 0.1),
    **dict.fromkeys(product(("tanh", "sigmoid"), ("gelu", "silu")), 0.25),
}

REMAP_2019 = Convention(
    name="remap-2019",
    mismatches={
        "conv": _by_table(_KERNEL_SIZE_COSTS),
        "pool": _by_table(_POOL_SIZE_COSTS),
        "activation": _by_table(_FUNCTION_COSTS),
    },
    nu=1.0,
    normalised=False,
)
"""As published with Cashman et al. (2019): the structural cost counts convolutions only; d is not normalised.

Kinds and functions that the paper does not have follow DEFAULT.
"""

NASBOT = Convention(
    name="nasbot",
    mismatches={"conv": _kernel_sizes, "pool": _pools},
    nu=0.25,
    normalised=False,
)
"""As published with Kandasamy et al. (2018): any kernel size; activations, batch norm and dropout are not nodes.

Convolutions and pools that the paper does not have follow DEFAULT.
"""

DEFAULT = Convention(
    name="default",
    mismatches={**NASBOT.mismatches, "activation": _by_table(_FUNCTION_COSTS)},
    nu=0.5,
    normalised=True,
)
"""Ours: NASBOT's, with activations, batch norm and dropout as light nodes; dbar, so that a map does not show size only.

Depthwise-separable convolutions are OTHER_NAME further from the usual ones than these are from one another.
"""

CONVENTIONS: dict[str, Convention] = {convention.name: convention for convention in (DEFAULT, NASBOT, REMAP_2019)}
