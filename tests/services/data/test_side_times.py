"""How long a training will take on images of a size, before any."""

import math

from remap_core.analysis.durations import TimeEstimate
from remap_core.services.data.side_times import training_seconds
from remap_core.services.pace import ELSEWHERE, Pace, pace_of
from remap_core.settings import Settings

COSTS = (0.01, 0.0, 0.0, 1e-9, 0.0, 0.0)


def test_larger_images_more_of_them_and_more_epochs_take_longer():
    usual = training_seconds(Settings(), ELSEWHERE, (1, 16, 16), 10, 1000)
    assert training_seconds(Settings(), ELSEWHERE, (1, 44, 44), 10, 1000) > usual
    assert training_seconds(Settings(), ELSEWHERE, (1, 16, 16), 10, 4000) > usual
    assert training_seconds(Settings(epochs=20), ELSEWHERE, (1, 16, 16), 10, 1000) == 2 * usual


def test_the_caps_of_large_images_bound_the_time_of_a_training():
    capped = training_seconds(Settings(space="remap-2019"), ELSEWHERE, (3, 224, 224), 10, 20_000)
    assert capped < training_seconds(Settings(space="remap-2019"), ELSEWHERE, (1, 44, 44), 10, 20_000) * 20


def test_what_was_measured_in_this_folder_comes_first_and_of_it_what_was_measured_most():
    estimates = {"a": TimeEstimate(COSTS, 5, 0.1), "b": TimeEstimate((1.0, 0, 0, 0, 0, 0, 0), 9, 0.1)}
    assert pace_of(estimates, {"a": 1000, "b": 500}).images == 500
    assert pace_of(estimates, {"a": 1000}).costs == COSTS
    assert pace_of({}, {}) is ELSEWHERE


def test_the_pace_of_as_many_images_is_that_of_the_measured_epochs():
    pace = Pace((0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0), images=1000, batch_size=32, own=True)
    settings = Settings(epochs=4, batch_size=32)
    assert training_seconds(settings, pace, (1, 8, 8), 10, 1000) == 2.0
    assert math.isclose(training_seconds(settings, pace, (1, 8, 8), 10, 2000), 2.0 * 63 / 32)


def test_a_size_that_no_model_fits_has_no_time():
    assert math.isnan(training_seconds(Settings(max_parameters=100), ELSEWHERE, (3, 224, 224), 1000, 1000))
