import numpy as np
import pytest

from remap_core.drawing.charts.confusion import MAX_CLASSES_WITH_NUMBERS, confusion_alt, confusion_figure, row_shares
from remap_core.errors import InvalidTrial
from remap_core.trials.evaluation import Evaluation, Latency


def evaluation(rows):
    return Evaluation(np.array(rows, dtype=np.int64), np.zeros(0, np.uint8), Latency(0.1, 1.0, "cpu", 1))


THREE = evaluation([[8, 2, 0], [0, 9, 0], [1, 4, 5]])
NAMES = ("cat", "dog", "fox")


def heat(figure, name):
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return trace


def test_rows_are_true_classes_columns_predicted_and_the_diagonal_runs_down():
    layout = confusion_figure(THREE, NAMES).layout
    assert (layout.yaxis.title.text, layout.xaxis.title.text) == ("True class", "Predicted")
    assert list(layout.yaxis.range) == [2.5, -0.5]
    assert list(layout.xaxis.range) == [-0.5, 2.5]
    assert layout.yaxis.ticktext == layout.xaxis.ticktext == NAMES


def test_right_and_wrong_cells_are_shares_of_their_row_and_cells_without_images_are_empty():
    figure = confusion_figure(THREE, NAMES)
    nan = np.nan
    np.testing.assert_allclose(heat(figure, "right").z, [[0.8, nan, nan], [nan, 1, nan], [nan, nan, 0.5]])
    np.testing.assert_allclose(heat(figure, "wrong").z, [[nan, 0.2, nan], [nan, nan, nan], [0.1, 0.4, nan]])


@pytest.mark.parametrize(("shares", "cell"), [(False, "4"), (True, "40 %")])
def test_cells_say_counts_or_shares(shares, cell):
    text = heat(confusion_figure(THREE, NAMES, shares), "wrong").text
    assert text[2][1] == cell
    assert text[0][2] == ""


def test_the_worst_confusion_is_the_darkest_but_a_rare_one_is_never_dark():
    assert heat(confusion_figure(THREE, NAMES), "wrong").zmax == 0.4
    assert heat(confusion_figure(evaluation([[99, 1], [0, 100]]), NAMES[:2]), "wrong").zmax == 0.2


def test_the_hover_is_a_sentence():
    figure = confusion_figure(THREE, NAMES)
    assert heat(figure, "wrong").hovertext[2][1] == "4 of 10 images of fox are classified as dog (40.0 %)"
    assert heat(figure, "wrong").hovertext[2][0] == "1 of 10 images of fox is classified as cat (10.0 %)"
    assert heat(figure, "right").hovertext[0][0] == "8 of 10 images of cat are classified correctly (80.0 %)"


def test_class_names_that_look_like_markup_are_shown_as_typed():
    figure = confusion_figure(THREE, ("<b>cat</b>", "a & b", "fox"))
    assert figure.layout.xaxis.ticktext == ("&lt;b&gt;cat&lt;/b&gt;", "a &amp; b", "fox")
    assert "images of fox are classified as a &amp; b" in heat(figure, "wrong").hovertext[2][1]


def test_many_classes_have_no_numbers_in_their_cells_and_stay_on_the_screen():
    size = MAX_CLASSES_WITH_NUMBERS + 1
    figure = confusion_figure(evaluation(np.eye(size) * 3), [str(n) for n in range(size)])
    assert heat(figure, "right").text is None
    assert "3 of 3 images of 20 are classified correctly (100.0 %)" in heat(figure, "right").hovertext[20][20]
    assert confusion_figure(evaluation(np.eye(200)), ["x"] * 200).layout.height <= 900


def test_a_class_without_images_is_an_empty_row():
    empty = evaluation([[0, 0], [1, 3]])
    assert row_shares(empty.confusion, np.array([0, 4])).tolist() == [[0, 0], [0.25, 0.75]]
    assert np.isnan(heat(confusion_figure(empty, NAMES[:2]), "right").z[0]).all()


def test_names_and_matrix_must_agree():
    with pytest.raises(InvalidTrial, match=r"2 classes cannot have the shape \(3, 3\)"):
        confusion_figure(THREE, NAMES[:2])


def test_the_text_alternative_names_the_most_frequent_confusion():
    assert confusion_alt(THREE, NAMES) == (
        "75.9 % of 29 images are classified correctly. "
        "Most frequent confusion: 4 of 10 images of fox are classified as dog (40.0 %)."
    )


def test_without_errors_there_is_no_confusion_to_name():
    assert confusion_alt(evaluation([[2, 0], [0, 2]]), NAMES[:2]) == "100.0 % of 4 images are classified correctly."


def test_every_cell_belongs_to_one_trace_and_an_empty_one_says_so():
    figure = confusion_figure(THREE, NAMES)
    shown = [np.isfinite(np.asarray(heat(figure, name).z, dtype=float)) for name in ("board", "right", "wrong")]
    assert (np.sum(shown, axis=0) == 1).all()
    assert heat(figure, "board").hovertext[0][2] == "No cat was predicted as fox."


def test_each_row_ends_in_the_accuracy_of_its_class():
    figure = confusion_figure(THREE, NAMES, classes=[2, 0], with_accuracy=True)
    bars = figure.data[-1]
    assert (list(bars.x), list(bars.y), bars.xaxis) == ([0.5, 0.8], [0, 1], "x2")
    assert bars.text == ("50.0 %", "80.0 %")
    assert bars.customdata == (2, 0)
    assert bars.hovertext[0] == "50.0 % of 10 images of fox are classified correctly"
    assert figure.layout.height < confusion_figure(THREE, NAMES).layout.height
