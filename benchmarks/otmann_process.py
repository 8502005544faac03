"""The surrogate until decision 031, which it is compared with: a Gaussian process on the OTMANN kernel.

Sources: for the kernel Kandasamy et al., Neural architecture search with Bayesian optimisation and optimal transport
(NeurIPS 2018), section 3.3; for the linear part and for leave-one-out Rasmussen and Williams, Gaussian Processes for
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

MIN_MODELS = 15
"""Models with a known accuracy that a prediction needs."""

SCALES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Candidates for the length scale: the distance (dbar) over which the correlation of residuals falls to 1/e."""

NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Candidates for the noise: variance that no distance explains, as a share of the variance that distances do."""

SOFTENING = 0.005
"""Added to an error rate before its logarithm is taken: no error on the validation images is not infinitely good."""

Architectures = Sequence[Architecture]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """Predictions of accuracy (0..1) from models with a known one.

    error: median absolute leave-one-out error of the known models. guess: the same for the constant prediction that is
    the median of the other models; a surrogate is useful only where its error is smaller.
    """

    models: int
    error: float
    guess: float
    _fit: _Fit

    def predict(self, architectures: Architectures) -> Floats:
        """(m, 3) float64: expected accuracy of one training, then the low and the high end of its 68 % interval."""
        mean, deviation = self._fit.predict(architectures)
        values = np.stack([mean, mean - deviation, mean + deviation], axis=1)
        return _accuracy(values)


def fit_surrogate(architectures: Architectures, accuracies: Floats) -> Surrogate | None:
    """The process that predicts each of the n models best from the others; None for fewer than MIN_MODELS.

    It models the negative logarithm of the error rate: linear in the logarithms of parameters and multiply-adds and in
    the number of layers, with residuals that are similar for similar architectures. Length scale and noise are those
    of SCALES and NOISES with the highest leave-one-out log density. exp(-dbar / scale) need not be positive definite:
    negative eigenvalues are set to 0. O(n^3) time, and n^2 / 2 distances. Raises InvalidDistances unless there is one
    finite accuracy for each architecture.
    """
    n = len(architectures)
    if len(accuracies) != n or not np.isfinite(accuracies).all():
        raise InvalidDistances(
            f"There must be one finite accuracy for each architecture, but got {accuracies!r:.80} for {n}."
        )
    if n < MIN_MODELS:
        return None
    values = -np.log(1 - accuracies + SOFTENING)
    best = _best_fit(OtmannIndex(architectures), _linear_features(architectures), values)
    errors = accuracies - _accuracy(values - best.residuals)
    return Surrogate(
        models=n,
        error=float(np.median(np.abs(errors))),
        guess=_error_of_guessing(accuracies),
        _fit=best,
    )


def _best_fit(index: OtmannIndex, linear: Floats, values: Floats) -> _Fit:
    distances = index.distances()
    fits = []
    for scale in SCALES:
        eigenvalues, vectors = np.linalg.eigh(np.exp(-distances / scale))
        eigenvalues = np.maximum(eigenvalues, 0)
        for noise in NOISES:
            inverse = (vectors / (eigenvalues + noise)) @ vectors.T
            fit = _fitted(
                index,
                linear,
                values,
                scale=scale,
                noise=noise,
                inverse=inverse,
            )
            fits.append(fit)
    return max(fits, key=lambda fit: fit.density)


def _error_of_guessing(accuracies: Floats) -> float:
    errors = []
    for row, accuracy in enumerate(accuracies):
        others = np.delete(accuracies, row)
        errors.append(abs(accuracy - np.median(others)))
    return float(np.median(errors))


@dataclass(frozen=True, eq=False)
class _Fit:
    """A process with its length scale and noise. residuals: (n,) known values minus their leave-one-out predictions."""

    index: OtmannIndex
    scale: float
    noise: float
    inverse: Floats  # (n, n) of the kernel with noise
    linear: Floats  # (n, 4)
    weights: Floats  # (n,)
    slopes: Floats  # (4,)
    slope_covariance: Floats  # (4, 4), in units of the variance
    variance: float
    residuals: Floats
    density: float

    def predict(self, architectures: Architectures) -> tuple[Floats, Floats]:
        """(m,) means and (m,) standard deviations."""
        kernel = np.exp(-self.index.distances_to(architectures) / self.scale)  # (m, n)
        linear = _linear_features(architectures)  # (m, 4)
        mean = linear @ self.slopes + kernel @ self.weights
        explained = _quadratic_forms(kernel, self.inverse)
        unexplained = linear - kernel @ self.inverse @ self.linear
        from_slopes = _quadratic_forms(unexplained, self.slope_covariance)
        share = np.maximum(1 - explained, 0) + self.noise + from_slopes
        return mean, np.sqrt(self.variance * share)


def _fitted(
    index: OtmannIndex,
    linear: Floats,
    values: Floats,
    *,
    scale: float,
    noise: float,
    inverse: Floats,
) -> _Fit:
    weighted = inverse @ linear  # (n, 4)
    slope_covariance: Floats = np.linalg.pinv(linear.T @ weighted).astype(np.float64)
    slopes = slope_covariance @ (weighted.T @ values)
    projected = inverse - weighted @ slope_covariance @ weighted.T
    precision = np.maximum(np.diag(projected), 1e-12)  # of each leave-one-out prediction
    residuals = projected @ values / precision
    squares = residuals**2 * precision
    variance = max(float(np.mean(squares)), 1e-12)
    density = -0.5 * float(np.sum(np.log(variance / precision) + squares / variance))
    return _Fit(
        index=index,
        scale=scale,
        noise=noise,
        inverse=inverse,
        linear=linear,
        weights=inverse @ (values - linear @ slopes),
        slopes=slopes,
        slope_covariance=slope_covariance,
        variance=variance,
        residuals=residuals,
        density=density,
    )


def _quadratic_forms(rows: Floats, matrix: Floats) -> Floats:
    """(m,): x' A x for each row x of (m, n); matrix: (n, n), A."""
    return np.asarray(np.einsum("mi,ij,mj->m", rows, matrix, rows))


def _linear_features(architectures: Architectures) -> Floats:
    """(n, 4): 1, logarithms of parameters and of multiply-adds, number of layers."""
    features = []
    for architecture in architectures:
        log_parameters = np.log(architecture.parameters)
        log_multiply_adds = np.log(architecture.multiply_adds)
        features.append([1.0, log_parameters, log_multiply_adds, len(architecture.layers)])
    return np.array(features)


def _accuracy(values: Floats) -> Floats:
    """Accuracies (0..1) of negative logarithms of the softened error rate."""
    return np.clip(1 + SOFTENING - np.exp(-values), 0, 1)
