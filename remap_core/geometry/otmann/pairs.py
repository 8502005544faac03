"""Transport costs between all architectures of one set and all of another, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from remap_core.geometry.otmann.components import COORDINATES, Components
from remap_core.geometry.otmann.nodes import Floats
from remap_core.geometry.otmann.transport import transport_costs

BLOCK = 1 << 17
"""Entries of cost (float64) that are worked on at once; with all that goes with them some 30 MB."""

LANES = 256
"""Pairs that are worth a call of their own; fewer are filled up to the size of larger ones."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """n architectures: total mass (n,) of each, and their components by family."""

    total: Floats
    components: Mapping[str, Components]

    def __len__(self) -> int:
        return len(self.total)

    def masses(self, families: list[str]) -> Floats:
        """(n, families) float64 mass of each architecture in each family."""
        masses = np.zeros((len(self), len(families)))
        for column, family in enumerate(families):
            if family in self.components:
                components = self.components[family]
                masses[components.chain, column] = components.mass.sum(axis=0)
        return masses


def costs_between(one: Prepared, other: Prepared, mismatches: Floats, nu: float) -> Floats:
    """(n, m) float64 optimal costs d. Where `one` is `other`, half is computed and mirrored.

    mismatches: (codes, codes) of the labels of both.
    """
    costs = _unmatched(one, other)
    for name in sorted(one.components.keys() & other.components.keys()):
        family = _Family(one.components[name], other.components[name], mismatches, nu, one is other)
        for tile in family.tiles():
            family.add_costs(costs, *tile)
    return costs


def _unmatched(one: Prepared, other: Prepared) -> Floats:
    """(n, m) mass of the families that only one of a pair has."""
    families = sorted(one.components.keys() | other.components.keys())
    rows, columns = one.masses(families), other.masses(families)
    costs = np.zeros((len(one), len(other)))
    height = max(1, BLOCK // max(1, len(other)))
    for top in range(0, len(one), height):
        for here, there in zip(rows[top : top + height].T, columns.T, strict=True):
            shared = (here > 0)[:, None] & (there > 0)
            costs[top : top + height] += np.where(shared, 0.0, here[:, None] + there)
    return costs


@dataclass(frozen=True, eq=False)
class _Family:
    """All pairs of components of one family; if mirrored, rows and columns are the same."""

    rows: Components
    columns: Components
    mismatches: Floats
    nu: float
    mirrored: bool

    def tiles(self) -> Iterator[tuple[slice, slice]]:
        """Rectangles of pairs of about the same size that fit a block; if mirrored, on and above the diagonal."""
        across = self.columns.spans(max(1, LANES // len(self.rows.size)))
        down = across if self.mirrored else self.rows.spans(max(1, LANES // len(self.columns.size)))
        for rows, columns in product(down, across):
            if not self.mirrored or rows.start <= columns.start:
                yield from self._tiles_of(rows, columns)

    def _tiles_of(self, rows: slice, columns: slice) -> Iterator[tuple[slice, slice]]:
        lanes = max(1, BLOCK // int(self.rows.size[rows.stop - 1] * self.columns.size[columns.stop - 1]))
        width = min(lanes, columns.stop - columns.start)
        height = lanes // width
        for top in range(rows.start, rows.stop, height):
            first = max(top, columns.start) if self.mirrored else columns.start
            for left in range(first, columns.stop, width):
                yield slice(top, min(top + height, rows.stop)), slice(left, min(left + width, columns.stop))

    def add_costs(self, costs: Floats, rows: slice, columns: slice) -> None:
        """Add one tile's costs where they belong; if mirrored, what is beyond the diagonal goes to both halves."""
        found = self._costs(rows, columns)
        if self.mirrored and rows.start == columns.start:
            square = found[:, : len(found)]
            square[:] = np.triu(square) + np.triu(square, 1).T  # symmetric to the last bit
        costs[np.ix_(self.rows.chain[rows], self.columns.chain[columns])] += found
        if self.mirrored:
            beyond = slice(max(rows.stop, columns.start), columns.stop)
            mirror = found[:, beyond.start - columns.start :].T
            costs[np.ix_(self.columns.chain[beyond], self.rows.chain[rows])] += mirror

    def _costs(self, rows: slice, columns: slice) -> Floats:
        n, m = int(self.rows.size[rows.stop - 1]), int(self.columns.size[columns.stop - 1])
        height, width = rows.stop - rows.start, columns.stop - columns.start
        structural = np.zeros((n, m, height, width), np.int32)
        for here, there in zip(self.rows.place[:, :n, rows], self.columns.place[:, :m, columns], strict=True):
            difference = here[:, None, :, None] - there[None, :, None, :]
            structural += np.abs(difference, out=difference)
        label = self.mismatches[:, self.columns.label[:m, columns]][self.rows.label[:n, rows]]  # (n, height, m, width)
        cost = structural * (self.nu / COORDINATES)
        cost += label.swapaxes(1, 2)
        supply = np.repeat(self.rows.mass[:n, rows], width, axis=1)
        demand = np.tile(self.columns.mass[:m, columns], height)
        return transport_costs(cost.reshape(n, m, -1), supply, demand).reshape(height, width)
