"""The nodes of many architectures as arrays: all in a row, and by family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from remap_core.geometry.otmann.conventions import GROUPS
from remap_core.geometry.otmann.nodes import Floats, Integers, Labels, Node

COORDINATES = 2 + 2 * len(GROUPS)
"""Of a node's position in its chain: steps from the input and to the output, and layers of each group on both sides."""


@dataclass(frozen=True, eq=False)
class Chains:
    """The nodes of n architectures in a row.

    chain: (nodes,) which architecture a node belongs to, ascending. label: (nodes,) codes. mass: (nodes,).
    position: (COORDINATES, nodes) int32. total: (n,) mass of each architecture.
    """

    chain: Integers
    label: Integers
    mass: Floats
    position: NDArray[np.int32]
    total: Floats

    def __len__(self) -> int:
        return len(self.total)

    def __add__(self, other: Chains) -> Chains:
        return Chains(
            chain=np.concatenate((self.chain, other.chain + len(self))),
            label=np.concatenate((self.label, other.label)),
            mass=np.concatenate((self.mass, other.mass)),
            position=np.concatenate((self.position, other.position), axis=1),
            total=np.concatenate((self.total, other.total)),
        )


def chains_of(
    architectures: Sequence[tuple[Node, ...]],
    labels: Labels,
) -> Chains:
    """The nodes of architectures as arrays; new labels get a code."""
    n = len(architectures)
    length = np.array([len(nodes) for nodes in architectures], np.intp)
    owner = np.repeat(np.arange(n), length)
    nodes = list(chain.from_iterable(architectures))
    mass = np.array([node.mass for node in nodes], np.float64)
    group = np.array([_group_index(node) for node in nodes], np.intp)
    total = np.bincount(owner, mass, n)
    return Chains(
        chain=owner,
        label=labels.codes(node.label for node in nodes),
        mass=mass,
        position=_positions(length, group),
        total=total.astype(np.float64),
    )


def _group_index(node: Node) -> int:
    return GROUPS.index(node.group) if node.group else -1


def _positions(length: Integers, group: Integers) -> NDArray[np.int32]:
    """(COORDINATES, nodes) of nodes in chains of these lengths; a node counts itself on both sides."""
    steps = np.arange(length.max(initial=0))
    is_node = steps < length[:, None]  # (chains, longest)
    padded_group = np.full(is_node.shape, -1)
    padded_group[is_node] = group
    from_input = np.broadcast_to(steps, is_node.shape)
    to_output = length[:, None] - 1 - steps
    coordinates = [from_input, to_output]
    for index in range(len(GROUPS)):
        is_member = padded_group == index
        up_to_here = np.cumsum(is_member, axis=1)
        total = up_to_here[:, -1:]
        from_here_on = total - up_to_here + is_member
        coordinates += [up_to_here, from_here_on]
    unpadded = [coordinate[is_node] for coordinate in coordinates]
    return np.stack(unpadded).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Components:
    """The nodes of one family in each architecture that has any, by ascending size, padded to the largest.

    chain: (n,) architecture of each. size: (n,) nodes of each. label, mass: (largest, n), 0 in the padding.
    position: (COORDINATES, largest, n) int32.
    """

    chain: Integers
    size: Integers
    label: Integers
    mass: Floats
    position: NDArray[np.int32]

    def spans(self, at_least: int) -> list[slice]:
        """Runs of one size, smallest first; sizes with fewer than `at_least` components join the next larger."""
        n = len(self.size)
        is_larger = self.size[1:] > self.size[:-1]
        changes = np.flatnonzero(is_larger) + 1
        spans = []
        start = 0
        for end in (*changes.tolist(), n):
            if end - start >= at_least or end == n:
                spans.append(slice(start, end))
                start = end
        return spans


def components_of(
    chains: Chains,
    families: Mapping[str, Integers],
) -> dict[str, Components]:
    """The components of each family that occurs; `families` has the codes of their labels."""
    components = {}
    for family, codes in families.items():
        nodes = np.flatnonzero(np.isin(chains.label, codes))
        if len(nodes):
            components[family] = _components(chains, nodes)
    return components


def _components(chains: Chains, nodes: Integers) -> Components:
    """The components of the nodes of one family, given by their indices in `chains`."""
    owner = chains.chain[nodes]
    size = np.bincount(owner, minlength=len(chains))  # of each architecture, 0 for many
    first = np.cumsum(size) - size
    rank = np.arange(len(nodes)) - first[owner]  # among the nodes of its component
    empty = np.count_nonzero(size == 0)
    order = np.argsort(size, kind="stable")[empty:]
    column_of = np.empty(len(chains), np.intp)
    column_of[order] = np.arange(len(order))
    column = column_of[owner]
    shape = (int(size.max()), len(order))
    label = np.zeros(shape, np.intp)
    label[rank, column] = chains.label[nodes]
    mass = np.zeros(shape)
    mass[rank, column] = chains.mass[nodes]
    position = np.zeros((COORDINATES, *shape), np.int32)
    position[:, rank, column] = chains.position[:, nodes]
    return Components(order, size[order], label, mass, position)
