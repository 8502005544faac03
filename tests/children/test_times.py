from dataclasses import replace

import numpy as np
import pytest
from children.populations import population
from hypothesis import given
from hypothesis import strategies as st
from trainings import epoch, tiny, trial

from remap_core.children.times import TimeEstimate, estimate_time, queue_seconds
from remap_core.trials import TrialState

LINE = TimeEstimate(fixed=2.0, per_multiply_add=0.5, trainings=9, error=0.1)


def waiting(number, epochs=10):
    return replace(trial(number, units=4, epochs=epochs), state=TrialState.WAITING)


def test_measurements_on_a_line_give_the_line_back():
    found = estimate_time(population(multiply_adds=[1_000, 2_000, 9_000], seconds=[1.5, 2.0, 5.5]))
    assert (found.fixed, found.per_multiply_add) == (pytest.approx(1.0), pytest.approx(0.0005))
    assert (found.trainings, found.error) == (3, pytest.approx(0.0, abs=1e-9))


@given(st.lists(st.tuples(st.integers(1, 10**9), st.floats(0.01, 100)), min_size=3, max_size=12))
def test_no_measurements_make_an_estimate_negative(measured):
    work, seconds = zip(*measured, strict=True)
    found = estimate_time(population(multiply_adds=work, seconds=seconds))
    assert found.fixed >= 0
    assert found.per_multiply_add >= 0
    assert found.epoch_seconds(tiny()) >= 0


@given(st.lists(st.floats(0.5, 2), min_size=4, max_size=12))
def test_a_line_that_needs_no_bounds_is_numpys_weighted_one(factors):
    work = np.arange(1, len(factors) + 1) * 1_000_000
    seconds = (1 + work / 1e6) * np.array(factors)
    slope, fixed = np.polyfit(work, seconds, 1, w=1 / seconds)
    found = estimate_time(population(multiply_adds=work, seconds=seconds))
    if slope >= 0 and fixed >= 0:
        assert (found.fixed, found.per_multiply_add) == (pytest.approx(fixed, abs=1e-6), pytest.approx(slope, rel=1e-4))


def test_what_was_not_measured_is_left_out_and_two_measurements_are_too_few():
    assert estimate_time(population(multiply_adds=[1, 2, 3], seconds=[0.1, 0.2, np.nan])) is None


def test_a_running_trial_remains_as_long_as_its_own_epochs_take():
    running = replace(trial(epochs=10), last=replace(epoch(4), seconds=3.0))
    assert LINE.remaining_seconds(running) == 6 * 3.0
    assert LINE.remaining_seconds(waiting(1)) == 10 * (2.0 + 0.5 * tiny().multiply_adds)
    assert LINE.remaining_seconds(replace(running, state=TrialState.COMPLETE)) == 0


def test_two_workers_share_a_queue_in_its_order():
    one = 10 * (2.0 + 0.5 * tiny().multiply_adds)
    assert queue_seconds([waiting(1), waiting(2), waiting(3)], LINE, workers=2) == pytest.approx(2 * one)
    assert queue_seconds([waiting(1), waiting(2, epochs=30), waiting(3)], LINE, workers=2) == pytest.approx(3 * one)
    assert queue_seconds([], LINE, workers=0) == 0
