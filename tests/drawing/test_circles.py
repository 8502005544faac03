import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remap_core.drawing.charts.circles import (
    accuracy_axis,
    accuracy_bounds,
    circle_marker,
    decades,
    radii,
    radius_legend,
)
from remap_core.drawing.palette import ACCURACY_SCALE

counts = st.lists(st.integers(1, 10**8), min_size=1, max_size=30).map(np.array)
shares = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


@given(counts)
def test_radii_run_from_3_to_7_pixels_and_grow_with_parameters(parameters):
    parameters = np.sort(parameters)
    sizes = radii(parameters, decades(parameters))
    assert sizes[0] >= 3
    assert sizes[-1] <= 7
    assert (np.diff(sizes) >= 0).all()


def test_ten_times_the_parameters_is_always_the_same_step():
    assert np.diff(radii(np.array([100, 1_000, 10_000, 100_000]), (2, 6))) == pytest.approx([1, 1, 1])


def test_a_new_model_within_the_decades_leaves_the_others_as_they_are():
    before, after = np.array([1_610, 412_842]), np.array([1_610, 412_842, 16_650])
    assert decades(before) == decades(after)


def test_models_of_equal_size_have_a_radius():
    assert radii(np.array([1000, 1000]), decades(np.array([1000, 1000]))).tolist() == [3, 3]


@given(shares)
def test_accuracy_bounds_are_steps_of_5_percent_that_reach_over_the_best(accuracy):
    low, high = accuracy_bounds(accuracy)
    assert 0 <= low < high <= 1
    assert high >= accuracy.max() - 1e-12
    assert [20 * low, 20 * high] == pytest.approx([round(20 * low), round(20 * high)])


def test_one_stuck_model_does_not_wash_out_the_others():
    assert accuracy_bounds(np.array([0.1] + [0.92] * 99)) == (0.9, 0.95)


def test_classes_without_images_do_not_move_the_bounds():
    assert accuracy_bounds(np.array([np.nan, 0.62, 0.71])) == (0.6, 0.75)


def test_the_marker_is_outlined_and_coloured_by_the_axis_of_the_figure():
    marker = circle_marker(np.array([100, 1_000]), np.array([0.72, 0.93]))
    assert marker["coloraxis"] == "coloraxis"
    assert marker["color"].tolist() == [0.72, 0.93]
    assert marker["size"].tolist() == [6, 14]
    assert marker["line"]["width"] == 1


def test_the_colour_axis_is_darker_for_more_accuracy_and_on_a_dark_page_lighter():
    axis = accuracy_axis(np.array([0.72, 0.93]), "Accuracy")
    assert axis["colorscale"] == ACCURACY_SCALE
    assert (axis["cmin"], axis["cmax"], axis["reversescale"]) == (0.7, 0.95, False)
    assert axis["colorbar"]["title"]["text"] == "Accuracy"
    assert accuracy_axis(np.array([0.72, 0.93]), "Accuracy", dark=True)["reversescale"]


@pytest.mark.parametrize(
    ("parameters", "names", "sizes"),
    [
        ([150, 900], ["100", "1k"], [6, 14]),
        ([150, 9_000], ["100", "1k", "10k"], [6, 10, 14]),
        ([150, 9_000_000], ["100", "10k", "10M"], [6, 9, 14]),
    ],
)
def test_the_legend_shows_two_or_three_sizes_that_the_circles_have(parameters, names, sizes):
    entries = radius_legend(np.array(parameters))
    assert [entry.name for entry in entries] == names
    assert [entry.marker.size for entry in entries] == pytest.approx(sizes)
    assert all(list(entry.x) == [None] for entry in entries)


def test_before_any_model_the_legend_shows_the_sizes_that_the_first_ones_will_have():
    entries = radius_legend(np.array([], dtype=np.int64))
    assert [entry.name for entry in entries] == ["100", "10k", "1M"]
    assert [entry.marker.size for entry in entries] == [6, 10, 14]
