"""Would more images help? The error of a model by the number of its training images, and the curve carried on.

Errors fall with a power of the number of images, down to what no number of them takes away (Hestness et al., Deep
Learning Scaling is Predictable, Empirically, 2017; Viering and Loog, The Shape of Learning Curves, TPAMI 2023: "POW3").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidTrial
from remap_core.trials.population import Floats, Ints

DRAWS = 500
"""Bootstrap samples of the band."""
BAND = (10, 90)
"""Percentiles of the band: it holds 80 % of the samples."""
MIN_SIZES = 3
"""Numbers of images through which a curve of three parameters goes."""
_POWERS = np.linspace(0.05, 2, 40)
_POINTS = 25
_SEED = 2019


@dataclass(frozen=True, eq=False)
class DataGrowth:
    """The fitted curve: expected accuracy (0..1), with its 80 % band, at (p,) numbers of training images.

    They go from the smallest one measured to four times the whole; `double` is the place of twice the whole.
    gain, gain_low, gain_high: accuracy at twice the images less that at the whole, with its band.
    """

    images: Floats
    accuracy: Floats
    low: Floats
    high: Floats
    double: int
    gain: float
    gain_low: float
    gain_high: float


def data_growth(images: Ints, correct: NDArray[np.bool_]) -> DataGrowth:
    """Fit a curve to trainings of one model, and carry it on.

    images: (k,) training images of each training; the most are the whole. correct: (k, n), which validation images
    each one classifies correctly. The band comes from a bootstrap over validation images, the same ones for all
    trainings, and over the trainings of each number of images. Raises InvalidTrial for fewer than 3 numbers of images.
    """
    sizes = np.unique(images)
    if len(sizes) < MIN_SIZES:
        raise InvalidTrial(f"A curve needs {MIN_SIZES} numbers of training images, but got {len(sizes)}.")
    order = np.argsort(images, kind="stable")
    measured = images[order] / sizes[-1]
    shares = np.geomspace(measured[0], 4, _POINTS)
    shares = np.unique(np.concatenate([shares, [1.0, 2.0]]))
    wrong = ~correct[order]
    errors = np.stack([wrong.mean(axis=1), *_resampled(measured, wrong)])
    curve, *draws = power_laws(measured, errors, shares)
    low, high = np.percentile(draws, BAND, axis=0)
    one, two = np.searchsorted(shares, [1.0, 2.0])
    gain = curve[two] - curve[one]
    gain_low, gain_high = np.percentile([draw[two] - draw[one] for draw in draws], BAND)
    return DataGrowth(
        images=shares * sizes[-1],
        accuracy=curve,
        low=np.minimum(low, curve),
        high=np.maximum(high, curve),
        double=int(two),
        gain=float(gain),
        gain_low=float(min(gain_low, gain)),
        gain_high=float(max(gain_high, gain)),
    )


def power_laws(measured: Floats, errors: Floats, shares: Floats) -> Floats:
    """(d, p) accuracies at `shares` (p,) of all images, by least squares of d curves through the errors at `measured`.

    A curve is factor * share ** -power + rest, all at least 0 and the power at most 2. measured: (k,) shares. errors:
    (d, k), 0..1. For each of some powers the other two have a closed form; the power with the least squares is taken.
    """
    fits = np.stack([_fit(measured**-power, errors) for power in _POWERS])  # (powers, 3, d)
    best = fits[:, 2].argmin(axis=0)
    factor, rest, _ = fits[best, :, np.arange(len(errors))].T
    falling = shares ** -_POWERS[best][:, np.newaxis]
    curves: Floats = factor[:, np.newaxis] * falling + rest[:, np.newaxis]
    return 1 - np.clip(curves, 0, 1)


def _fit(column: Floats, errors: Floats) -> Floats:
    """Factor, rest and the sum of squares, (3, d): least squares of errors (d, k) by factor * column + rest.

    Neither is below 0: where the free solution has one that is, the better of the two with one of them at 0 is it.
    """
    centred = column - column.mean()
    free = errors @ centred / (centred @ centred)
    means = errors.mean(axis=1)
    without_rest = errors @ column / (column @ column)
    none = np.zeros_like(means)
    candidates = [(free, means - free * column.mean()), (without_rest, none), (none, means)]
    fits = []
    for factor, rest in candidates:
        residuals = errors - np.outer(factor, column) - rest[:, np.newaxis]
        squares = np.where((factor >= 0) & (rest >= 0), (residuals**2).sum(axis=1), np.inf)
        fits.append(np.stack([factor, rest, squares]))
    found = np.stack(fits)  # (3 candidates, 3, d)
    best = found[:, 2].argmin(axis=0)
    chosen: Floats = found[best, :, np.arange(len(errors))].T
    return chosen


def _resampled(measured: Floats, wrong: NDArray[np.bool_]) -> Iterator[Floats]:
    """The errors (k,) of bootstrap samples. measured: (k,), ascending. wrong: (k, n)."""
    rng = np.random.default_rng(_SEED)
    n = wrong.shape[1]
    by_size = [np.flatnonzero(measured == share) for share in np.unique(measured)]
    for _ in range(DRAWS):
        trainings = np.concatenate([rng.choice(rows, len(rows)) for rows in by_size])
        validation = rng.integers(n, size=n)
        yield wrong[trainings][:, validation].mean(axis=1)
