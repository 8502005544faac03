import json

import numpy as np
import plotly.graph_objects as go
import pytest

from remap_core.drawing.overview import (
    FRONT_LINE,
    GL_ABOVE,
    LABELS_UP_TO,
    MODELS,
    SELECTED,
    overview_alt,
    overview_figure,
    overview_point,
)
from remap_core.errors import InvalidTrial
from remap_core.population import Population


def population(accuracy, parameters=None, ids=None, classes=("cat", "<i>dog</i>"), class_accuracy=None, text=None):
    n = len(accuracy)
    ones = np.ones(n)
    accuracy = np.array(accuracy, dtype=np.float64)
    return Population(
        dataset="digits",
        class_names=classes,
        id=np.array(ids or range(1, n + 1), dtype=np.int64),
        parent=np.zeros(n, dtype=np.int64),
        parameters=np.array(parameters or range(1_000, 1_000 + n), dtype=np.int64),
        multiply_adds=np.full(n, 5_000),
        epochs=np.full(n, 10),
        accuracy=accuracy,
        train_accuracy=accuracy,
        loss=ones,
        class_accuracy=np.tile(accuracy[:, None], (1, 2)) if class_accuracy is None else np.array(class_accuracy),
        seconds=ones,
        latency_1_ms=ones,
        latency_256_ms=ones,
        origin=("initial",) * n,
        text=(text or "Conv 32x3, ReLU",) * n,
    )


THREE = population([0.7, 0.9, 0.8], [1_000, 10_000, 100_000], ids=[4, 7, 9])


def named(figure, name):
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return trace


def test_each_model_is_a_circle_at_its_parameters_and_accuracy_that_carries_its_id():
    models = named(overview_figure(THREE), MODELS)
    assert list(models.x) == [1_000, 10_000, 100_000]
    assert list(models.y) == [0.7, 0.9, 0.8]
    assert models.customdata == (4, 7, 9)
    assert models.marker.size.tolist() == [6, 10, 14]


def test_ids_reach_the_browser_as_a_list_of_numbers():
    form = json.loads(overview_figure(THREE).to_json())
    (models,) = (trace for trace in form["data"] if trace.get("name") == MODELS)
    assert models["customdata"] == [4, 7, 9]


def test_parameters_are_logarithmic_and_accuracy_is_in_percent():
    layout = overview_figure(THREE).layout
    assert (layout.xaxis.type, layout.xaxis.title.text) == ("log", "Parameters")
    assert layout.yaxis.tickformat.endswith("%")
    assert layout.yaxis.title.text == "Validation accuracy"


def test_the_front_is_a_step_through_the_models_that_no_other_beats():
    front = named(overview_figure(THREE), FRONT_LINE)
    assert (list(front.x), list(front.y), front.line.shape) == ([1_000, 10_000], [0.7, 0.9], "hv")


def test_a_class_moves_circles_colours_and_front():
    two = population([0.9, 0.8], [1_000, 10_000], class_accuracy=[[0.5, 0.6], [0.7, 0.4]])
    figure = overview_figure(two, class_index=0)
    assert list(named(figure, MODELS).y) == list(named(figure, MODELS).marker.color) == [0.5, 0.7]
    assert list(named(figure, FRONT_LINE).y) == [0.5, 0.7]
    assert list(named(overview_figure(two), FRONT_LINE).y) == [0.9]


def test_a_class_name_that_looks_like_markup_is_shown_as_typed():
    figure = overview_figure(THREE, class_index=1)
    assert figure.layout.yaxis.title.text == "Validation accuracy for &lt;i&gt;dog&lt;/i&gt;"
    assert "&lt;i&gt;dog&lt;/i&gt; 70.0 %" in named(figure, MODELS).hovertext[0]


@pytest.mark.parametrize("index", [-1, 2])
def test_a_class_that_the_data_set_has_not_is_refused(index):
    with pytest.raises(InvalidTrial, match=f"0 <= class_index < 2 must hold for this data set, but got {index}"):
        overview_figure(THREE, class_index=index)


def test_the_label_names_the_model_its_layers_its_accuracies_its_parameters_and_its_epochs():
    label = named(overview_figure(THREE), MODELS).hovertext[1]
    for part in ("#7", "▮", "Conv 32x3, ReLU", "validation 90.0 %, training 90.0 %", "10,000 parameters, 10 epochs"):
        assert part in label


def test_a_long_chain_is_wrapped_in_the_label():
    label = named(overview_figure(population([0.5], text=", ".join(["Conv 32x3"] * 12))), MODELS).hovertext[0]
    assert max(len(line) for line in label.split("<br>")[1:]) <= 48


def test_the_selected_trace_is_an_empty_ring_that_the_pointer_passes_through():
    selected = named(overview_figure(THREE), SELECTED)
    assert (selected.x, selected.y, selected.hoverinfo) == ((), (), "skip")
    assert selected.marker.symbol == "circle-open"


def test_the_place_of_the_selected_model_is_that_of_its_circle():
    assert overview_point(THREE, 7) == (10_000.0, 0.9)
    assert overview_point(THREE, 5) is None
    without = population([0.5], class_accuracy=[[np.nan, 0.5]])
    assert overview_point(without, 1, class_index=0) is None
    assert overview_point(without, 1, class_index=1) == (1_000.0, 0.5)


def test_boxes_select_clicks_still_work_and_the_zoom_survives():
    layout = overview_figure(THREE).layout
    assert (layout.dragmode, layout.clickmode) == ("select", "event")
    assert layout.uirevision == overview_figure(population([0.1])).layout.uirevision is not None


def test_thousands_of_models_are_painted_by_the_graphics_card():
    small, large = (overview_figure(population([0.5] * n)) for n in (GL_ABOVE, GL_ABOVE + 1))
    assert isinstance(named(small, MODELS), go.Scatter)
    assert isinstance(named(large, MODELS), go.Scattergl)


def test_above_ten_thousand_models_the_figure_carries_no_labels_but_still_reports_hovers():
    models = named(overview_figure(population([0.5] * (LABELS_UP_TO + 1))), MODELS)
    assert models.hovertext is None
    assert models.hoverinfo == "none"


def test_without_models_there_are_axes_and_no_points():
    figure = overview_figure(population([]))
    assert sum(len(trace.x) for trace in figure.data) == 0
    assert list(figure.layout.yaxis.range) == [0, 1]
    assert list(figure.layout.xaxis.range) == [2, 6]
    assert overview_alt(population([])) == "0 models"


def test_a_model_without_images_of_the_class_is_not_on_the_front():
    figure = overview_figure(population([0.9, 0.8], class_accuracy=[[np.nan, 0], [0.3, 0]]), class_index=0)
    assert list(named(figure, FRONT_LINE).y) == [0.3]


def test_the_text_alternative_names_the_best_model_and_the_front():
    assert overview_alt(THREE) == "3 models, best 90.0 % with 10,000 parameters; 2 on the Pareto front"
    assert overview_alt(population([0.5], [24_122]), class_index=0) == (
        "1 model, best 50.0 % for cat with 24,122 parameters; 1 on the Pareto front"
    )


def test_the_text_alternative_without_any_image_of_the_class_is_the_count():
    assert overview_alt(population([0.5], class_accuracy=[[np.nan, 0.5]]), class_index=0) == "1 model"


def test_the_axes_are_fixed_so_that_marking_a_model_moves_no_circle():
    figure = overview_figure(population([0.5, 0.9], parameters=[100, 10_000]))
    assert figure.layout.xaxis.range == pytest.approx((2 - 3 / 22, 4 + 3 / 22))
    assert figure.layout.yaxis.range == pytest.approx((0.5 - 0.3 / 11, 0.9 + 0.3 / 11))
