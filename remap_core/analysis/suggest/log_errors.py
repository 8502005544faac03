"""The scale on which accuracies are predicted: the negative logarithm of the error rate, see decision 014.

It has no end at 1, and halving the errors is worth the same everywhere. The order of models stays, so the Pareto front
does too.
"""

from __future__ import annotations

import numpy as np

from remap_core.trials.population import Floats

SOFTENING = 0.005
"""Added to an error rate before its logarithm is taken: no error on the validation images is not infinitely good."""

BEST = -float(np.log(SOFTENING))
"""No error at all, on the scale."""


def log_errors(shares: Floats) -> Floats:
    """Accuracies (0..1) on the scale.

    >>> log_errors(np.array([0.5, 0.75])).round(2).tolist()
    [0.68, 1.37]
    """
    return np.asarray(-np.log(1 - shares + SOFTENING))


def shares_of(values: Floats) -> Floats:
    """Accuracies (0..1) of values on the scale, those beyond its ends at 0 or 1."""
    return np.clip(1 + SOFTENING - np.exp(-values), 0, 1)
