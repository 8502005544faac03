"""How much a model that is not trained yet would improve the Pareto front, given what is known of it.

A front has a value (larger is better) and a cost (smaller is better). Its hypervolume is the area between it and a
reference point, a cost and a value at which a model is worth nothing: the integral over the cost of how far the best
model of at most that cost is above the reference value. Costs of architectures are known exactly, so a model of cost c
whose value is normal adds, between c and the reference cost, the expected improvement over each step of the front:

    sum over steps of width(step) * E[max(0, Y - level(step))],
    E[max(0, Y - t)] = (m - t) Phi(z) + s phi(z),  z = (m - t) / s.

Where values have a ceiling, what would lie above it does not count: that expectation over the ceiling is taken off.
This is the closed form of Emmerich, Deutz and Klinkenberg, Hypervolume-based expected improvement (2011), with one
objective certain; the one-dimensional term is Mockus's, as in Jones et al., Efficient global optimization (1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, pi, sqrt

import numpy as np

from remap_core.trials.population import Floats, pareto_front

_erf = np.vectorize(erf, otypes=[np.float64])
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Front:
    """A Pareto front and its reference point. costs, values: (k,), both increasing; k may be 0.

    ceiling: the highest value that there is.
    """

    costs: Floats
    values: Floats
    worst_cost: float
    worst_value: float
    ceiling: float = np.inf

    @classmethod
    def of(
        cls, costs: Floats, values: Floats, *, worst_cost: float, worst_value: float, ceiling: float = np.inf
    ) -> Front:
        """The front of models, without those that are not better than the reference point."""
        values = np.minimum(values, ceiling)
        counts = (costs < worst_cost) & (values > worst_value)
        rows = pareto_front(costs[counts], values[counts])
        return cls(costs[counts][rows], values[counts][rows], worst_cost, worst_value, ceiling)

    def with_model(self, cost: float, value: float) -> Front:
        """The front after one more model."""
        return Front.of(
            np.append(self.costs, cost),
            np.append(self.values, value),
            worst_cost=self.worst_cost,
            worst_value=self.worst_value,
            ceiling=self.ceiling,
        )

    def levels(self, costs: Floats) -> Floats:
        """(m,): the value that a model of each cost must exceed to move the front."""
        steps = np.concatenate([[self.worst_value], self.values])
        return np.asarray(steps[np.searchsorted(self.costs, costs, side="right")])

    @property
    def hypervolume(self) -> float:
        """The area between the front and its reference point.

        >>> front = Front.of(np.array([1.0, 2.0]), np.array([0.5, 0.9]), worst_cost=4, worst_value=0)
        >>> round(front.hypervolume, 6)
        2.3
        """
        ends = np.append(self.costs[1:], self.worst_cost)[: len(self.costs)]
        return float((ends - self.costs) @ (self.values - self.worst_value))

    def expected_improvement(self, costs: Floats, mean: Floats, deviation: Floats) -> Floats:
        """(m,): how much each of m models is expected to add to the hypervolume, if its value is normal."""
        starts = np.concatenate([[-np.inf], self.costs])
        ends = np.concatenate([self.costs, [self.worst_cost]])
        levels = np.concatenate([[self.worst_value], self.values])
        widths = np.maximum(ends - np.maximum(costs[:, None], starts), 0)  # (m, k + 1)
        gains = expected_excess(mean[:, None], deviation[:, None], levels)
        if np.isfinite(self.ceiling):
            gains -= expected_excess(mean, deviation, np.array(self.ceiling))[:, None]
        return np.asarray((widths * np.maximum(gains, 0)).sum(axis=1))

    def chance(self, costs: Floats, mean: Floats, deviation: Floats) -> Floats:
        """(m,) in 0..1: the probability that each model moves the front, if its value is normal."""
        above = (mean - self.levels(costs)) / np.maximum(deviation, _SMALLEST)
        return np.where(costs < self.worst_cost, _below(above), 0.0)


def expected_excess(mean: Floats, deviation: Floats, level: Floats) -> Floats:
    """E[max(0, Y - level)] of normal Y, elementwise."""
    spread = np.maximum(deviation, _SMALLEST)
    above = (mean - level) / spread
    density = np.exp(-(above**2) / 2) / sqrt(2 * pi)
    return np.maximum(spread * (above * _below(above) + density), 0)


def _below(z: Floats) -> Floats:
    """The standard normal distribution function."""
    return np.asarray((1 + _erf(z / sqrt(2))) / 2)
