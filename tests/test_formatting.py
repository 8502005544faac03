import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core import formatting


@pytest.mark.parametrize("say", [formatting.percent, formatting.points, formatting.duration, formatting.milliseconds])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_not_known_is_not_written_as_a_number(say, number):
    assert say(number) == "n/a"


def test_a_difference_that_rounds_to_nothing_has_no_sign():
    assert formatting.points(-0.00049) == "0.0 points"
    assert formatting.points(0.0005) == "+0.1 points"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (86_399, "1 d 0 h"),
    ],
)
def test_a_duration_never_shows_sixty_of_a_unit(seconds, text):
    assert formatting.duration(seconds) == text


def test_negative_times_are_not_available():
    assert formatting.duration(-1) == formatting.milliseconds(-0.1) == "n/a"


@given(st.integers(0, 10**8))
def test_a_compact_number_is_short_and_within_ten_percent(number):
    text = formatting.compact(number)
    unit = {"k": 1_000, "M": 1_000_000}.get(text[-1], 1)
    value = float(text.rstrip("kM")) * unit
    assert len(text) <= 4
    assert value == pytest.approx(number, rel=0.1, abs=0.5)


def test_one_thing_has_no_plural():
    assert formatting.pluralize(1, "epoch") == "1 epoch"
    assert formatting.pluralize(0, "epoch") == "0 epochs"


def test_numpy_integers_are_written_as_numbers():
    assert formatting.count(np.int64(24_122)) == "24,122"
