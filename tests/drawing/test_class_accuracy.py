import numpy as np
import pytest

from remap_core.drawing.charts.class_accuracy import class_accuracy_alt, class_accuracy_figure
from remap_core.errors import InvalidTrial
from remap_core.trials.evaluation import Evaluation, Latency


def evaluation(rows):
    return Evaluation(np.array(rows, dtype=np.int64), np.zeros(0, np.uint8), Latency(0.1, 1.0, "cpu", 1))


THREE = evaluation([[8, 2, 0], [0, 10, 0], [0, 0, 0]])
NAMES = ("cat", "<dog>", "fox")


def test_each_class_is_a_bar_as_long_as_its_accuracy_from_top_to_bottom():
    figure = class_accuracy_figure(THREE, NAMES)
    bars = figure.data[0]
    assert (bars.orientation, list(bars.x), list(bars.y)) == ("h", [0.8, 1.0, 0.0], [0, 1, 2])
    assert bars.customdata == (0, 1, 2)
    assert list(figure.layout.yaxis.range) == [2.5, -0.5]
    assert figure.layout.yaxis.ticktext == ("cat", "&lt;dog&gt;", "fox")


def test_numbers_are_in_one_column_beyond_the_longest_bar():
    numbers = class_accuracy_figure(THREE, NAMES).data[1]
    assert numbers.text == ("80.0 %", "100.0 %", "n/a")
    assert set(numbers.x) == {1.01}


def test_the_overall_accuracy_is_an_upright_line():
    (line,) = class_accuracy_figure(THREE, NAMES).layout.shapes
    assert line.x0 == line.x1 == 0.9


def test_the_hover_is_a_sentence_and_says_where_there_are_no_images():
    assert class_accuracy_figure(THREE, NAMES).data[0].hovertext == (
        "80.0 % of 10 images of cat are classified correctly",
        "100.0 % of 10 images of &lt;dog&gt; are classified correctly",
        "fox has no validation images",
    )


def test_names_and_evaluation_must_agree():
    with pytest.raises(InvalidTrial, match="3 classes cannot be drawn with 1 name"):
        class_accuracy_figure(THREE, NAMES[:1])


def test_the_text_alternative_names_the_worst_and_the_best_class():
    assert class_accuracy_alt(THREE, NAMES) == (
        "Accuracy by class, from 80.0 % for cat to 100.0 % for <dog>; 90.0 % overall."
    )
    assert class_accuracy_alt(evaluation([[0, 0], [0, 0]]), NAMES[:2]) == "No class has validation images."
