"""Exact partial transport between few nodes, for many pairs at once. Arrays carry the pairs on their last axis.

One problem has n nodes with `supply`, m nodes with `demand` and a cost for each unit of mass moved; leaving mass
unassigned costs 1 a unit on either side. So moving a unit gains 2 - cost over leaving it, and the optimum is

    sum(supply) + sum(demand) - max sum(plan * (2 - cost)),  row sums <= supply, column sums <= demand.

It is found from above: every row takes the column it likes best, "unassigned" being one more column, and over-full
columns then pass their surplus on along best paths until none is over-full. After Kandasamy et al. (2018);
successive shortest paths from a pseudoflow as in Ahuja, Magnanti and Orlin, Network Flows (1993), section 9.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int16]

TOLERANCE = 1e-12
"""Smallest difference of gain (0 to 2 a unit) that is taken for one: above the rounding of a path's sum."""

ROUNDING = 1e-13
"""Share of all mass by which sums of masses may be off."""


def transport_costs(cost: Floats, supply: Floats, demand: Floats) -> Floats:
    """(lanes,) float64 optimal cost of each problem, unassigned mass included.

    cost: (n, m, lanes), non-negative, may be infinite; supply: (n, lanes); demand: (m, lanes), non-negative.

    >>> transport_costs(np.array([[[0.5]]]), np.array([[10.0]]), np.array([[4.0]])).tolist()
    [8.0]
    """
    bounded = np.minimum(cost, 2.0)
    if len(supply) == len(demand) == 1:
        return np.asarray(np.abs(supply - demand)[0] + np.minimum(supply, demand)[0] * bounded[0, 0])
    if supply.sum() > demand.sum():  # the lighter side chooses: it finds room more often
        cost, bounded, supply, demand = cost.swapaxes(0, 1), bounded.swapaxes(0, 1), demand, supply
    plan = transport_plans(cost, supply, demand)
    bounded *= plan
    left = np.maximum(supply - plan.sum(axis=1), 0).sum(axis=0) + np.maximum(demand - plan.sum(axis=0), 0).sum(axis=0)
    return np.asarray(left + bounded.sum(axis=(0, 1)))


def transport_plans(cost: Floats, supply: Floats, demand: Floats) -> Floats:
    """(n, m, lanes) float64 mass that an optimal plan moves from each row to each column; shapes as above."""
    rows, _, lanes = cost.shape
    gain = np.concatenate((np.where(cost < 2.0, 2.0 - cost, -np.inf), np.zeros((rows, 1, lanes))), axis=1)
    plan = _first_choices(gain, supply)
    surplus = plan.sum(axis=0) - np.concatenate((demand, np.full((1, lanes), np.inf)))
    everything = _Crowd(gain, plan, surplus, ROUNDING * supply.sum(axis=0))
    crowded = np.flatnonzero(everything.over_full.any(axis=0))
    rest = everything.of(crowded)
    while crowded.size:
        rest.pass_on()
        busy = np.asarray(rest.over_full.any(axis=0))
        if not busy.all():
            plan[:, :, crowded[~busy]] = rest.plan[:, :, ~busy]
            crowded, rest = crowded[busy], rest.of(busy)
    return plan[:, :-1]


def _first_choices(gain: Floats, supply: Floats) -> Floats:
    _, choice = _largest(gain.swapaxes(0, 1))
    columns = np.arange(gain.shape[1], dtype=np.int16)
    return np.where(columns[:, None] == choice[:, None], supply[:, None], 0.0)


@dataclass(frozen=True, eq=False)
class _Crowd:
    """Problems on their way: gain, plan (n, m + 1, lanes), surplus of each column (m + 1, lanes), slack (lanes,).

    The last column is "unassigned": its gain is 0 and its room endless. A surplus within the slack is rounding.
    """

    gain: Floats
    plan: Floats
    surplus: Floats
    slack: Floats

    @property
    def over_full(self) -> Bools:
        return np.asarray(self.surplus > self.slack)

    def of(self, lanes: NDArray[Any]) -> _Crowd:
        return _Crowd(self.gain[..., lanes], self.plan[..., lanes], self.surplus[..., lanes], self.slack[lanes])

    def pass_on(self) -> None:
        """In each problem, move as much as fits along the best path from an over-full column to one with room."""
        value, via_row, via_column = self._best_paths()
        _, end = _largest(np.where(self.surplus < -self.slack, value, -np.inf))
        lane = every = np.arange(len(end))
        amount, source, column = -self.surplus[end, lane], end.copy(), end
        steps = []
        while True:
            source[lane], row = column, via_row[column, lane]
            onward = row >= 0
            lane, row, column = lane[onward], row[onward], column[onward]
            if not lane.size:
                break
            before = via_column[row, lane]
            amount[lane] = np.minimum(amount[lane], self.plan[row, before, lane])
            steps.append((row, column, before, lane))
            column = before
        amount = np.minimum(amount, self.surplus[source, every])
        self.surplus[source, every] -= amount
        self.surplus[end, every] += amount
        for row, column, before, lane in steps:
            self.plan[row, before, lane] -= amount[lane]
            self.plan[row, column, lane] += amount[lane]

    def _best_paths(self) -> tuple[Floats, Indices, Indices]:
        """For each column the best sum of gains by which surplus gets there: value, and how each was reached.

        value: (m + 1, lanes), 0 for an over-full column. via_row: (m + 1, lanes), the row before it, -1 for none.
        via_column: (n, lanes), the column before a row, which takes back what it sent there. Bellman-Ford.
        """
        value = np.where(self.over_full, 0.0, -np.inf)
        via_row = np.full(value.shape, -1, dtype=np.int16)
        row_value = np.full((len(self.gain), value.shape[1]), -np.inf)
        via_column = np.full(row_value.shape, -1, dtype=np.int16)
        take_back = np.where(self.plan > 0, self.gain, np.inf)
        while _relax(row_value, via_column, (value - take_back).swapaxes(0, 1)) and _relax(
            value, via_row, row_value[:, None] + self.gain
        ):
            pass
        return value, via_row, via_column


def _relax(value: Floats, via: Indices, offers: Floats) -> bool:
    """Take the best offer where it beats the value; whether any did. offers: (k, *value.shape)."""
    best, origin = _largest(offers)
    better = best > value + TOLERANCE
    np.copyto(value, best, where=better)
    np.copyto(via, origin, where=better)
    return bool(better.any())


def _largest(values: Floats) -> tuple[Floats, NDArray[Any]]:
    """Maximum over the short first axis and its index. Row by row, as numpy's argmax is slow across rows."""
    top = values[0].copy()
    index = np.zeros(top.shape, dtype=np.int16)
    for position in range(1, len(values)):
        better = values[position] > top
        np.copyto(top, values[position], where=better)
        np.copyto(index, position, where=better)
    return top, index
