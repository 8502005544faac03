import pytest
from hypothesis import given
from hypothesis import strategies as st
from overview_populations import filters

from remap_core.errors import InvalidView
from remap_core.trials.trial import Origin
from remap_core.views.filters import Filter, Span
from remap_core.views.objective import Objective
from remap_core.views.targets import TARGETS
from remap_core.views.view import KEYS, View, read_view

AXES = ("parameters", "objective", "accuracy", "latency-1", "ram-int8", "flash-float", "class-0", "class-2")


@st.composite
def views(draw):
    weights = draw(st.lists(st.floats(0, 1e300), min_size=3, max_size=3))
    return View(
        Objective(
            tuple(weights) if any(weights) else (),
            draw(st.none() | st.integers(1, 10**15 - 1)),
            draw(st.none() | st.floats(0, 1e300, exclude_min=True)),
            draw(st.none() | st.integers(1, 10**15 - 1)),
            draw(st.none() | st.sampled_from(list(TARGETS.values()))),
        ),
        draw(filters()),
        draw(st.sampled_from(AXES)),
        draw(st.sampled_from(AXES)),
    )


@given(views())
def test_a_view_round_trips_through_a_url(view):
    assert read_view(view.to_query(), 3) == (view, ())


@given(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=12)))
def test_any_url_gives_a_view_and_a_sentence_for_each_ignored_part(query):
    view, ignored = read_view(query, 3)
    assert view.fits(3)
    assert all(" is ignored: " in sentence and sentence.endswith(".") for sentence in ignored)
    assert len(ignored) <= len(query)


def test_the_default_view_adds_nothing_to_the_url():
    assert View().to_query() == {}


def test_a_url_is_short_and_readable():
    view = View(
        Objective((0, 2, 1.5), 100_000, 2.5, max_multiply_adds=2_000_000, target=TARGETS["esp32-s3"]),
        Filter(
            Span(1_000),
            accuracy=Span(high=0.9),
            present=frozenset({"dense"}),
            origins=frozenset({Origin.INITIAL}),
            recipes=frozenset({"quick", "paper"}),
            multiply_adds=Span(high=1_000_000),
            ram_int8=Span(high=192),
            flash_float=Span(10, 500.5),
        ),
        x="multiply-adds",
    )
    assert view.to_query() == {
        "classes": "1x2-2x1.5",
        "cap": "100000",
        "ms": "2.5",
        "macs": "2000000",
        "target": "esp32-s3",
        "parameters": "1000-",
        "multiply-adds": "-1000000",
        "ram-int8": "-192",
        "flash-float": "10-500.5",
        "accuracy": "-0.9",
        "with": "dense",
        "made": "initial",
        "recipe": "paper.quick",
        "x": "multiply-adds",
    }


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"classes": "5"}, "?classes=5 is ignored: classes are numbered from 0 to 2"),
        ({"classes": "0x0"}, None),
        ({"cap": "many"}, "?cap=many is ignored: it must be a plain number."),
        ({"cap": "0"}, "?cap=0 is ignored: the parameter cap must be a whole number of at least 1, but got 0."),
        ({"ms": "0"}, "?ms=0 is ignored: the latency cap must be above 0 ms"),
        ({"parameters": "9-1"}, "?parameters=9-1 is ignored: a range must start at or below its end, but got 9 to 1."),
        ({"parameters": "12"}, "?parameters=12 is ignored: a range is written like 1000-50000"),
        ({"accuracy": "90-"}, "?accuracy=90- is ignored: accuracies must be between 0 and 100 %"),
        ({"with": "lstm"}, "?with=lstm is ignored: a layer kind must be one of conv2d"),
        ({"made": "grown"}, "?made=grown is ignored: origins must be among initial, ablation"),
        ({"recipe": "<b>"}, "?recipe=<b> is ignored: the name of a training recipe has only a-z, 0-9 and -"),
        ({"x": "beauty"}, "?x=beauty is ignored: an axis must be a metric like parameters"),
        ({"y": "class-3"}, "?y=class-3 is ignored: the last class is class-2."),
    ],
)
def test_a_malformed_part_of_a_url_is_reported_and_the_other_parts_are_read(part, sentence):
    view, ignored = read_view({"without": "dense", **part}, 3)
    assert view == View(filter=Filter(absent=frozenset({"dense"})))
    assert [found[: len(sentence)] for found in ignored] == ([sentence] if sentence else [])


def test_a_layer_kind_both_required_and_excluded_is_reported_once():
    view, ignored = read_view({"with": "dense", "without": "dense"}, 3)
    assert view.filter.present == {"dense"}
    assert len(ignored) == 1


def test_an_axis_that_is_not_a_metric_is_refused():
    with pytest.raises(InvalidView, match="An axis must be a metric"):
        View(x="beauty")
