"""Accuracy before training: the process on plain features, with its error in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from remap_core.analysis.suggest.features import features_of
from remap_core.analysis.suggest.log_errors import log_errors, shares_of
from remap_core.analysis.suggest.process import Process, fit_process
from remap_core.errors import InvalidDistances
from remap_core.space.architecture import Architecture
from remap_core.trials.population import Floats

MIN_MODELS = 15
"""Models with a known accuracy that a prediction needs, so that its error says something."""

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
    _process: Process | None
    _constant: float

    def predict(self, architectures: Architectures) -> Floats:
        """(m, 3) float64: expected accuracy of one training, then the low and the high end of its 68 % interval."""
        if self._process is None:
            return np.full((len(architectures), 3), self._constant)
        posterior = self._process.posterior(features_of(architectures))
        mean, deviation = posterior.mean, posterior.deviation
        return shares_of(np.stack([mean, mean - deviation, mean + deviation], axis=1))


def fit_surrogate(architectures: Architectures, accuracies: Floats) -> Surrogate | None:
    """The process that predicts each of the n models best from the others; None for fewer than MIN_MODELS.

    Models that are all equally accurate predict that accuracy. Raises InvalidDistances unless there is one finite
    accuracy for each architecture.
    """
    n = len(architectures)
    if len(accuracies) != n or not np.isfinite(accuracies).all():
        raise InvalidDistances(
            f"There must be one finite accuracy for each architecture, but got {accuracies!r:.80} for {n}."
        )
    if n < MIN_MODELS:
        return None
    values = log_errors(accuracies)
    if not np.ptp(values):
        return Surrogate(n, 0.0, 0.0, None, float(accuracies[0]))
    process = fit_process(features_of(architectures), values)
    errors = accuracies - shares_of(values - process.residuals)
    return Surrogate(
        models=n,
        error=float(np.median(np.abs(errors))),
        guess=_error_of_guessing(accuracies),
        _process=process,
        _constant=float(np.median(accuracies)),
    )


def _error_of_guessing(accuracies: Floats) -> float:
    errors = []
    for row, accuracy in enumerate(accuracies):
        others = np.delete(accuracies, row)
        errors.append(abs(accuracy - np.median(others)))
    return float(np.median(errors))
