import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from remap_core.analysis.uncertainty import SeedNoise, Spread

shares = st.lists(st.floats(-1, 1), min_size=3, max_size=30).filter(lambda values: np.ptp(values) > 1e-6)


@given(shares)
def test_the_interval_is_that_of_a_t_test(values):
    oracle = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert Spread.of(values).interval == pytest.approx((oracle.low, oracle.high), abs=1e-9)


@given(shares)
def test_an_interval_holds_zero_where_a_t_test_finds_nothing(values):
    p = scipy.stats.ttest_1samp(values, 0).pvalue
    if abs(p - 0.05) > 1e-9:
        assert Spread.of(values).may_be_zero == (p > 0.05)


@pytest.mark.parametrize("values", [(), (0.1,), (0.1, -0.1)])
def test_fewer_than_three_differences_have_no_interval(values):
    spread = Spread.of(values)
    assert (spread.interval, spread.may_be_zero) == (None, False)


def test_what_is_not_known_counts_neither_in_the_mean_nor_in_the_interval():
    assert Spread.of([0.1, np.nan, 0.2, 0.3]) == Spread.of([0.1, 0.2, 0.3])


def test_without_repeats_nothing_is_known_about_seeds():
    assert SeedNoise.pooled(np.array([np.nan, np.nan]), np.array([1, 1])) is None


def test_the_noise_of_seeds_is_pooled_by_degrees_of_freedom():
    rng = np.random.default_rng(0)
    trainings = [rng.normal(mean, 0.01, n) for mean, n in ((0.7, 2), (0.8, 5), (0.9, 3))]
    noise = SeedNoise.pooled(
        np.array([each.std(ddof=1) for each in trainings]), np.array([len(each) for each in trainings])
    )
    centred = np.concatenate([each - each.mean() for each in trainings])
    assert noise == SeedNoise(pytest.approx(np.sqrt((centred**2).sum() / 7)), 7)


def test_two_trainings_of_one_model_differ_by_more_than_the_band_one_time_in_twenty():
    rng = np.random.default_rng(1)
    trainings = rng.normal(0.8, 0.01, (4_000, 6))  # four tell the spread, the other two are compared
    over = 0
    for *known, first, second in trainings:
        noise = SeedNoise.pooled(np.array([np.std(known, ddof=1)]), np.array([4]))
        over += abs(first - second) > noise.band([1, -1], [1, 1])
    assert over / len(trainings) == pytest.approx(0.05, abs=0.01)
