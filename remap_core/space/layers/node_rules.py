"""How a layer becomes a node of OTMANN, as plain values: `geometry` computes distances from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Group = Literal["", "conv", "pool", "fc"]
"""Groups of layers that the structural cost counts; empty for a layer that is in none."""


class Mass(Enum):
    """What a layer's mass is proportional to, in channels (units, after a dense layer)."""

    IN = "channels in"
    IN_BY_IN = "channels in, squared"
    IN_BY_OUT = "channels in x channels out"

    def of(self, channels_in: int, channels_out: int) -> int:
        """The product.

        >>> Mass.IN_BY_OUT.of(3, 16)
        48
        """
        if self is Mass.IN_BY_IN:
            return channels_in * channels_in
        if self is Mass.IN_BY_OUT:
            return channels_in * channels_out
        return channels_in


@dataclass(frozen=True)
class NodeRule:
    """The node of a layer kind under one convention.

    Its label has `family`, `name` and the value of `hyperparameter` (empty: none). Only nodes of one family can be
    matched, and equal labels match at no cost. Its mass is `factor` x `mass`; a block's is
    the sum over `Layer.mixed_channels`.
    """

    family: str
    name: str = ""
    hyperparameter: str = ""
    mass: Mass = Mass.IN
    factor: float = 1.0
    group: Group = ""
