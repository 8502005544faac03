"""A Gaussian process over features: what a value would be, and how sure that is.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), sections 2.2 (predictions), 2.7 (a
constant mean that is not known), 4.2 (kernels) and 5.4.2 (leave-one-out). What is believed of further points is added
by the steps of a pivoted Cholesky decomposition of the posterior covariance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from remap_core.errors import InvalidDistances
from remap_core.trials.population import Floats

MIN_VALUES = 5
"""Known values that a process needs."""

LENGTHS = (0.5, 1.0, 2.0, 4.0)
"""Candidates for the length scale, in standard deviations of a feature, for two points that differ in all of them."""

LINEAR_SHARES = (0.2, 0.5, 0.9)
"""Candidates for the share of the variance that is linear in the features."""

NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Candidates for the noise: variance that no feature explains, as a share of the variance that features do."""

MIN_SCALE = 0.3
"""Features are divided by their standard deviation, but by no less: counts, logarithms and flags differ by about 1, and
one that hardly any known model differs in says how far a candidate is from them, not how good it is."""

HIGH_RANK = 0.6
LUCK = 2.5
"""A leave-one-out rank correlation of n values counts if it is above LUCK / sqrt(n - 1), or above HIGH_RANK.

Measured on noise, for 5 to 60 values: the choice of the kernel adds to the 1.6 that two samples would need.
"""

_TINY = 1e-12


@dataclass(frozen=True)
class Kernel:
    """Correlation of two points: linear in their features, and higher for near points.

    k(x, y) = linear x'y / d + (1 - linear) exp(-|x - y|^2 / (2 d length^2)), for d standardised features.
    """

    length: float
    linear: float

    def between(self, rows: Floats, columns: Floats) -> Floats:
        """(m, n) between (m, d) and (n, d) points."""
        products = rows @ columns.T / rows.shape[1]
        squares = _mean_squares(rows)[:, None] + _mean_squares(columns)[None, :] - 2 * products
        near = np.exp(-np.maximum(squares, 0) / (2 * self.length**2))
        return np.asarray(self.linear * products + (1 - self.linear) * near)

    def own(self, rows: Floats) -> Floats:
        """(m,) of each point with itself."""
        return self.linear * _mean_squares(rows) + 1 - self.linear


def _mean_squares(rows: Floats) -> Floats:
    return np.asarray(np.mean(rows**2, axis=1))


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of m points: mean (m,) and variance (m,) of their values, and the noise of a measurement.

    noise: a variance. believed: (k, m) factors of what was assumed about k of them, see `believing`.
    """

    mean: Floats
    variance: Floats
    noise: float
    _points: _Points
    believed: Floats

    @property
    def deviation(self) -> Floats:
        """(m,): standard deviation of a measurement at each point.

        What no feature explains is part of it: that is not only the luck of a training, but also how layers follow one
        another, and so something to be found.
        """
        return np.sqrt(self.variance + self.noise)

    def believing(self, row: int) -> Posterior:
        """The posterior if the value of a point were measured and were as expected: means stay, variances shrink.

        The "kriging believer" of Ginsbourger et al., Kriging is well-suited to parallelize optimization (2010).
        """
        covariance = self._points.covariance(row) - self.believed.T @ self.believed[:, row]
        factor = covariance / np.sqrt(max(covariance[row], 0) + self.noise + _TINY)
        variance = np.maximum(self.variance - factor**2, 0)
        return replace(self, variance=variance, believed=np.vstack([self.believed, factor]))


@dataclass(frozen=True, eq=False)
class _Points:
    features: Floats  # (m, d), standardised
    cross: Floats  # (m, n) with the known points
    from_mean: Floats  # (m,): how much of each prediction is the mean
    process: Process

    def covariance(self, row: int) -> Floats:
        """(m,): the covariance of all points with one of them."""
        prior = self.process.kernel.between(self.features, self.features[row : row + 1])[:, 0]
        explained = self.cross @ (self.process.inverse @ self.cross[row])
        from_mean = self.from_mean * self.from_mean[row] / self.process.weight
        return np.asarray(self.process.variance * (prior - explained + from_mean))


@dataclass(frozen=True, eq=False)
class Process:
    """A process fitted to n values.

    noise: as a share of `variance`. residuals: (n,), known values minus their leave-one-out predictions. density: the
    leave-one-out log density, which is the highest of all kernels and noises.
    """

    centre: Floats
    scale: Floats
    known: Floats  # (n, d), standardised
    values: Floats
    kernel: Kernel
    noise: float
    inverse: Floats  # (n, n) of the kernel with noise
    mean: float
    variance: float
    residuals: Floats
    density: float

    def posterior(self, features: Floats) -> Posterior:
        """What is known of (m, d) points that are described by the same features."""
        points = (features - self.centre) / self.scale
        cross = self.kernel.between(points, self.known)
        explained = np.sum((cross @ self.inverse) * cross, axis=1)
        from_mean = 1 - cross @ self.inverse.sum(axis=1)
        share = np.maximum(self.kernel.own(points) - explained, 0) + from_mean**2 / self.weight
        return Posterior(
            mean=self.mean + cross @ (self.inverse @ (self.values - self.mean)),
            variance=self.variance * share,
            noise=self.variance * self.noise,
            _points=_Points(points, cross, from_mean, self),
            believed=np.empty((0, len(points))),
        )

    @property
    def weight(self) -> float:
        """How well the mean is known: the inverse of its variance, in units of `variance`."""
        return float(self.inverse.sum())

    @property
    def rank_correlation(self) -> float:
        """Spearman's, of the values and their leave-one-out predictions; 0 where either has no ranks."""
        return rank_correlation(self.values, self.values - self.residuals)

    @property
    def is_better_than_guessing(self) -> bool:
        """Whether so high a rank correlation comes by luck in about one of twenty cases, or fewer."""
        return bool(self.rank_correlation > min(HIGH_RANK, LUCK / np.sqrt(len(self.values) - 1)))


def fit_process(features: Floats, values: Floats) -> Process:
    """The process of the kernels and noises above with the highest leave-one-out log density.

    features: (n, d), scaled here. values: (n,). O(n^3) time for each kernel. Raises InvalidDistances for fewer than
    MIN_VALUES values, for values that are all equal, and for numbers that are not finite.
    """
    _require_fit(features, values)
    centre = features.mean(axis=0)
    scale = np.maximum(features.std(axis=0), MIN_SCALE)
    known = (features - centre) / scale
    return max(_fits(centre, scale, known, values), key=lambda fitted: fitted.density)


def _fits(centre: Floats, scale: Floats, known: Floats, values: Floats) -> Iterator[Process]:
    for length, linear in product(LENGTHS, LINEAR_SHARES):
        kernel = Kernel(length, linear)
        eigenvalues, vectors = np.linalg.eigh(kernel.between(known, known))
        for noise in NOISES:
            inverse = (vectors / (np.maximum(eigenvalues, 0) + noise)) @ vectors.T
            variance, residuals, density = left_out(inverse, values)
            yield Process(
                centre=centre,
                scale=scale,
                known=known,
                values=values,
                kernel=kernel,
                noise=noise,
                inverse=inverse,
                mean=float(inverse.sum(axis=0) @ values / inverse.sum()),
                variance=variance,
                residuals=residuals,
                density=density,
            )


def _require_fit(features: Floats, values: Floats) -> None:
    n = len(values)
    if n < MIN_VALUES:
        raise InvalidDistances(f"A prediction needs at least {MIN_VALUES} finished models, but there are {n}.")
    if len(features) != n or not np.isfinite(features).all() or not np.isfinite(values).all():
        raise InvalidDistances("There must be one finite value, and finite features, for each known model.")
    if np.ptp(values) < _TINY:
        raise InvalidDistances(f"All {n} models are equally good, so none tells what made it so.")


def left_out(inverse: Floats, values: Floats) -> tuple[float, Floats, float]:
    """Variance, leave-one-out residuals (n,) and log density of a kernel with noise, given its inverse.

    The mean is left out with each value: what is centred by all of them would give the left-out one away.
    """
    weights = inverse.sum(axis=0)
    projected = inverse - np.outer(weights, weights) / weights.sum()
    precision = np.maximum(np.diag(projected), _TINY)
    residuals = projected @ values / precision
    squares = residuals**2 * precision
    variance = max(float(np.mean(squares)), _TINY)
    density = -0.5 * float(np.sum(np.log(variance / precision) + squares / variance))
    return variance, residuals, density


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation of two (n,) samples, ties sharing their mean rank; 0 where one is constant.

    >>> round(rank_correlation(np.array([1.0, 2.0, 5.0]), np.array([0.1, 0.3, 0.2])), 3)
    0.5
    """
    ranks = np.stack([_ranks(first), _ranks(second)])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    sizes = np.sqrt((centred**2).sum(axis=1))
    if not sizes.all():
        return 0.0
    return float(centred[0] @ centred[1] / sizes.prod())


def _ranks(values: Floats) -> Floats:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places])
