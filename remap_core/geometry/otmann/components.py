"""The nodes of many architectures as arrays: in a row, and family by family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from remap_core.geometry.otmann.conventions import GROUPS
from remap_core.geometry.otmann.nodes import Floats, Integers, Labels, Node

COORDINATES = 2 + 2 * len(GROUPS)
"""Of a node's place in its chain: steps from the input and to the output, and layers of each group on either side."""


@dataclass(frozen=True, eq=False)
class Chains:
    """The nodes of n architectures in a row.

    chain: (nodes,) which architecture a node belongs to, rising. label: (nodes,) codes. mass: (nodes,).
    place: (COORDINATES, nodes) int32. total: (n,) mass of each architecture.
    """

    chain: Integers
    label: Integers
    mass: Floats
    place: NDArray[np.int32]
    total: Floats

    def __len__(self) -> int:
        return len(self.total)

    def __add__(self, other: Chains) -> Chains:
        return Chains(
            np.concatenate((self.chain, other.chain + len(self))),
            np.concatenate((self.label, other.label)),
            np.concatenate((self.mass, other.mass)),
            np.concatenate((self.place, other.place), axis=1),
            np.concatenate((self.total, other.total)),
        )


def chains_of(architectures: Sequence[tuple[Node, ...]], labels: Labels) -> Chains:
    """The nodes of architectures as arrays; labels that are new get a code."""
    length = np.fromiter(map(len, architectures), np.intp, len(architectures))
    owner = np.repeat(np.arange(len(length)), length)
    nodes = list(chain.from_iterable(architectures))
    mass = np.fromiter((node.mass for node in nodes), np.float64, len(nodes))
    group = np.fromiter((GROUPS.index(node.group) if node.group else -1 for node in nodes), np.intp, len(nodes))
    label = labels.codes(node.label for node in nodes)
    total = np.bincount(owner, mass, len(length)).astype(np.float64)
    return Chains(owner, label, mass, _places(length, group), total)


def _places(length: Integers, group: Integers) -> NDArray[np.int32]:
    """(COORDINATES, nodes) of nodes in chains of these lengths; a node counts itself on both sides."""
    position = np.arange(length.max(initial=0))
    filled = position < length[:, None]  # (chains, longest)
    padded = np.full(filled.shape, -1)
    padded[filled] = group
    coordinates = [np.broadcast_to(position, filled.shape), length[:, None] - 1 - position]
    for index in range(len(GROUPS)):
        counted = padded == index
        so_far = np.cumsum(counted, axis=1)
        coordinates += [so_far, so_far[:, -1:] - so_far + counted]
    return np.stack([coordinate[filled] for coordinate in coordinates]).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Components:
    """What the architectures that have any of one family have of it, by rising size, filled up to the largest.

    chain: (n,) architecture of each. size: (n,) nodes of each. label, mass: (largest, n), 0 where filled up.
    place: (COORDINATES, largest, n) int32.
    """

    chain: Integers
    size: Integers
    label: Integers
    mass: Floats
    place: NDArray[np.int32]

    def spans(self, at_least: int) -> list[slice]:
        """Runs of one size, smallest first; sizes with fewer than `at_least` components join the next larger."""
        ends = np.flatnonzero(np.diff(self.size, append=self.size[-1:] + 1)) + 1
        bounds = [0]
        for end in ends.tolist():
            if end - bounds[-1] >= at_least or end == len(self.size):
                bounds.append(end)
        return [slice(low, high) for low, high in pairwise(bounds)]


def components_of(chains: Chains, families: Mapping[str, Integers]) -> dict[str, Components]:
    """The components of each family that occurs; `families` has the codes of their labels."""
    members = {family: np.flatnonzero(np.isin(chains.label, codes)) for family, codes in families.items()}
    return {family: _components(chains, nodes) for family, nodes in members.items() if len(nodes)}


def _components(chains: Chains, nodes: Integers) -> Components:
    owner = chains.chain[nodes]
    size = np.bincount(owner, minlength=len(chains))
    rank = np.arange(len(nodes)) - (np.cumsum(size) - size)[owner]
    order = np.argsort(size, kind="stable")[np.count_nonzero(size == 0) :]
    column = np.empty(len(chains), np.intp)
    column[order] = np.arange(len(order))
    where = (rank, column[owner])
    shape = (int(size.max()), len(order))
    label, mass, place = np.zeros(shape, np.intp), np.zeros(shape), np.zeros((COORDINATES, *shape), np.int32)
    label[where], mass[where] = chains.label[nodes], chains.mass[nodes]
    place[(slice(None), *where)] = chains.place[:, nodes]
    return Components(order, size[order], label, mass, place)
