import numpy as np
import pytest

from remap_core.drawing.charts.class_accuracy import class_accuracy_figure
from remap_core.drawing.charts.confusion import confusion_figure
from remap_core.drawing.charts.shown_classes import MAX_IN_FULL, MAX_SHOWN, confused_classes, worst_classes
from remap_core.trials.evaluation import Evaluation, Latency

NAMES = tuple(f"kind {number}" for number in range(300))


def evaluation(classes: int, **errors: int) -> Evaluation:
    """Ten images of each class, all correct but for errors such as c7_as_9=4."""
    confusion = np.diag(np.full(classes, 10))
    for name, images in errors.items():
        true_class, predicted = map(int, name.removeprefix("c").split("_as_"))
        confusion[true_class, predicted] += images
        confusion[true_class, true_class] -= images
    return Evaluation(confusion, np.zeros(0, np.uint8), Latency(0.1, 1.0, "cpu", 1))


CONFUSED = evaluation(300, c250_as_3=5, c7_as_9=4, c7_as_250=3)


@pytest.mark.parametrize("choose", [confused_classes, worst_classes])
def test_few_classes_are_all_shown_in_their_order(choose):
    assert list(choose(evaluation(MAX_IN_FULL, c3_as_1=2))) == list(range(MAX_IN_FULL))


def test_of_many_classes_those_of_the_most_frequent_confusions_are_shown_and_the_most_errors_come_first():
    shown = list(confused_classes(CONFUSED))
    assert len(set(shown)) == len(shown) == MAX_SHOWN
    assert shown[:2] == [7, 250]
    assert {3, 9} < set(shown)


def test_of_many_classes_the_worst_are_shown_first_and_those_without_images_never():
    empty = evaluation(300, c0_as_0=0, c250_as_3=5)
    empty.confusion[5] = 0
    assert worst_classes(empty)[0] == 250
    assert 5 not in worst_classes(empty)
    assert len(worst_classes(empty)) == MAX_SHOWN


def test_a_cell_and_its_sentence_count_all_images_of_the_class():
    figure = confusion_figure(CONFUSED, NAMES, classes=[250, 7])
    (wrong,) = (trace for trace in figure.data if trace.name == "wrong")
    assert figure.layout.yaxis.ticktext == ("kind 250", "kind 7")
    assert wrong.z[1][0] == 0.3
    assert wrong.hovertext[1][0] == "3 of 10 images of kind 7 are classified as kind 250 (30.0 %)"


def test_many_classes_make_figures_of_a_few():
    wide = evaluation(300, c250_as_3=5)
    assert np.shape(confusion_figure(wide, NAMES).data[1].z) == (MAX_SHOWN, MAX_SHOWN)
    bars = class_accuracy_figure(wide, NAMES).data[0]
    assert len(bars.x) == MAX_SHOWN
    assert (bars.customdata[0], bars.x[0], bars.y[0]) == (250, 0.5, 0)
