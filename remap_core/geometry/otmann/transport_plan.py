"""Which layer of one architecture went where in another: the transport plan behind a distance.

Source: Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport (NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from remap_core.geometry.otmann.components import chains_of
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

    moves: by rising layer, then rising other. unassigned, other_unassigned: mass of each layer (head last) that stays
    unassigned; 0 for a layer that is no node in the convention. distance: d, in units of mass; input, softmax and
    output, which are no layers, have their part in it.
    """

    moves: tuple[Move, ...]
    unassigned: tuple[float, ...]
    other_unassigned: tuple[float, ...]
    distance: float


def transport_plan(
    one: Architecture, other: Architecture, convention: Convention = DEFAULT, *, nu: float | None = None
) -> TransportPlan:
    """A plan whose cost is the distance of the two: which layers stayed, and what was added or removed.

    Where several plans are optimal it is one of them. Raises InvalidDistances as `distances` does.

    >>> from remap_core.space.text import parse_layers
    >>> one, other = (Architecture((1, 28, 28), 10, parse_layers(text)) for text in ("Conv 16x3, ReLU", "Conv 12x3"))
    >>> plan = transport_plan(one, other)
    >>> plan.moves
    (Move(layer=0, other=0, mass=12.0), Move(layer=2, other=1, mass=12.0))
    >>> plan.unassigned, plan.other_unassigned
    ((4.0, 16.0, 4.0), (0.0, 0.0))
    """
    labels, weight = Labels(convention), convention.structural_weight(nu)
    rows, columns = nodes_of(one, convention), nodes_of(other, convention)
    left, right = chains_of([rows], labels), chains_of([columns], labels)
    structural = np.abs(left.place[:, :, None] - right.place[:, None, :]).mean(axis=0)
    cost = labels.mismatches()[np.ix_(left.label, right.label)] + weight * structural
    plan = transport_plans(cost[..., None], left.mass[:, None], right.mass[:, None])[..., 0]
    left_over, right_over = (np.maximum(left.mass - plan.sum(axis=1), 0), np.maximum(right.mass - plan.sum(axis=0), 0))
    moved = plan > 0
    return TransportPlan(
        moves=tuple(_moves(rows, columns, plan)),
        unassigned=_by_layer(rows, left_over, len(one.layers) + 1),
        other_unassigned=_by_layer(columns, right_over, len(other.layers) + 1),
        distance=float(left_over.sum() + right_over.sum() + (plan[moved] * cost[moved]).sum()),
    )


def _moves(rows: tuple[Node, ...], columns: tuple[Node, ...], plan: Floats) -> Iterator[Move]:
    for row, column in np.argwhere(plan > 0).tolist():
        layer, other = rows[row].layer, columns[column].layer
        if layer is not None and other is not None:
            yield Move(layer, other, float(plan[row, column]))


def _by_layer(nodes: tuple[Node, ...], masses: Floats, layers: int) -> tuple[float, ...]:
    found = {node.layer: float(mass) for node, mass in zip(nodes, masses, strict=True)}
    return tuple(found.get(layer, 0.0) for layer in range(layers))
