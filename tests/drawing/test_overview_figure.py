import json

import numpy as np
import plotly.graph_objects as go
import pytest
from overview_populations import population

from remap_core.drawing.charts.circles import FADED
from remap_core.drawing.charts.overview_figure import (
    ARRIVED,
    CHILDREN,
    EDITS,
    FOCUSED,
    FRONT_LINE,
    MODELS,
    PARENT,
    PLAIN_UP_TO,
    RUNNING,
    SELECTED,
    WAITING,
    overview_alt,
    overview_figure,
    selection_points,
    value_text,
)
from remap_core.drawing.charts.projection import MAP_HELP, map_caption, map_projection, metric_projection
from remap_core.errors import InvalidView
from remap_core.trials.model_maps import ModelMap, Relation
from remap_core.trials.training_config import TrainingConfig
from remap_core.views.filters import Filter, Span
from remap_core.views.objective import Objective
from remap_core.views.view import View

PLAIN = View()
CAT, DOG = View(Objective((1, 0))), View(Objective((0, 1)))
THREE = population([0.7, 0.9, 0.8], [1_000, 10_000, 100_000], ids=[4, 7, 9])
TWO = population([0.9, 0.8], [1_000, 10_000], class_accuracy=[[0.5, 0.6], [0.7, 0.4]])


def named(figure, name):
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return trace


def models_of(*asked):
    return named(overview_figure(*asked), MODELS)


def test_each_model_is_a_circle_at_its_parameters_and_accuracy_that_carries_its_id():
    models = models_of(THREE, PLAIN)
    assert list(models.x) == [1_000, 10_000, 100_000]
    assert list(models.y) == [0.7, 0.9, 0.8]
    assert models.customdata == (4, 7, 9)
    assert models.marker.size.tolist() == [6, 10, 14]


def test_ids_reach_the_browser_as_a_list_of_numbers():
    form = json.loads(overview_figure(THREE, PLAIN).to_json())
    (models,) = (trace for trace in form["data"] if trace.get("name") == MODELS)
    assert models["customdata"] == [4, 7, 9]


def test_the_front_is_a_step_through_the_models_that_no_other_beats():
    front = named(overview_figure(THREE, PLAIN), FRONT_LINE)
    assert (list(front.x), list(front.y), front.line.shape) == ([1_000, 10_000], [0.7, 0.9], "hv")


def test_weights_move_circles_colours_axis_and_front():
    figure = overview_figure(TWO, CAT)
    assert list(named(figure, MODELS).y) == list(named(figure, MODELS).marker.color) == [0.5, 0.7]
    assert list(named(figure, FRONT_LINE).y) == [0.5, 0.7]
    assert list(named(overview_figure(TWO, PLAIN), FRONT_LINE).y) == [0.9]
    assert figure.layout.yaxis.title.text == "Validation accuracy, cat"
    assert figure.layout.coloraxis.colorbar.title.text == "Weighted accuracy"


def test_the_colour_is_the_objective_whatever_the_axes_are():
    models = models_of(TWO, View(Objective((1, 0)), x="multiply-adds", y="class-1"))
    assert list(models.marker.color) == [0.5, 0.7]
    assert (list(models.x), list(models.y)) == ([5_000, 5_000], [0.6, 0.4])


def test_a_filter_takes_circles_away_and_the_others_keep_their_size_and_colour_scale():
    figure = overview_figure(THREE, View(filter=Filter(Span(5_000))))
    models, colours = named(figure, MODELS), figure.layout.coloraxis
    assert models.customdata == (7, 9)
    assert models.marker.size.tolist() == [10, 14]
    assert models.marker.coloraxis == "coloraxis"
    assert (colours.cmin, colours.cmax) == (0.7, 0.9)


def test_on_a_dark_page_the_colour_scale_is_turned_round_so_that_the_best_models_stand_out():
    light, dark = (overview_figure(THREE, PLAIN, dark=dark).layout.coloraxis for dark in (False, True))
    assert (light.reversescale, dark.reversescale) == (False, True)
    assert (light.cmin, light.cmax, light.colorscale) == (dark.cmin, dark.cmax, dark.colorscale)


def test_the_figure_is_as_large_as_its_place():
    layout = overview_figure(THREE, PLAIN).layout
    assert (layout.width, layout.height) == (None, None)


def test_models_beyond_a_cap_are_faded_and_off_the_front_and_say_so():
    figure = overview_figure(THREE, View(Objective(max_parameters=5_000)))
    assert list(named(figure, MODELS).marker.opacity) == [1, FADED, FADED]
    assert list(named(figure, FRONT_LINE).x) == [1_000]
    assert ["over a cap" in label for label in named(figure, MODELS).hovertext] == [False, True, True]
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (5_000, 5_000)


def test_a_class_name_that_looks_like_markup_is_shown_as_typed():
    figure = overview_figure(THREE, DOG)
    assert figure.layout.yaxis.title.text == "Validation accuracy, &lt;i&gt;dog&lt;/i&gt;"
    assert "&lt;i&gt;dog&lt;/i&gt;: 70.0 %" in named(figure, MODELS).hovertext[0]


def test_weights_of_another_data_set_are_refused():
    with pytest.raises(InvalidView, match="one weight for each of the 2 classes of digits, but got 3"):
        overview_figure(THREE, View(Objective((1, 0, 0))))


def test_the_label_names_the_model_its_layers_its_accuracies_its_parameters_and_its_epochs():
    label = models_of(THREE, PLAIN).hovertext[1]
    for part in ("#7", "▮", "Conv 32x3, ReLU", "validation 90.0 %, training 90.0 %", "10,000 parameters, 10 epochs"):
        assert part in label


def test_the_label_says_what_the_axes_measure():
    label = models_of(THREE, View(x="latency-1", y="loss")).hovertext[0]
    assert "Latency, batch of 1: 1.0 ms" in label
    assert "Validation loss: 1.000" in label


def test_a_long_chain_is_wrapped_in_the_label():
    label = models_of(population([0.5], text=", ".join(["Conv 32x3"] * 12)), PLAIN).hovertext[0]
    assert max(len(line) for line in label.split("<br>")[1:]) <= 48


def test_the_traces_of_the_selection_are_empty_and_the_pointer_passes_through_them():
    figure = overview_figure(THREE, PLAIN)
    for name in (SELECTED, PARENT, CHILDREN):
        assert (named(figure, name).x, named(figure, name).hoverinfo) == ((), "skip")


def test_traces_for_what_happens_later_are_empty_and_can_be_pointed_at_and_arrivals_look_like_the_models():
    figure = overview_figure(THREE, PLAIN)
    for name in (ARRIVED, RUNNING, WAITING, EDITS, FOCUSED):
        assert named(figure, name).x == ()
    for name in (ARRIVED, RUNNING, WAITING):
        assert named(figure, name).hovertemplate == named(figure, MODELS).hovertemplate
    arrived, models = named(figure, ARRIVED).marker, named(figure, MODELS).marker
    assert (arrived.coloraxis, arrived.line) == (models.coloraxis, models.line)
    assert named(figure, RUNNING).marker.color == "rgba(0,0,0,0)"  # hollow, and still a target for the pointer


def test_a_selected_model_is_ringed_and_joined_to_its_parent_and_its_children():
    family = population([0.5, 0.6, 0.7, 0.8], [10, 20, 30, 40], parent=[0, 1, 2, 2])
    points = selection_points(family, PLAIN, 2, metric_projection(family, PLAIN))
    assert points[SELECTED] == ([20], [0.6])
    assert points[PARENT] == ([20, 10, None], [0.6, 0.5, None])
    assert points[CHILDREN] == ([20, 30, None, 20, 40, None], [0.6, 0.7, None, 0.6, 0.8, None])


def test_what_the_filter_hides_is_neither_ringed_nor_joined():
    family, small = population([0.5, 0.6], [10, 20], parent=[0, 1]), View(filter=Filter(Span(high=10)))
    projection = metric_projection(family, small)
    assert selection_points(family, small, 1, projection)[CHILDREN] == ([], [])
    assert set(map(str, selection_points(family, small, 2, projection).values())) == {"([], [])"}
    assert selection_points(family, small, 99, projection)[SELECTED] == ([], [])


def test_a_map_takes_the_place_of_the_metrics_and_leaves_out_who_is_not_on_it():
    first, _, last = THREE.id
    on_map = ModelMap("digits", Relation.STRUCTURE, np.array([last, first]), np.array([[2, 3], [0, 1]]), 0.1, 2, 1)
    figure = overview_figure(THREE, PLAIN, map_projection(on_map, THREE))
    assert named(figure, MODELS).customdata == (4, 9)
    assert list(named(figure, MODELS).x) == [0, 2]
    assert len(named(figure, FRONT_LINE).x) == 0
    assert (figure.layout.xaxis.showticklabels, figure.layout.yaxis.scaleanchor) == (False, "x")
    assert figure.layout.transition.duration > 0  # a recomputed layout is animated
    assert overview_figure(THREE, PLAIN).layout.transition.duration is None


def test_without_a_map_no_circle_has_a_place():
    figure = overview_figure(THREE, PLAIN, map_projection(None, THREE))
    assert len(named(figure, MODELS).x) == 0
    assert map_caption(None) == "No models on this map yet"


def test_a_map_says_how_far_it_can_be_trusted():
    on_map = ModelMap("digits", Relation.PREDICTION, np.array([1, 2]), np.zeros((2, 2)), 0.187, 2, 1)
    assert map_caption(on_map) == "2 models; distances on the map are off by about 19 % (stress-1: 0.19)"
    assert MAP_HELP.keys() == set(Relation)


def test_boxes_select_and_clicks_still_work():
    layout = overview_figure(THREE, PLAIN).layout
    assert (layout.dragmode, layout.clickmode) == ("select", "event")


def test_the_zoom_survives_new_models_and_not_new_axes():
    kept, again, other = (
        overview_figure(*asked).layout.uirevision for asked in [(THREE, PLAIN), (TWO, CAT), (TWO, View(x="loss"))]
    )
    assert kept == again != other


def test_thousands_of_models_are_painted_by_the_graphics_card_without_labels_but_report_hovers():
    small, large = (models_of(population([0.5] * n), PLAIN) for n in (PLAIN_UP_TO, PLAIN_UP_TO + 1))
    assert isinstance(small, go.Scatter)
    assert isinstance(large, go.Scattergl)
    assert (large.hovertext, large.hoverinfo) == (None, "none")


def test_without_models_there_are_axes_and_no_points():
    figure = overview_figure(population([]), PLAIN)
    assert all(x is None for trace in figure.data for x in trace.x)  # a point without a place is in the legend alone
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)
    assert list(figure.layout.yaxis.range) == [0, 1]
    assert list(figure.layout.xaxis.range) == [2, 6]
    assert overview_alt(population([]), PLAIN) == "0 models"


def test_a_model_without_images_of_the_class_has_no_circle():
    models = models_of(population([0.9, 0.8], class_accuracy=[[np.nan, 0], [0.3, 0]]), CAT)
    assert models.customdata == (2,)


def test_the_text_alternative_names_the_best_model_and_the_front():
    assert overview_alt(THREE, PLAIN) == "3 models, best 90.0 % with 10,000 parameters; 2 on the Pareto front"
    assert overview_alt(population([0.5], [24_122]), CAT) == (
        "1 model, best 50.0 % for cat with 24,122 parameters; 1 on the Pareto front"
    )


def test_the_text_alternative_counts_what_the_filter_leaves_and_takes_the_best_within_the_caps():
    view = View(Objective(max_parameters=1_000), Filter(Span(high=50_000)))
    assert overview_alt(THREE, view) == "2 of 3 models, best 70.0 % with 1,000 parameters; 1 on the Pareto front"
    assert overview_alt(THREE, View(filter=Filter(Span(high=1)))) == "0 of 3 models"


def test_a_value_is_told_with_its_spread_over_seeds_where_all_classes_count_alike():
    seeded = population([0.9], seeds=[3], deviation=[0.004])
    assert value_text(seeded, PLAIN, 0) == "90.0 % ± 0.4 (3 seeds)"
    assert value_text(seeded, CAT, 0) == "90.0 %"
    assert value_text(THREE, PLAIN, 0) == "70.0 %"


def test_a_model_from_its_parents_weights_is_a_triangle_off_the_front_whose_label_says_why():
    configs = (TrainingConfig(), TrainingConfig(epochs=3, start=1))
    models = population([0.5, 0.9], config=configs)
    figure = overview_figure(models, View())
    circles = next(figure.select_traces({"name": MODELS}))
    assert list(circles.marker.symbol) == ["circle", "triangle-up"]
    assert "started from the weights of #1<br>not compared with full trainings" in circles.hovertext[1]
    assert list(next(figure.select_traces({"name": FRONT_LINE})).y) == [0.5]
    assert [trace.name for trace in figure.data if trace.marker.symbol == "triangle-up"] == ["parent's<br>weights"]
