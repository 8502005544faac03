import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from overview_populations import filters, population, populations

from remap_core.trials.population import pareto_front
from remap_core.views.filters import Filter, Span
from remap_core.views.objective import Objective
from remap_core.views.starting_points import KNEE, MOST_ACCURATE, SMALLEST, StartingPoint, knee, starting_points
from remap_core.views.view import View

FRONT = population([0.5, 0.80, 0.90, 0.91, 0.92], [100, 1_000, 10_000, 100_000, 1_000_000])


def test_the_three_points_are_the_best_the_knee_and_the_smallest_nearly_as_good():
    most, middle, small = starting_points(FRONT, View())
    assert most == StartingPoint(4, (MOST_ACCURATE,))
    assert middle == StartingPoint(1, (KNEE,))
    assert small == StartingPoint(2, (SMALLEST,))


def test_a_model_with_several_reasons_is_named_once_with_all_of_them():
    assert starting_points(population([0.9, 0.8], [100, 1_000]), View()) == [
        StartingPoint(0, (MOST_ACCURATE, KNEE, SMALLEST))
    ]


def test_two_points_of_accuracy_are_the_most_that_the_smallest_one_may_lack():
    small = starting_points(population([0.9, 0.879, 0.881], [10_000, 100, 1_000]), View())
    assert [(point.row, point.reasons) for point in small if SMALLEST in point.reasons] == [(2, (SMALLEST,))]


def test_they_are_of_the_models_that_the_filter_shows_and_the_caps_allow():
    assert starting_points(FRONT, View(Objective(max_parameters=1_000)))[0].row == 1
    assert starting_points(FRONT, View(filter=Filter(Span(high=150))))[0].row == 0


def test_where_none_is_left_there_is_no_start():
    assert starting_points(FRONT, View(Objective(max_parameters=1))) == []
    assert starting_points(FRONT, View(filter=Filter(Span(high=1)))) == []
    assert starting_points(population([]), View()) == []
    assert starting_points(population([float("nan")]), View()) == []


def test_weights_decide_who_is_the_best():
    two = population([0.8, 0.8], [100, 1_000], class_accuracy=[[0.5, 0.9], [0.7, 0.4]])
    assert starting_points(two, View(Objective((1, 0))))[0].row == 1
    assert starting_points(two, View(Objective((0, 1))))[0].row == 0


def test_the_knee_is_where_more_parameters_begin_to_bring_little():
    parameters = np.array([10, 100, 1_000, 10_000])
    assert knee(parameters, np.array([0.1, 0.9, 0.92, 0.94]), np.arange(4)) == 1
    assert knee(parameters, np.array([0.1, 0.12, 0.9, 0.91]), np.arange(4)) == 2


@pytest.mark.parametrize("front", [[2], [1, 3]])
def test_a_front_of_one_or_two_bends_at_its_first_model(front):
    assert knee(np.arange(1, 5), np.linspace(0, 1, 4), np.array(front)) == front[0]


@given(populations(), filters(), st.none() | st.integers(1, 10**6))
def test_every_start_is_on_the_front_once_and_allowed(some, chosen, cap):
    view = View(Objective(max_parameters=cap), chosen)
    points = starting_points(some, view)
    rows = [point.row for point in points]
    eligible = chosen.mask(some) & view.objective.allows(some)
    front = pareto_front(some.parameters, np.where(eligible, some.accuracy, np.nan))
    assert len(rows) == len(set(rows)) <= 3
    assert set(rows) <= set(front.tolist())
    assert bool(rows) == (len(front) > 0)
    assert sorted(reason for point in points for reason in point.reasons) == sorted(
        (MOST_ACCURATE, KNEE, SMALLEST) if rows else ()
    )
