from math import log10

import pytest
from overview_populations import population

from remap_core.drawing.charts.projection import metric_projection
from remap_core.space.footprint import Footprint
from remap_core.views.filters import Filter, Span
from remap_core.views.objective import Objective
from remap_core.views.targets import Target
from remap_core.views.view import View

TWO = population([0.5, 0.9], parameters=[100, 10_000], latency_1_ms=[0.0, 2.0])


def test_amounts_are_logarithmic_and_shares_in_percent():
    placed = metric_projection(TWO, View())
    assert (placed.x["type"], placed.x["title"]["text"]) == ("log", "Parameters")
    assert placed.y["tickformat"].endswith("%")
    assert "type" not in metric_projection(TWO, View(x="loss")).x


def test_the_axes_are_fixed_so_that_marking_a_model_moves_no_circle():
    placed = metric_projection(TWO, View())
    assert placed.x["range"] == pytest.approx((2 - 3 / 22, 4 + 3 / 22))
    assert placed.y["range"] == pytest.approx((0.5 - 0.3 / 11, 0.9 + 0.3 / 11))


def test_the_axes_close_in_on_what_the_filter_leaves():
    placed = metric_projection(TWO, View(filter=Filter(Span(high=100))))
    assert placed.x["range"] == pytest.approx((1.9, 2.1))


def test_an_amount_of_nothing_has_no_place_on_a_logarithmic_axis():
    placed = metric_projection(TWO, View(x="latency-1"))
    assert placed.drawn(Filter().mask(TWO)).tolist() == [1]
    assert placed.front.tolist() == [1]


def test_a_cap_is_a_line_across_the_axis_that_measures_it():
    (line,) = metric_projection(TWO, View(Objective(max_latency_ms=1.5), y="latency-1")).limits
    assert (line["y0"], line["y1"], line["xref"]) == (1.5, 1.5, "x domain")
    assert metric_projection(TWO, View(Objective(max_latency_ms=1.5))).limits == ()


@pytest.mark.parametrize(("x", "place"), [("ram-int8", 8.0), ("flash-int8", 30.0), ("parameters", 30_720)])
def test_a_targets_budget_is_a_line_with_its_name(x, place):
    tiny = Target("tiny", "Tiny", flash=30 * 1024, ram=8 * 1024, runtime=Footprint(0, 0))
    placed = metric_projection(TWO, View(Objective(target=tiny), x=x))
    (line,) = placed.limits
    assert (line["x0"], line["x1"], line["yref"], line["label"]["text"]) == (place, place, "y domain", "Tiny")
    low, high = placed.x["range"]
    assert low < log10(place) < high
    assert metric_projection(TWO, View(Objective(target=tiny), x="ram-float")).limits == ()


def test_a_budget_far_beyond_all_models_does_not_stretch_the_axis():
    huge = Target("huge", "Huge", flash=10**12)
    plain = metric_projection(TWO, View())
    assert metric_projection(TWO, View(Objective(target=huge))).x["range"] == plain.x["range"]
