"""OTMANN: distances between architectures by optimal transport of layer mass, exact, for all pairs at once.

Source: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018).

The cost of matching node i of one architecture to node j of another is their label mismatch plus nu times their
structural cost: the mean difference of their positions in the chain. Leaving mass unassigned costs 1 a unit. As labels
of different families never match, the problem of a pair splits into one per family.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from remap_core.geometry.otmann.components import chains_of, components_of
from remap_core.geometry.otmann.conventions import DEFAULT, Convention, Label
from remap_core.geometry.otmann.nodes import Floats, Labels, Node, nodes_of
from remap_core.geometry.otmann.pairs import Prepared, costs_between
from remap_core.space.architecture import Architecture


def distances(
    architectures: Iterable[Architecture],
    convention: Convention = DEFAULT,
    *,
    nu: float | None = None,
    normalised: bool | None = None,
) -> Floats:
    """(n, n) float64 distances between all pairs; symmetric, 0 on the diagonal.

    nu is the weight of the structural cost; normalised chooses dbar = d / total mass of the two (0 to 1) instead of
    d (in units of mass). Both default to the convention's. Image sizes and channels do not matter, so architectures
    for different images can be compared; a different number of classes is a different head.
    Needs 8 n^2 bytes for the result (twice that where architectures coincide) and some 30 MB.
    `reference.reference_distances` computes the same with POT.

    >>> from remap_core.geometry.otmann.conventions import REMAP_2019
    >>> from remap_core.space.text import parse_layers
    >>> small, large = (Architecture((1, 28, 28), 10, parse_layers(text)) for text in ("", "Conv 16x3"))
    >>> distances([small, large], REMAP_2019).tolist()
    [[0.0, 243.5], [243.5, 0.0]]
    """
    return OtmannIndex(architectures, convention, nu=nu, normalised=normalised).distances()


def distances_to(
    newcomers: Iterable[Architecture],
    others: Iterable[Architecture],
    convention: Convention = DEFAULT,
    *,
    nu: float | None = None,
    normalised: bool | None = None,
) -> Floats:
    """(m, n) float64 distances from each of m new architectures to each of n others, as `distances` returns them.

    For new architectures that come one by one to the same others, keep an `OtmannIndex` of the others.
    """
    return OtmannIndex(others, convention, nu=nu, normalised=normalised).distances_to(newcomers)


class OtmannIndex:
    """Architectures prepared for distances, in the order in which they were added.

    >>> index = OtmannIndex([Architecture((1, 8, 8), 10, ())])
    >>> index.add([Architecture((3, 32, 32), 20, ())])
    >>> index.distances_to([Architecture((1, 8, 8), 10, ())]).round(3).tolist()
    [[0.0, 0.002]]
    """

    def __init__(
        self,
        architectures: Iterable[Architecture] = (),
        convention: Convention = DEFAULT,
        *,
        nu: float | None = None,
        normalised: bool | None = None,
    ) -> None:
        self._convention = convention
        self._nu = convention.structural_weight(nu)
        self._normalised = convention.normalised if normalised is None else normalised
        self._labels = Labels(convention)
        self._unique: dict[Key, int] = {}  # each different chain and its number
        self._numbers: list[int] = []  # of each architecture's chain
        self._chains = chains_of((), self._labels)
        self._prepared = Prepared(self._chains.total, {})
        self.add(architectures)

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, architectures: Iterable[Architecture]) -> None:
        """Append architectures. Those whose layers have the same labels and masses are computed once."""
        nodes_by_architecture = [nodes_of(architecture, self._convention) for architecture in architectures]
        new: list[tuple[Node, ...]] = []
        for nodes in nodes_by_architecture:
            key = tuple((node.label, node.mass) for node in nodes)
            if key not in self._unique:
                self._unique[key] = len(self._unique)
                new.append(nodes)
            self._numbers.append(self._unique[key])
        self._chains += chains_of(new, self._labels)
        components = components_of(self._chains, self._labels.families())
        self._prepared = Prepared(self._chains.total, components)

    def distances(self) -> Floats:
        """(n, n) float64 between all architectures of the index, as the function of this name returns them."""
        costs = costs_between(self._prepared, self._prepared, self._labels.mismatches(), self._nu)
        np.fill_diagonal(costs, 0.0)
        self._normalise(costs, self._chains.total)
        if len(costs) == len(self):
            return costs
        return costs[np.ix_(self._numbers, self._numbers)]

    def distances_to(self, newcomers: Iterable[Architecture]) -> Floats:
        """(m, n) float64 from each new architecture to all of the index. The new ones are not added."""
        other = OtmannIndex((), self._convention, nu=self._nu, normalised=self._normalised)
        other._labels = self._labels.copy()
        other.add(newcomers)
        costs = costs_between(other._prepared, self._prepared, other._labels.mismatches(), self._nu)
        for key, row in other._unique.items():
            if key in self._unique:
                costs[row, self._unique[key]] = 0.0
        self._normalise(costs, other._chains.total)
        return costs[np.ix_(other._numbers, self._numbers)]

    def _normalise(self, costs: Floats, row_totals: Floats) -> None:
        """Divide in place by the total mass of the two, row by row: a whole table of sums would double the memory."""
        if not self._normalised:
            return
        for row, total in zip(costs, row_totals, strict=True):
            np.divide(row, self._chains.total + total, out=row)
            np.minimum(row, 1.0, out=row)


Key = tuple[tuple[Label, float], ...]
