"""What is added to an overview after it was drawn: models that finished since, and trainings without a result."""

from dataclasses import replace

import numpy as np
import pytest
from overview_populations import population
from trainings import epoch, tiny

from remap_core.drawing.charts.circles import FADED, decades, diameters
from remap_core.drawing.charts.later_circles import Unfinished, later, with_additions
from remap_core.drawing.charts.overview_figure import ARRIVED, FRONT_LINE, MODELS, RUNNING, WAITING, overview_figure
from remap_core.drawing.charts.projection import map_projection, metric_projection
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState
from remap_core.views.filters import Filter, Span
from remap_core.views.objective import Objective
from remap_core.views.view import View

PLAIN = View()
DRAWN = population([0.7, 0.9], [1_000, 10_000])
NEWEST = population([0.7, 0.9, 0.95], [1_000, 10_000, 5_000])


def added(newest=NEWEST, view=PLAIN, unfinished=(), drawn=DRAWN):
    return later(drawn, newest, view, metric_projection(newest, view), unfinished, circles=drawn.id)


def training(number, state, accuracy, text=("waiting",), **more) -> Unfinished:
    proposal = Proposal(tiny(number), "digits", TrainingConfig(epochs=3))
    return Unfinished(Trial(number, proposal, state, position=1.0, attempt=1, created=0.0, **more), accuracy, text)


def test_a_model_that_finished_since_is_a_circle_like_those_that_were_drawn():
    arrived = added().traces[ARRIVED]
    assert (arrived["x"], arrived["y"], arrived["customdata"]) == ([5_000], [0.95], [3])
    (models,) = (trace for trace in overview_figure(NEWEST, PLAIN).data if trace.name == MODELS)
    assert arrived["marker.size"] == [models.marker.size[2]]
    assert arrived["marker.color"] == [models.marker.color[2]]
    assert arrived["hovertext"] == [models.hovertext[2]]


def test_sizes_are_those_of_the_drawn_circles_even_where_a_new_model_is_larger_than_all():
    newest = population([0.7, 0.9, 0.95], [1_000, 10_000, 10**7])
    expected = diameters(np.array([10**7]), decades(DRAWN.parameters))
    assert added(newest).traces[ARRIVED]["marker.size"] == expected.tolist()


def test_the_front_and_the_colours_are_those_of_all_models():
    additions = added()
    assert additions.traces[FRONT_LINE] == {"x": [1_000, 5_000], "y": [0.7, 0.95]}
    assert additions.colours == (0.7, 0.95)


def test_nothing_new_adds_nothing():
    assert added(DRAWN).traces[ARRIVED]["x"] == []
    assert added(DRAWN).rings == ([], [])


def test_a_new_model_that_the_filter_hides_is_not_added_and_one_over_a_cap_is_faded():
    assert added(view=View(filter=Filter(Span(low=6_000)))).traces[ARRIVED]["x"] == []
    assert added(view=View(Objective(max_parameters=2_000))).traces[ARRIVED]["marker.opacity"] == [FADED]
    assert added().traces[ARRIVED]["marker.opacity"] == [1]


def test_a_running_training_is_hollow_and_a_waiting_one_has_a_ring_where_they_are_expected():
    running = training(7, TrialState.RUNNING, 0.62, ("epoch 1 of 3",))
    waiting = training(8, TrialState.WAITING, 0.55)
    additions = added(unfinished=[running, waiting])
    assert additions.traces[RUNNING]["x"] == [tiny(7).parameters]
    assert additions.traces[RUNNING]["y"] == [0.62]
    assert additions.traces[RUNNING]["customdata"] == [7]
    assert additions.traces[WAITING]["customdata"] == [8]
    assert additions.rings == ([tiny(8).parameters], [0.55])


def test_the_label_of_a_training_names_it_and_says_what_is_known_as_typed():
    label = added(unfinished=[training(7, TrialState.RUNNING, 0.62, ("epoch 1 of 3", "<b>bold</b>"))]).traces[RUNNING]
    (text,) = label["hovertext"]
    assert text.startswith("<b>#7</b>")
    assert "<br>epoch 1 of 3<br>&lt;b&gt;bold&lt;/b&gt;" in text


def test_axes_reach_over_trainings_and_new_models_and_no_further_than_needed():
    narrow = added(DRAWN)
    low = added(DRAWN, unfinished=[training(7, TrialState.RUNNING, 0.1)])
    assert (low.y[0] < 0.1) and (low.y[1] == narrow.y[1])
    assert low.x[0] < np.log10(tiny(7).parameters) < narrow.x[0]  # the ends of a logarithmic axis are exponents
    assert low.x[1] == narrow.x[1]


@pytest.mark.parametrize("metric", ["latency-1", "class-0"])
def test_on_an_axis_that_nothing_is_known_about_a_training_has_no_place(metric):
    additions = added(view=View(x=metric), unfinished=[training(7, TrialState.RUNNING, 0.6)])
    assert additions.traces[RUNNING]["x"] == []


def test_a_running_training_is_on_the_axes_that_its_last_epoch_tells_about():
    one = training(7, TrialState.RUNNING, 0.6, last=replace(epoch(1), validation_loss=1.1, train_accuracy=0.4))
    additions = added(view=View(x="train-accuracy", y="loss"), unfinished=[one])
    assert (additions.traces[RUNNING]["x"], additions.traces[RUNNING]["y"]) == ([0.4], [1.1])


def test_an_amount_of_zero_has_no_place_on_a_logarithmic_axis():
    one = training(7, TrialState.RUNNING, 0.6, last=replace(epoch(1), seconds=0.0))
    assert added(view=View(x="seconds"), unfinished=[one]).traces[RUNNING]["x"] == []


def test_on_a_map_new_models_come_to_their_places_and_trainings_have_none():
    on_map = ModelMap("digits", Relation.STRUCTURE, np.array([1, 3]), np.array([[0, 1], [2, 5]]), 0.1, 2, 1)
    view = View(map=Relation.STRUCTURE)
    one = training(7, TrialState.RUNNING, 0.6)
    additions = later(DRAWN, NEWEST, view, map_projection(on_map, NEWEST), [one], circles=np.array([1]))
    assert (additions.traces[ARRIVED]["x"], additions.traces[ARRIVED]["y"]) == ([2], [5])
    assert additions.traces.keys() == {ARRIVED}
    assert additions.rings == ([], [])


def test_a_model_that_finished_before_and_gets_its_place_on_the_map_later_is_added_then():
    on_map = ModelMap("digits", Relation.STRUCTURE, np.array([1, 2]), np.array([[0, 1], [2, 5]]), 0.1, 2, 1)
    placed = map_projection(on_map, DRAWN)
    additions = later(DRAWN, DRAWN, View(map=Relation.STRUCTURE), placed, [], circles=np.array([1]))
    assert additions.traces[ARRIVED]["customdata"] == [2]


def test_before_the_first_model_there_are_trainings_alone():
    nobody = population([])
    additions = added(nobody, drawn=nobody, unfinished=[training(7, TrialState.WAITING, float("nan"))])
    assert additions.traces[WAITING]["x"] == []  # nothing tells yet how accurate it may be
    assert additions.colours == (0, 1)


def test_where_nothing_can_be_added_a_copy_of_the_figure_holds_everything():
    figure = overview_figure(DRAWN, PLAIN)
    before = figure.to_json()
    one = training(8, TrialState.WAITING, 0.2)
    whole = with_additions(figure, added(unfinished=[one]))
    traces = {trace.name: trace for trace in whole.data}
    assert (traces[ARRIVED].customdata, traces[ARRIVED].marker.opacity) == ((3,), (1,))
    assert traces[FRONT_LINE].y == (0.7, 0.95)
    assert (traces[WAITING].y, traces[WAITING].opacity) == ((0.2,), 1)
    assert (whole.layout.coloraxis.cmax, whole.layout.yaxis.range[0] < 0.2) == (0.95, True)
    assert figure.to_json() == before


def test_on_a_weighted_axis_a_training_without_a_result_says_that_its_place_is_by_all_classes():
    running = training(9, TrialState.RUNNING, 0.8)
    caveat = "placed by all classes, weighted equally"
    weighted = View(Objective((1.0, 0.0)))
    assert caveat in added(view=weighted, unfinished=[running]).traces[RUNNING]["hovertext"][0]
    assert caveat not in added(unfinished=[running]).traces[RUNNING]["hovertext"][0]
