"""OTMANN: distances between architectures by optimal transport of layer mass, exact, for all pairs at once.

Source: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018).

The cost of matching node i of one architecture to node j of another is their label mismatch plus nu times their
structural cost: the mean difference of their places in the chain. Leaving mass unassigned costs 1 a unit. As labels
of different families never match, the problem of a pair falls apart into one for each family.
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
    d (in units of mass). Where not given, both are the convention's own. Image sizes and channels play no part, so
    architectures for different images can be compared; a different count of classes is a different head.
    Needs 8 n^2 bytes for the result (twice that where architectures coincide) and some 30 MB.

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
    """(m, n) float64 distances from each of m newcomers to each of n others, as `distances` gives them.

    Where the others stay and newcomers come one by one, keep an `OtmannIndex` of the others.
    """
    return OtmannIndex(others, convention, nu=nu, normalised=normalised).distances_to(newcomers)


class OtmannIndex:
    """Architectures made ready for distances, in the order in which they were added.

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
        self._places: dict[Key, int] = {}  # of the different chains
        self._rows: list[int] = []  # of each architecture: the place of its chain
        self._chains = chains_of((), self._labels)
        self._prepared = Prepared(self._chains.total, {})
        self.add(architectures)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, architectures: Iterable[Architecture]) -> None:
        """Append architectures. Those whose layers have the same labels and masses are worked on once."""
        new: list[tuple[Node, ...]] = []
        for nodes in [nodes_of(architecture, self._convention) for architecture in architectures]:
            place = self._places.setdefault(_key(nodes), len(self._places))
            self._rows.append(place)
            if place == len(self._chains) + len(new):
                new.append(nodes)
        self._chains += chains_of(new, self._labels)
        self._prepared = Prepared(self._chains.total, components_of(self._chains, self._labels.families()))

    def distances(self) -> Floats:
        """(n, n) float64 between all that were added, as the function of this name gives them."""
        costs = costs_between(self._prepared, self._prepared, self._labels.mismatches(), self._nu)
        np.fill_diagonal(costs, 0.0)
        self._normalise(costs, self._chains.total)
        return costs if len(costs) == len(self) else costs[np.ix_(self._rows, self._rows)]

    def distances_to(self, newcomers: Iterable[Architecture]) -> Floats:
        """(m, n) float64 from each newcomer to all that were added. The newcomers are not added."""
        guests = OtmannIndex((), self._convention, nu=self._nu, normalised=self._normalised)
        guests._labels = self._labels.copy()
        guests.add(newcomers)
        costs = costs_between(guests._prepared, self._prepared, guests._labels.mismatches(), self._nu)
        for key, row in guests._places.items():
            if key in self._places:
                costs[row, self._places[key]] = 0.0
        self._normalise(costs, guests._chains.total)
        return costs[np.ix_(guests._rows, self._rows)]

    def _normalise(self, costs: Floats, row_totals: Floats) -> None:
        if self._normalised:
            for row, total in zip(costs, row_totals, strict=True):
                np.minimum(np.divide(row, self._chains.total + total, out=row), 1.0, out=row)


Key = tuple[tuple[Label, float], ...]


def _key(nodes: tuple[Node, ...]) -> Key:
    return tuple((node.label, node.mass) for node in nodes)
