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
"""Entries of cost (float64) processed at once; with all temporary arrays some 30 MB."""

LANES = 256
"""Pairs that are worth a call of their own; fewer are padded to the size of larger ones."""


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
                total = components.mass.sum(axis=0)
                masses[components.chain, column] = total
        return masses


def costs_between(
    one: Prepared,
    other: Prepared,
    mismatches: Floats,
    nu: float,
) -> Floats:
    """(n, m) float64 optimal costs d. Where `one` is `other`, half is computed and mirrored.

    mismatches: (codes, codes) of the labels of both.
    """
    costs = _unmatched(one, other)
    shared = one.components.keys() & other.components.keys()
    for name in sorted(shared):
        family = _Family(
            rows=one.components[name],
            columns=other.components[name],
            mismatches=mismatches,
            nu=nu,
            is_mirrored=one is other,
        )
        for rows, columns in family.tiles():
            family.add_costs(costs, rows, columns)
    return costs


def _unmatched(one: Prepared, other: Prepared) -> Floats:
    """(n, m) mass of the families that only one of a pair has."""
    families = sorted({*one.components, *other.components})
    one_masses = one.masses(families)
    other_masses = other.masses(families)
    n = len(one)
    m = len(other)
    costs = np.zeros((n, m))
    height = max(1, BLOCK // max(1, m))
    for top in range(0, n, height):
        rows = slice(top, top + height)
        for column in range(len(families)):
            row_mass = one_masses[rows, column, None]
            column_mass = other_masses[:, column]
            is_shared = (row_mass > 0) & (column_mass > 0)
            unmatched = row_mass + column_mass
            costs[rows] += np.where(is_shared, 0.0, unmatched)
    return costs


@dataclass(frozen=True, eq=False)
class _Family:
    """All pairs of components of one family; if mirrored, rows and columns are the same."""

    rows: Components
    columns: Components
    mismatches: Floats
    nu: float
    is_mirrored: bool

    def tiles(self) -> Iterator[tuple[slice, slice]]:
        """Rectangles of pairs of similar sizes that fit a block; if mirrored, on and above the diagonal."""
        n = len(self.rows.size)
        m = len(self.columns.size)
        column_spans = self.columns.spans(max(1, LANES // n))
        row_spans = column_spans
        if not self.is_mirrored:
            row_spans = self.rows.spans(max(1, LANES // m))
        for rows, columns in product(row_spans, column_spans):
            if not self.is_mirrored or rows.start <= columns.start:
                yield from self._tiles_of(rows, columns)

    def _tiles_of(
        self,
        rows: slice,
        columns: slice,
    ) -> Iterator[tuple[slice, slice]]:
        n, m = self._largest_sizes(rows, columns)
        lanes = max(1, BLOCK // (n * m))
        width = min(lanes, columns.stop - columns.start)
        height = lanes // width
        for top in range(rows.start, rows.stop, height):
            bottom = min(top + height, rows.stop)
            first = columns.start
            if self.is_mirrored:
                first = max(first, top)
            for left in range(first, columns.stop, width):
                right = min(left + width, columns.stop)
                yield slice(top, bottom), slice(left, right)

    def _largest_sizes(self, rows: slice, columns: slice) -> tuple[int, int]:
        """Nodes of the largest component among the rows, and among the columns."""
        n = self.rows.size[rows.stop - 1]
        m = self.columns.size[columns.stop - 1]
        return int(n), int(m)

    def add_costs(self, costs: Floats, rows: slice, columns: slice) -> None:
        """Add one tile's costs to those of its pairs; if mirrored, to both halves beyond the diagonal."""
        tile = self._costs(rows, columns)
        if self.is_mirrored and rows.start == columns.start:
            square = tile[:, : len(tile)]
            lower = np.triu(square, 1).T
            square[:] = np.triu(square) + lower  # symmetric to the last bit
        row_chains = self.rows.chain[rows]
        column_chains = self.columns.chain[columns]
        costs[np.ix_(row_chains, column_chains)] += tile
        if self.is_mirrored:
            on_diagonal = max(0, rows.stop - columns.start)
            beyond = column_chains[on_diagonal:]
            costs[np.ix_(beyond, row_chains)] += tile[:, on_diagonal:].T

    def _costs(self, rows: slice, columns: slice) -> Floats:
        """(height, width) optimal costs of the pairs of one tile."""
        n, m = self._largest_sizes(rows, columns)
        height = rows.stop - rows.start
        width = columns.stop - columns.start
        row_positions = self.rows.position[:, :n, rows]  # (COORDINATES, n, height)
        column_positions = self.columns.position[:, :m, columns]  # (COORDINATES, m, width)
        structural = np.zeros((n, m, height, width), np.int32)
        for coordinate in range(COORDINATES):
            row_position = row_positions[coordinate, :, None, :, None]
            column_position = column_positions[coordinate, None, :, None, :]
            difference = row_position - column_position
            structural += np.abs(difference, out=difference)
        column_labels = self.columns.label[:m, columns]
        row_labels = self.rows.label[:n, rows]
        mismatch = self.mismatches[:, column_labels][row_labels]  # (n, height, m, width)
        cost = structural * (self.nu / COORDINATES)
        cost += mismatch.swapaxes(1, 2)
        row_mass = self.rows.mass[:n, rows]
        column_mass = self.columns.mass[:m, columns]
        supply = np.repeat(row_mass, width, axis=1)
        demand = np.tile(column_mass, height)
        costs = transport_costs(cost.reshape(n, m, -1), supply, demand)
        return costs.reshape(height, width)
