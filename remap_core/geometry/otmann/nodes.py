"""Architectures as the nodes of OTMANN.

Source: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018).
"""

from __future__ import annotations

from collections import defaultdict
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
    """A node: its label, its mass, the group that counts it, and the index of its layer.

    `layer` is None for input, softmax and output, which are not layers. The head's index is the number of layers.
    """

    label: Label
    mass: float
    group: str
    layer: int | None


def nodes_of(architecture: Architecture, convention: Convention) -> tuple[Node, ...]:
    """Input, the layers that are nodes, the head, softmax, output. Channels and size of the images do not matter.

    Input, softmax and output have a mass of max(0.1 x mass of the layers, 100) each. Raises InvalidDistances for
    anything but an architecture, and for a layer kind without a rule.
    """
    if not isinstance(architecture, Architecture):
        given = type(architecture).__name__
        raise InvalidDistances(f"Distances are between architectures, but got {given}.")
    layers = _layer_nodes(architecture, convention)
    layer_mass = sum(node.mass for node in layers)
    frame = max(0.1 * layer_mass, 100.0)
    return (
        Node(Label("input"), frame, "", None),
        *layers,
        Node(Label("softmax"), frame, "", None),
        Node(Label("output"), frame, "", None),
    )


def _layer_nodes(architecture: Architecture, convention: Convention) -> list[Node]:
    layers = (*architecture.layers, Dense(architecture.classes))
    channels = [1]
    channels += [shape[0] for shape in architecture.output_shapes]
    channels.append(architecture.classes)
    nodes = []
    for index, layer in enumerate(layers):
        rule = convention.rule(type(layer))
        if rule is None:
            continue
        mixed = layer.mixed_channels(channels[index], channels[index + 1])
        mass = rule.factor * sum(rule.mass.of(*channels_in_and_out) for channels_in_and_out in mixed)
        label = Label.of(layer, rule)
        nodes.append(Node(label, mass, rule.group, index))
    return nodes


class Labels:
    """Labels with a code each: 1, 2, ... in the order in which they are first seen. 0 is no label and fills gaps."""

    def __init__(self, convention: Convention, codes: dict[Label, int] | None = None) -> None:
        self._convention = convention
        self._codes = codes or {}

    def copy(self) -> Labels:
        """An independent copy with the same codes."""
        return Labels(self._convention, dict(self._codes))

    def codes(self, labels: Iterable[Label]) -> Integers:
        """(n,) code of each label; a new label gets the next code."""
        known = self._codes
        codes = []
        for label in labels:
            codes.append(known.setdefault(label, len(known) + 1))
        return np.array(codes, np.intp)

    def families(self) -> dict[str, Integers]:
        """For each family the codes of its labels."""
        families = defaultdict(list)
        for label, code in self._codes.items():
            families[label.family].append(code)
        return {family: np.array(codes, np.intp) for family, codes in families.items()}

    def mismatches(self) -> Floats:
        """(codes, codes) cost of matching a unit of mass; code 0 matches nothing."""
        size = len(self._codes) + 1
        costs = np.full((size, size), np.inf)
        for one, row in self._codes.items():
            for other, column in self._codes.items():
                costs[row, column] = self._convention.mismatch(one, other)
        return costs
