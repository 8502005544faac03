"""OTMANN distances by POT's exact solver: slower than `distances`, and independent of our transport.

Source: Flamary et al., POT: Python Optimal Transport (JMLR 2021). See docs/decisions/017-pot-is-an-oracle.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from remap_core.geometry.otmann.components import Chains, chains_of
from remap_core.geometry.otmann.conventions import DEFAULT, Convention
from remap_core.geometry.otmann.nodes import Floats, Labels, nodes_of
from remap_core.geometry.otmann.transport_plan import matching_costs
from remap_core.space.architecture import Architecture

NEVER = 3.0
"""Stands for infinity in POT: a match of cost above 2 is never worth it, as leaving both units costs 2."""


def reference_distances(
    architectures: Iterable[Architecture],
    convention: Convention = DEFAULT,
    *,
    nu: float | None = None,
    normalised: bool | None = None,
) -> Floats:
    """(n, n) float64 distances between all pairs, equal to `distances` but for rounding, one pair at a time.

    Arguments and errors are those of `distances`. The heads of these two differ:

    >>> two, three = (Architecture((1, 8, 8), classes, ()) for classes in (2, 3))
    >>> reference_distances([two, three], normalised=False).round(3).tolist()
    [[0.0, 0.1], [0.1, 0.0]]
    """
    weight = convention.structural_weight(nu)
    if normalised is None:
        normalised = convention.normalised
    labels = Labels(convention)
    chains = [chains_of([nodes_of(architecture, convention)], labels) for architecture in architectures]
    mismatches = labels.mismatches()
    distances = np.zeros((len(chains), len(chains)))
    for row, one in enumerate(chains):
        for column, other in enumerate(chains[:row]):
            cost = reference_cost(one, other, mismatches, weight)
            if normalised:
                total = one.total[0] + other.total[0]
                cost = min(cost / total, 1.0)
            distances[row, column] = cost
            distances[column, row] = cost
    return distances


def reference_cost(
    one: Chains,
    other: Chains,
    mismatches: Floats,
    nu: float,
) -> float:
    """The distance d of two architectures, one in each argument.

    By the augmented problem: one more node on either side takes the mass that stays unassigned, at cost 1 a unit.
    mismatches: (codes, codes) of the labels of both.
    """
    import ot

    n = len(one.mass)
    m = len(other.mass)
    cost = np.ones((n + 1, m + 1))
    cost[:n, :m] = np.minimum(matching_costs(one, other, mismatches, nu), NEVER)
    cost[n, m] = 0.0
    supply = np.append(one.mass, other.total)
    demand = np.append(other.mass, one.total)
    return float(ot.emd2(supply, demand, cost))
