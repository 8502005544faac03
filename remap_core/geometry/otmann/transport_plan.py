"""Which layers of one architecture match which of another: the transport plan behind a distance.

Source: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from remap_core.geometry.otmann.components import Chains, chains_of
from remap_core.geometry.otmann.conventions import DEFAULT, Convention
from remap_core.geometry.otmann.nodes import Floats, Labels, Node, nodes_of
from remap_core.geometry.otmann.transport import transport_plans
from remap_core.space.architecture import Architecture


class Move(NamedTuple):
    """Mass that a layer of one architecture shares with a layer of the other."""

    layer: int
    other: int
    mass: float


@dataclass(frozen=True)
class TransportPlan:
    """An optimal plan between two architectures. Layers are counted from 0; the head comes after the last of `layers`.

    moves: by ascending layer, then ascending other. unassigned, other_unassigned: mass of each layer (head last) that
    stays unassigned; 0 for a layer that is not a node in the convention. distance: d, in units of mass, which includes
    the nodes that are not layers: input, softmax and output.
    """

    moves: tuple[Move, ...]
    unassigned: tuple[float, ...]
    other_unassigned: tuple[float, ...]
    distance: float


def transport_plan(
    one: Architecture, other: Architecture, convention: Convention = DEFAULT, *, nu: float | None = None
) -> TransportPlan:
    """A plan whose cost is the distance of the two: which layers match, and what was added or removed.

    Where several plans are optimal it is one of them. Raises InvalidDistances as `distances` does.

    >>> from remap_core.space.text import parse_layers
    >>> one, other = (Architecture((1, 28, 28), 10, parse_layers(text)) for text in ("Conv 16x3, ReLU", "Conv 12x3"))
    >>> plan = transport_plan(one, other)
    >>> plan.moves
    (Move(layer=0, other=0, mass=12.0), Move(layer=2, other=1, mass=12.0))
    >>> plan.unassigned, plan.other_unassigned
    ((4.0, 16.0, 4.0), (0.0, 0.0))
    """
    labels = Labels(convention)
    rows = nodes_of(one, convention)
    columns = nodes_of(other, convention)
    left = chains_of([rows], labels)
    right = chains_of([columns], labels)
    cost = matching_costs(left, right, labels.mismatches(), convention.structural_weight(nu))
    plan = transport_plans(cost[..., None], left.mass[:, None], right.mass[:, None])[..., 0]  # (n, m)
    left_over = np.maximum(left.mass - plan.sum(axis=1), 0)
    right_over = np.maximum(right.mass - plan.sum(axis=0), 0)
    is_moved = plan > 0
    moved_cost = (plan[is_moved] * cost[is_moved]).sum()
    return TransportPlan(
        moves=tuple(_moves(rows, columns, plan)),
        unassigned=_by_layer(rows, left_over, len(one.layers) + 1),
        other_unassigned=_by_layer(columns, right_over, len(other.layers) + 1),
        distance=float(left_over.sum() + right_over.sum() + moved_cost),
    )


def matching_costs(
    one: Chains,
    other: Chains,
    mismatches: Floats,
    nu: float,
) -> Floats:
    """(n, m) float64 cost of matching each node of one architecture to each of another, per unit of mass.

    mismatches: (codes, codes) of the labels of both, infinite where labels never match.
    """
    difference = one.position[:, :, None] - other.position[:, None, :]  # (COORDINATES, n, m)
    structural = np.abs(difference).mean(axis=0)
    mismatch = mismatches[np.ix_(one.label, other.label)]
    return np.asarray(mismatch + nu * structural)


def _moves(
    rows: tuple[Node, ...],
    columns: tuple[Node, ...],
    plan: Floats,
) -> Iterator[Move]:
    for row, column in np.argwhere(plan > 0).tolist():
        layer = rows[row].layer
        other = columns[column].layer
        if layer is not None and other is not None:
            yield Move(layer, other, float(plan[row, column]))


def _by_layer(
    nodes: tuple[Node, ...],
    masses: Floats,
    layers: int,
) -> tuple[float, ...]:
    """The mass of each of so many layers, given that of each node."""
    by_layer = [0.0] * layers
    for node, mass in zip(nodes, masses.tolist(), strict=True):
        if node.layer is not None:
            by_layer[node.layer] = mass
    return tuple(by_layer)
