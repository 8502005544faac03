"""Would more images help: the curve through accuracies by the number of training images, and its band."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from remap_core.analysis.data_growth import data_growth, power_laws
from remap_core.errors import InvalidTrial

SHARES = np.array([0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 1, 1])
IMAGES = (1000 * SHARES).astype(np.int64)


def correct(errors, n=1000):
    """(k, n): the first images are the wrong ones."""
    return np.arange(n) >= n * np.asarray(errors)[:, np.newaxis]


def test_a_power_law_is_found_again_and_carried_on():
    found = data_growth(IMAGES, correct(0.1 * SHARES**-0.5 + 0.02))
    assert found.images[found.double] == 2000
    assert found.images[-1] == pytest.approx(4000)
    assert found.accuracy[0] == pytest.approx(0.78, abs=0.002)
    assert found.accuracy[found.double] == pytest.approx(1 - 0.1 / 2**0.5 - 0.02, abs=0.003)
    assert found.gain == pytest.approx(0.0293, abs=0.003)


def test_the_fit_is_that_of_scipy():
    rng = np.random.default_rng(3)
    errors = 0.1 * SHARES**-0.6 + 0.03 + rng.normal(0, 0.004, 8)
    (ours,) = power_laws(SHARES, errors[np.newaxis], np.array([0.25, 0.5, 1, 2]))
    fitted, _ = curve_fit(lambda x, a, b, c: a * x**-b + c, SHARES, errors, p0=(0.1, 0.5, 0.01), bounds=(0, [1, 2, 1]))
    theirs = 1 - (fitted[0] * np.array([0.25, 0.5, 1, 2]) ** -fitted[1] + fitted[2])
    assert ours == pytest.approx(theirs, abs=0.002)  # powers are tried in steps of 0.05


def test_where_more_images_change_nothing_the_gain_is_nothing():
    found = data_growth(IMAGES, correct(np.full(8, 0.1)))
    assert found.gain == pytest.approx(0, abs=1e-9)
    assert (found.gain_low, found.gain_high) == pytest.approx((0, 0), abs=1e-9)


def test_accuracies_that_fall_with_more_images_are_not_carried_on_downwards():
    found = data_growth(IMAGES, correct(0.1 * SHARES**0.5))
    assert found.gain == pytest.approx(0, abs=1e-9)


def test_the_band_holds_the_curve_is_wider_far_away_and_the_same_every_time():
    rng = np.random.default_rng(0)
    judged = rng.random((8, 300)) > (0.1 * SHARES**-0.7)[:, np.newaxis]
    found, again = data_growth(IMAGES, judged), data_growth(IMAGES, judged)
    assert (found.low <= found.accuracy).all()
    assert (found.accuracy <= found.high).all()
    width = found.high - found.low
    assert width[-1] > width[found.images.searchsorted(1000)]
    assert (found.low == again.low).all()
    assert found.gain_low <= found.gain <= found.gain_high


def test_models_without_any_error_stay_without():
    found = data_growth(IMAGES, correct(np.zeros(8)))
    assert (found.accuracy == 1).all()


def test_two_numbers_of_images_make_no_curve():
    with pytest.raises(InvalidTrial, match="A curve needs 3 numbers of training images, but got 2"):
        data_growth(IMAGES[:6], correct(np.full(6, 0.1)))
