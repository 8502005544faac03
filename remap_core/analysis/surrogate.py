"""Accuracy before training: a Gaussian process on the OTMANN kernel.

Sources: of the kernel Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport
(NeurIPS 2018), section 3.3; of the linear part and of leaving one out Rasmussen and Williams, Gaussian Processes for
Machine Learning (2006), sections 2.7 and 5.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remap_core.errors import InvalidDistances
from remap_core.geometry.otmann.distances import OtmannIndex
from remap_core.geometry.otmann.nodes import Floats
from remap_core.space.architecture import Architecture

FEWEST = 15
"""Models of known accuracy that a prediction needs."""

SCALES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Distances (dbar) over which what the linear part leaves falls to 1/e of being alike: what is tried."""

NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Variance that no distance explains, as a share of the one that distances do: what is tried."""

SOFTENED = 0.005
"""Added to an error before its logarithm is taken: who has every image right is not infinitely good."""


@dataclass(frozen=True, eq=False)
class Surrogate:
    """What the accuracies (0..1) of known models say of any other one's.

    error: median of how far each known model's accuracy is from what the others say of it. guess: the same where the
    median of the others is said of each; a surrogate is worth something where its error is less than that.
    """

    models: int
    error: float
    guess: float
    _fit: _Fit

    def predict(self, architectures: Sequence[Architecture]) -> Floats:
        """(m, 3) float64: of each training's accuracy the value that it is expected to reach, and the bounds of the
        middle 68 %, low then high."""
        mean, deviation = self._fit.predict(architectures)
        return _accuracy(np.stack([mean, mean - deviation, mean + deviation], axis=1))


def fit_surrogate(architectures: Sequence[Architecture], accuracies: Floats) -> Surrogate | None:
    """The process that predicts each of the n models best from the others; None for fewer than FEWEST.

    It is on the negative logarithm of the error rate: linear in the logarithms of parameters and multiply-adds and in
    the number of layers, and what these leave is alike where architectures are. Length scale and noise are those of
    SCALES and NOISES with the highest leave-one-out log density. exp(-dbar / scale) need not be positive definite:
    negative eigenvalues are set to 0. O(n^3) time, and n^2 / 2 distances. Raises InvalidDistances for other than one
    finite accuracy for each architecture.
    """
    if len(architectures) != len(accuracies) or not np.isfinite(accuracies).all():
        raise InvalidDistances(
            f"There must be one accuracy for each architecture, but got {accuracies!r:.80} for {len(architectures)}."
        )
    if len(architectures) < FEWEST:
        return None
    index = OtmannIndex(architectures)
    distances, linear, values = index.distances(), _linear(architectures), -np.log(1 - accuracies + SOFTENED)
    fits = []
    for scale in SCALES:
        eigenvalues, vectors = np.linalg.eigh(np.exp(-distances / scale))
        for noise in NOISES:
            inverse = (vectors / (np.maximum(eigenvalues, 0) + noise)) @ vectors.T
            fits.append(_fitted(index, linear, values, scale=scale, noise=noise, inverse=inverse))
    best = max(fits, key=lambda fit: fit.density)
    missed = accuracies - _accuracy(values - best.missed)
    guessed = [one - np.median(np.delete(accuracies, row)) for row, one in enumerate(accuracies)]
    return Surrogate(len(accuracies), float(np.median(np.abs(missed))), float(np.median(np.abs(guessed))), best)


@dataclass(frozen=True, eq=False)
class _Fit:
    """A process with its length scale and noise. missed: (n,) known values less what the others say of them."""

    index: OtmannIndex
    scale: float
    noise: float
    inverse: Floats  # (n, n) of the kernel with noise
    linear: Floats  # (n, 4)
    weights: Floats  # (n,)
    slopes: Floats  # (4,)
    spread: Floats  # (4, 4) how unsure the slopes are, in units of the variance
    variance: float
    missed: Floats
    density: float

    def predict(self, architectures: Sequence[Architecture]) -> tuple[Floats, Floats]:
        """(m,) means and (m,) standard deviations."""
        kernel = np.exp(-self.index.distances_to(architectures) / self.scale)  # (m, n)
        linear = _linear(architectures)
        mean = linear @ self.slopes + kernel @ self.weights
        explained = np.einsum("mi,ij,mj->m", kernel, self.inverse, kernel)
        unexplained = linear - kernel @ self.inverse @ self.linear
        unsure = np.einsum("mi,ij,mj->m", unexplained, self.spread, unexplained)
        return mean, np.sqrt(self.variance * (np.maximum(1 - explained, 0) + self.noise + unsure))


def _fitted(index: OtmannIndex, linear: Floats, values: Floats, *, scale: float, noise: float, inverse: Floats) -> _Fit:
    weighted = inverse @ linear  # (n, 4)
    spread: Floats = np.linalg.pinv(linear.T @ weighted).astype(np.float64)
    slopes = spread @ (weighted.T @ values)
    projected = inverse - weighted @ spread @ weighted.T
    precision = np.maximum(np.diag(projected), 1e-12)
    missed = projected @ values / precision
    variance = max(float(np.mean(missed**2 * precision)), 1e-12)
    density = -0.5 * float(np.sum(np.log(variance / precision) + missed**2 * precision / variance))
    weights = inverse @ (values - linear @ slopes)
    return _Fit(index, scale, noise, inverse, linear, weights, slopes, spread, variance, missed, density)


def _linear(architectures: Sequence[Architecture]) -> Floats:
    """(n, 4): 1, logarithms of parameters and of multiply-adds, number of layers."""
    return np.array(
        [[1.0, np.log(one.parameters), np.log(one.multiply_adds), len(one.layers)] for one in architectures]
    )


def _accuracy(values: Floats) -> Floats:
    return np.clip(1 + SOFTENED - np.exp(-values), 0, 1)
