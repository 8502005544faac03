"""The Pareto front of trained models on the scales on which its improvement is expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remap_core.analysis.suggest.hypervolume import Front
from remap_core.analysis.suggest.log_errors import BEST, log_errors
from remap_core.trials.population import Floats, Ints

MARGIN = 4.0
"""How far the reference cost lies above the cap on parameters, in units of a factor of e; without a cap, above the
largest model. The best accuracy under the cap so counts about as much as the rest of the front."""


def front_of_models(
    parameters: Ints, shares: Floats, allowed: NDArray[np.bool_], max_parameters: int | None = None
) -> Front:
    """The front of the allowed ones of n models: costs are logarithms of parameters, values are `log_errors`.

    parameters, shares (accuracies, 0..1), allowed: (n,). The reference value is the median of all n: a small model that
    is worse than most is no gain.
    """
    if not len(parameters):
        return Front(np.empty(0), np.empty(0), np.inf, -np.inf, BEST)
    values = log_errors(shares)
    return Front.of(
        np.log(parameters[allowed]),
        values[allowed],
        worst_cost=float(np.log(max_parameters or parameters.max())) + MARGIN,
        worst_value=float(np.median(values)),
        ceiling=BEST,
    )
