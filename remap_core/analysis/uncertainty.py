"""How sure a mean difference is: its confidence interval, and what other seeds alone would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from remap_core.trials.population import Floats, Ints, Population

CONFIDENCE = 0.95
MIN_PAIRS = 3
"""Fewer differences have no interval: two of them say next to nothing about their own spread."""


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (0 for a single one) of n differences."""

    mean: float
    deviation: float
    n: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of the values without those that are not finite; NaN without any."""
        known = np.array([value for value in values if np.isfinite(value)])
        if not len(known):
            return cls(float("nan"), float("nan"), 0)
        deviation = float(known.std(ddof=1)) if len(known) > 1 else 0.0
        return cls(float(known.mean()), deviation, len(known))

    @property
    def interval(self) -> tuple[float, float] | None:
        """Student's 95 % confidence interval of the mean; None for fewer than 3 differences.

        It takes the differences for independent. Those of children of one parent share the luck of that parent.

        >>> low, high = Spread(0.02, 0.01, 4).interval
        >>> round(low, 4), round(high, 4)
        (0.0041, 0.0359)
        """
        if self.n < MIN_PAIRS:
            return None
        half = _t(self.n - 1) * self.deviation / self.n**0.5
        return self.mean - half, self.mean + half

    @property
    def may_be_zero(self) -> bool:
        """Whether the interval holds 0; False without an interval."""
        if self.interval is None:
            return False
        low, high = self.interval
        return low <= 0 <= high


@dataclass(frozen=True)
class SeedNoise:
    """The standard deviation of a model's accuracy (0..1) between seeds, known with so many degrees of freedom."""

    deviation: float
    freedom: int

    @classmethod
    def pooled(cls, deviations: Floats, seeds: Ints) -> SeedNoise | None:
        """The noise of repeated models together: their sample deviations and seeds, both (n,); None without any.

        >>> SeedNoise.pooled(np.array([0.01, 0.01, np.nan]), np.array([3, 5, 1]))
        SeedNoise(deviation=0.01, freedom=6)
        """
        repeated = seeds > 1
        freedom = int((seeds[repeated] - 1).sum())
        if not freedom:
            return None
        squares = (seeds[repeated] - 1) @ deviations[repeated] ** 2
        return cls(float(np.sqrt(squares / freedom)), freedom)

    @classmethod
    def of(cls, population: Population) -> SeedNoise | None:
        """The noise of all repeated models of a data set; None without any."""
        return cls.pooled(population.deviation, population.seeds)

    def band(self, weights: Iterable[float], seeds: Iterable[int]) -> float:
        """What a weighted sum of accuracies differs from its expectation at most, in 95 of 100 cases, by seeds alone.

        weights, seeds: for each model its weight in the sum, and how many trainings its accuracy is the mean of.

        >>> round(SeedNoise(0.01, 1000).band([1, -1], [1, 1]), 4)  # one training minus another: 1.96 * 0.01 * sqrt 2
        0.0278
        """
        variance = sum(weight**2 / n for weight, n in zip(weights, seeds, strict=True))
        return _t(self.freedom) * self.deviation * float(variance**0.5)


def _t(freedom: int) -> float:
    """How many standard errors Student's t stays within, in 95 of 100 cases."""
    from scipy.special import stdtrit  # noqa: PLC0415 (takes a while, which the first page need not wait for)

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
