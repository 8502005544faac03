"""Architectures as the nodes of OTMANN.

Source: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidDistances
from remap_core.geometry.otmann.conventions import Convention, Label
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Dense

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


class Node(NamedTuple):
    """A node: its label, its mass, the group that counts it, and its layer's index (the head's is the count of layers).

    `layer` is None for the three nodes that are no layers: input, softmax and output.
    """

    label: Label
    mass: float
    group: str
    layer: int | None


def nodes_of(architecture: Architecture, convention: Convention) -> tuple[Node, ...]:
    """Input, the layers that are nodes, the head, softmax, output. Image channels and sizes are not looked at.

    The three that are no layers weigh max(0.1 x mass of the layers, 100) each. Raises InvalidDistances for what is
    no architecture, and for a layer kind that the convention does not know.
    """
    if not isinstance(architecture, Architecture):
        raise InvalidDistances(f"Distances are between architectures, but got {type(architecture).__name__}.")
    layers = (*architecture.layers, Dense(architecture.classes))
    channels = (1, *(shape[0] for shape in architecture.output_shapes), architecture.classes)
    found = []
    for index, layer in enumerate(layers):
        rule = convention.rule(layer)
        if rule is not None:
            mass = rule.factor * rule.mass.of(channels[index], channels[index + 1])
            found.append(Node(rule.label(layer), mass, rule.group, index))
    frame = max(0.1 * sum(node.mass for node in found), 100.0)
    start, softmax, end = (Node(Label(family), frame, "", None) for family in ("input", "softmax", "output"))
    return (start, *found, softmax, end)


class Labels:
    """The labels that were met, each with a code: 1, 2, ... in the order of meeting. 0 is no label and fills gaps."""

    def __init__(self, convention: Convention, codes: dict[Label, int] | None = None) -> None:
        self._convention = convention
        self._codes = codes or {}

    def copy(self) -> Labels:
        """The same codes, free to grow on their own."""
        return Labels(self._convention, dict(self._codes))

    def codes(self, labels: Iterable[Label]) -> Integers:
        """(n,) code of each label; a new one gets the next."""
        known = self._codes
        return np.fromiter((known.setdefault(label, len(known) + 1) for label in labels), np.intp)

    def families(self) -> dict[str, Integers]:
        """For each family the codes of its labels."""
        codes: dict[str, list[int]] = {}
        for label, code in self._codes.items():
            codes.setdefault(label.family, []).append(code)
        return {family: np.array(members, np.intp) for family, members in codes.items()}

    def mismatches(self) -> Floats:
        """(codes, codes) cost of matching a unit of mass; code 0 matches nothing."""
        costs = np.full((len(self._codes) + 1,) * 2, np.inf)
        for one, row in self._codes.items():
            for other, column in self._codes.items():
                costs[row, column] = self._convention.mismatch(one, other)
        return costs
