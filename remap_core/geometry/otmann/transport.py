"""Exact partial transport between few nodes, for many pairs at once. The last axis of arrays is the pairs ("lanes").

One problem has n nodes with `supply`, m nodes with `demand` and a cost for each unit of mass moved; leaving mass
unassigned costs 1 a unit on either side. So moving a unit gains 2 - cost over leaving it, and the optimum is

    sum(supply) + sum(demand) - max sum(plan * (2 - cost)),  row sums <= supply, column sums <= demand.

It is approached from above: every row takes its column of largest gain, "unassigned" being one more column, and
over-full columns then pass their surplus on along best paths until none is over-full. After Kandasamy et al. (2018);
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
"""Smallest difference of gain (0 to 2 a unit) that counts as one: above the rounding of a path's sum."""

ROUNDING = 1e-13
"""Share of all mass that sums of masses may differ by."""


def transport_costs(cost: Floats, supply: Floats, demand: Floats) -> Floats:
    """(lanes,) float64 optimal cost of each problem, unassigned mass included.

    cost: (n, m, lanes), non-negative, may be infinite; supply: (n, lanes); demand: (m, lanes), non-negative.

    >>> transport_costs(np.array([[[0.5]]]), np.array([[10.0]]), np.array([[4.0]])).tolist()
    [8.0]
    """
    bounded = np.minimum(cost, 2.0)
    if len(supply) == len(demand) == 1:
        moved = np.minimum(supply, demand)[0]
        unassigned = np.abs(supply - demand)[0]
        return np.asarray(unassigned + moved * bounded[0, 0])
    if supply.sum() > demand.sum():  # the lighter side chooses: it finds room more often
        cost = cost.swapaxes(0, 1)
        bounded = bounded.swapaxes(0, 1)
        supply, demand = demand, supply
    plan = transport_plans(cost, supply, demand)
    bounded *= plan
    supply_left = np.maximum(supply - plan.sum(axis=1), 0)
    demand_left = np.maximum(demand - plan.sum(axis=0), 0)
    unassigned = supply_left.sum(axis=0)
    unassigned += demand_left.sum(axis=0)
    moved = bounded.sum(axis=(0, 1))
    return np.asarray(unassigned + moved)


def transport_plans(cost: Floats, supply: Floats, demand: Floats) -> Floats:
    """(n, m, lanes) float64 mass that an optimal plan moves from each row to each column; shapes as above."""
    n, _, lanes = cost.shape
    gain = np.where(cost < 2.0, 2.0 - cost, -np.inf)
    unassigned_gain = np.zeros((n, 1, lanes))
    gain = np.concatenate((gain, unassigned_gain), axis=1)
    unassigned_room = np.full((1, lanes), np.inf)
    room = np.concatenate((demand, unassigned_room))
    plan = _first_choices(gain, supply)
    problems = _Problems(
        gain=gain,
        plan=plan,
        surplus=plan.sum(axis=0) - room,
        slack=ROUNDING * supply.sum(axis=0),
    )
    open_lanes = np.flatnonzero(problems.over_full.any(axis=0))
    problems = problems.of(open_lanes)
    while open_lanes.size:
        problems.pass_on()
        is_open = np.asarray(problems.over_full.any(axis=0))
        if not is_open.all():
            is_solved = ~is_open
            solved = open_lanes[is_solved]
            plan[:, :, solved] = problems.plan[:, :, is_solved]
            open_lanes = open_lanes[is_open]
            problems = problems.of(is_open)
    return plan[:, :-1]


def _first_choices(gain: Floats, supply: Floats) -> Floats:
    """(n, m + 1, lanes): all mass of each row in its column of largest gain."""
    _, choice = _largest(gain.swapaxes(0, 1))
    columns = np.arange(gain.shape[1], dtype=np.int16)
    is_chosen = columns[:, None] == choice[:, None]
    return np.where(is_chosen, supply[:, None], 0.0)


@dataclass(frozen=True, eq=False)
class _Problems:
    """Problems on the way to their optimum.

    gain, plan: (n, m + 1, lanes). surplus: (m + 1, lanes) of each column, negative where it has room; a surplus within
    the slack (lanes,) is rounding. The last column is "unassigned": its gain is 0 and its room infinite.
    """

    gain: Floats
    plan: Floats
    surplus: Floats
    slack: Floats

    @property
    def over_full(self) -> Bools:
        return np.asarray(self.surplus > self.slack)

    def of(self, lanes: NDArray[Any]) -> _Problems:
        return _Problems(
            gain=self.gain[..., lanes],
            plan=self.plan[..., lanes],
            surplus=self.surplus[..., lanes],
            slack=self.slack[lanes],
        )

    def pass_on(self) -> None:
        """In each problem, move as much as fits along the best path from an over-full column to one with room."""
        value, via_row, via_column = self._best_paths()
        has_room = self.surplus < -self.slack
        reachable = np.where(has_room, value, -np.inf)
        _, end = _largest(reachable)
        every_lane = np.arange(len(end))
        amount = -self.surplus[end, every_lane]
        source = end.copy()  # the over-full column, once the path is walked back from its end
        steps = []
        lane = every_lane
        column = end
        while True:
            source[lane] = column
            row = via_row[column, lane]
            goes_on = row >= 0
            lane = lane[goes_on]
            if not lane.size:
                break
            row = row[goes_on]
            column = column[goes_on]
            before = via_column[row, lane]
            sent = self.plan[row, before, lane]
            amount[lane] = np.minimum(amount[lane], sent)
            steps.append((row, column, before, lane))
            column = before
        available = self.surplus[source, every_lane]
        amount = np.minimum(amount, available)
        self.surplus[source, every_lane] -= amount
        self.surplus[end, every_lane] += amount
        for row, column, before, lane in steps:
            moved = amount[lane]
            self.plan[row, before, lane] -= moved
            self.plan[row, column, lane] += moved

    def _best_paths(self) -> tuple[Floats, Indices, Indices]:
        """For each column the largest sum of gains by which surplus reaches it, and how. Bellman-Ford.

        value: (m + 1, lanes), 0 for an over-full column. via_row: (m + 1, lanes), the row before it, -1 for none.
        via_column: (n, lanes), the column before a row, which takes back mass that it sent there.
        """
        value = np.where(self.over_full, 0.0, -np.inf)
        via_row = np.full(value.shape, -1, dtype=np.int16)
        n, _, lanes = self.gain.shape
        row_value = np.full((n, lanes), -np.inf)
        via_column = np.full((n, lanes), -1, dtype=np.int16)
        is_sent = self.plan > 0
        take_back = np.where(is_sent, self.gain, np.inf)
        while True:
            offers_to_rows = (value - take_back).swapaxes(0, 1)
            if not _relax(row_value, via_column, offers_to_rows):
                break
            offers_to_columns = row_value[:, None] + self.gain
            if not _relax(value, via_row, offers_to_columns):
                break
        return value, via_row, via_column


def _relax(value: Floats, via: Indices, offers: Floats) -> bool:
    """Take the best offer where it beats the value; return whether any did. offers: (k, *value.shape)."""
    best, origin = _largest(offers)
    is_better = best > value + TOLERANCE
    np.copyto(value, best, where=is_better)
    np.copyto(via, origin, where=is_better)
    return bool(is_better.any())


def _largest(values: Floats) -> tuple[Floats, NDArray[Any]]:
    """Maximum over the short first axis and its index. Row by row, as numpy's argmax is slow across rows."""
    maximum = values[0].copy()
    index = np.zeros(maximum.shape, dtype=np.int16)
    for position in range(1, len(values)):
        is_larger = values[position] > maximum
        np.copyto(maximum, values[position], where=is_larger)
        np.copyto(index, position, where=is_larger)
    return maximum, index
