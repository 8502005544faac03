import pytest

from remap_core.drawing.charts.learning_curves import learning_curves_alt, learning_curves_figure
from remap_core.drawing.palette import SERIES
from remap_core.errors import InvalidTrial
from remap_core.trials.evaluation import EpochResult

TWO_EPOCHS = [EpochResult(1, 2.0, 0.3, 2.1, 0.25, 0.5), EpochResult(2, 1.0, 0.6, 1.2, 0.55, 0.5)]


def lines(figure):
    return {(trace.name, trace.yaxis): trace for trace in figure.data}


def test_accuracy_and_loss_of_training_and_validation_are_four_lines():
    found = lines(learning_curves_figure({"#12": TWO_EPOCHS}))
    assert {key: list(line.y) for key, line in found.items()} == {
        ("#12 validation", "y"): [0.25, 0.55],
        ("#12 training", "y"): [0.3, 0.6],
        ("#12 validation", "y2"): [2.1, 1.2],
        ("#12 training", "y2"): [2.0, 1.0],
    }
    assert all(list(line.x) == [1, 2] for line in found.values())


def test_training_is_dotted_and_each_line_is_named_once_in_the_legend():
    found = lines(learning_curves_figure({"#12": TWO_EPOCHS}))
    assert found["#12 training", "y"].line.dash == "dot"
    assert found["#12 validation", "y"].line.dash == "solid"
    assert [key for key, line in found.items() if line.showlegend] == [("#12 validation", "y"), ("#12 training", "y")]


def test_two_models_have_two_colours():
    figure = learning_curves_figure({"#1": TWO_EPOCHS, "#2": TWO_EPOCHS[:1]})
    assert [trace.line.color for trace in figure.data] == [SERIES[0]] * 4 + [SERIES[1]] * 4


def test_a_single_epoch_is_a_visible_point():
    figure = learning_curves_figure({"#1": TWO_EPOCHS[:1]})
    assert all("markers" in trace.mode and trace.marker.size >= 8 for trace in figure.data)
    assert list(figure.layout.xaxis.range) == [0.5, 1.5]


@pytest.mark.parametrize(("epochs", "step"), [(1, 1), (10, 1), (11, 2), (100, 10), (101, 11)])
def test_epochs_are_whole_numbers_with_ten_ticks_at_most(epochs, step):
    results = [EpochResult(n, 1, 0.5, 1, 0.5, 1) for n in range(1, epochs + 1)]
    axis = learning_curves_figure({"#1": results}).layout.xaxis
    assert (axis.dtick, list(axis.range)) == (step, [0.5, epochs + 0.5])


def test_before_the_first_epoch_there_are_axes():
    figure = learning_curves_figure({"#1": []})
    assert all(len(trace.x) == 0 for trace in figure.data)
    assert learning_curves_alt({"#1": []}) == "#1: no epoch yet."
    assert learning_curves_alt({}) == "No learning curves yet."


def test_names_that_look_like_markup_are_shown_as_typed():
    figure = learning_curves_figure({"<a href='x'>": TWO_EPOCHS})
    assert figure.data[0].name == "&lt;a href='x'&gt; validation"


def test_a_third_model_is_refused_not_dropped():
    with pytest.raises(InvalidTrial, match="2 models at most, but got 3"):
        learning_curves_figure(dict.fromkeys(["a", "b", "c"], TWO_EPOCHS))


def test_the_text_alternative_says_where_the_curves_end():
    assert learning_curves_alt({"#12": TWO_EPOCHS}) == "#12 after 2 epochs: validation 55.0 %, training 60.0 %."


def test_accuracy_and_loss_are_drawn_side_by_side_where_there_is_little_height():
    figure = learning_curves_figure({"#1": TWO_EPOCHS}, side_by_side=True)
    assert {(trace.xaxis or "x", trace.yaxis) for trace in figure.data} == {("x", "y"), ("x2", "y2")}
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert figure.layout.height < 200
