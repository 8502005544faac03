"""The winner's curse: how much the best of several models owes to the images that it was chosen by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from remap_core.trials.population import Floats

RESAMPLES = 200


def optimism_of_best(right: NDArray[np.bool_], weights: Floats, rng: np.random.Generator) -> float:
    """The expected excess (a share) of the best model's accuracy over what new images would say.

    right: (models, images) bool, which images each model classifies correctly. weights: (images,) at least 0, what each
    image counts. 0 for a single model, and where images are too few to leave some out.

    A bootstrap over images (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 17): the best model on
    a resample is compared with itself on the images left out. The accuracies on a resample vary around the true ones
    with twice the variance of those on all images, as these are a sample themselves, hence the division by sqrt(2).
    What a model's difference is on average over the resamples, 0 but for their luck, is subtracted.

    >>> one, two = [True, True, False, True], [True, False, True, True]
    >>> round(optimism_of_best(np.array([one]), np.ones(4), np.random.default_rng(0)), 6)
    0.0
    >>> 0 < optimism_of_best(np.array([one, two]), np.ones(4), np.random.default_rng(0)) < 0.5
    True
    """
    n = right.shape[1]
    shares = right.astype(np.float32)
    on_resample, on_left_out = [], []  # (models,) for each resample
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(n, size=n), minlength=n)
        counts = np.stack([weights * drawn, weights * (drawn == 0)], axis=1).astype(np.float32)
        totals = counts.sum(axis=0)
        if totals.all():
            accuracies = (shares @ counts) / totals
            on_resample.append(accuracies[:, 0])
            on_left_out.append(accuracies[:, 1])
    if not on_resample:
        return 0.0
    excess = np.subtract(on_resample, on_left_out)
    excess -= excess.mean(axis=0)
    best = np.argmax(on_resample, axis=1)
    return max(0.0, float(excess[np.arange(len(best)), best].mean()) / 2**0.5)
