from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trainings import epoch, tiny, trial

from remap_core.analysis.durations import (
    MIN_TRAININGS,
    Measured,
    TimeEstimate,
    estimate_time,
    schedule_seconds,
    work_of,
)
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.trials.trial import TrialState

LINE = TimeEstimate(costs=(2.0, 0, 0, 0.5, 0, 0, 0), trainings=9, error=0.1)
BATCH = 16
UNITS = (1, 2, 5, 9, 14, 30, 60, 100)


def waiting(number, epochs=10):
    return replace(trial(number, units=4, epochs=epochs), state=TrialState.WAITING)


def measured(costs, units=UNITS, factors=None):
    """Trainings that took exactly what the costs say, or so many times as long."""
    chains = [tiny(number) for number in units]
    return [
        Measured(chain, BATCH, float(work_of(chain, BATCH) @ costs) * factor)
        for chain, factor in zip(chains, factors or [1.0] * len(chains), strict=True)
    ]


def test_times_that_grow_with_the_work_alone_are_predicted_exactly():
    found = estimate_time(measured([1.0, 0, 0, 0.001, 0, 0, 0]))
    assert found.epoch_seconds(tiny(500), BATCH) == pytest.approx(1 + 0.001 * tiny(500).multiply_adds, rel=1e-6)
    assert (found.trainings, found.error) == (len(UNITS), pytest.approx(0.0, abs=1e-6))


def test_what_changing_the_images_costs_is_learnt_from_trainings_that_do():
    chains = [tiny(number) for number in UNITS]
    plain = [Measured(chain, BATCH, 1.0) for chain in chains]
    changed = [Measured(chain, BATCH, 1.5, changes_images=True) for chain in chains]
    found = estimate_time([*plain, *changed, *plain])
    assert found.epoch_seconds(tiny(7), BATCH) == pytest.approx(1.0, rel=0.01)
    assert found.epoch_seconds(tiny(7), BATCH, changes_images=True) == pytest.approx(1.5, rel=0.01)


@given(st.lists(st.tuples(st.integers(1, 10**4), st.floats(0.01, 100)), min_size=3, max_size=12))
def test_no_measurements_make_an_estimate_negative(taken):
    found = estimate_time([Measured(tiny(units), BATCH, seconds) for units, seconds in taken])
    assert min(found.costs) >= 0
    assert np.isfinite(found.epoch_seconds(tiny(), BATCH))


@given(st.floats(0.01, 100), st.lists(st.floats(0.1, 10), min_size=MIN_TRAININGS, max_size=8))
def test_the_estimate_grows_as_the_machine_is_slower(slower, seconds):
    chains = [tiny(units) for units in UNITS[: len(seconds)]]
    here = estimate_time([Measured(chain, BATCH, taken) for chain, taken in zip(chains, seconds, strict=True)])
    there = estimate_time(
        [Measured(chain, BATCH, slower * taken) for chain, taken in zip(chains, seconds, strict=True)]
    )
    assert there.epoch_seconds(tiny(7), BATCH) == pytest.approx(slower * here.epoch_seconds(tiny(7), BATCH), rel=1e-3)


def test_a_machine_that_has_become_slower_is_noticed_within_a_few_trainings():
    costs = [1.0, 0, 0, 0.001, 0, 0, 0]
    before, after = measured(costs), measured(costs, factors=[3.0] * len(UNITS))
    assert estimate_time(before + after).epoch_seconds(tiny(7), BATCH) > 2 * estimate_time(before).epoch_seconds(
        tiny(7), BATCH
    )


def test_what_was_not_measured_is_left_out_and_two_measurements_are_too_few():
    two = measured([1.0, 0, 0, 0, 0, 0, 0], units=(1, 2))
    assert estimate_time([*two, Measured(tiny(3), BATCH, float("nan"))]) is None


def test_three_trainings_are_enough_but_cannot_be_judged():
    found = estimate_time(measured([1.0, 0, 0, 0, 0, 0, 0], units=(1, 2, 3)))
    assert found.epoch_seconds(tiny(2), BATCH) == pytest.approx(1.0)
    assert np.isnan(found.error)


def test_a_running_trial_remains_as_long_as_its_own_epochs_take():
    running = replace(trial(epochs=10), last=replace(epoch(4), seconds=3.0))
    assert LINE.remaining_seconds(running) == 6 * 3.0
    assert LINE.remaining_seconds(waiting(1)) == 10 * (2.0 + 0.5 * tiny().multiply_adds)
    assert LINE.remaining_seconds(replace(running, state=TrialState.COMPLETE)) == 0


def test_two_workers_share_a_queue_in_its_order():
    assert schedule_seconds([1.0, 1.0, 1.0], workers=2) == 2.0
    assert schedule_seconds([1.0, 3.0, 1.0], workers=2) == 3.0
    assert schedule_seconds([1.0, 1.0, 3.0], workers=2) == 4.0
    assert schedule_seconds([], workers=2) == 0


def test_work_is_that_of_the_way_in_which_a_network_is_computed():
    def work(layers):
        return work_of(Architecture((1, 28, 28), 10, parse_layers(layers)), 256)

    assert work("MaxPool 2, ReLU, Dense 16, Tanh")[1] == work("Dense 16, Tanh")[1]  # made once of each image
    assert work("Conv 64x1, Conv 32x5, Tanh")[2] == 2
    assert work("Conv 64x1, Conv 32x5, Tanh")[3] < 1.01 * work("Conv 32x5, Tanh")[3]
    assert work("Conv 32x5, Tanh, MaxPool 2")[5] < work("Conv 32x5, Tanh")[5]
