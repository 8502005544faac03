"""How many images each class has, as bars."""

from remap_core.drawing.charts.class_balance import MAX_BARS, class_balance_alt, class_balance_figure


def bars(figure):
    (trace,) = figure.data
    return list(trace.x)


def test_the_largest_class_is_on_top_with_its_number():
    figure = class_balance_figure(["a", "<b>", "c"], [5, 12, 7])
    assert bars(figure) == [12, 7, 5]
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;", "c", "a"]
    assert list(figure.data[0].text) == ["12", "7", "5"]


def test_of_many_classes_the_largest_and_the_smallest_are_drawn_and_that_is_said():
    names = [f"class {number}" for number in range(1000)]
    images = list(range(1, 1001))
    figure = class_balance_figure(names, images)
    assert bars(figure) == [*range(1000, 970, -1), *range(30, 0, -1)]
    assert len(bars(figure)) == MAX_BARS
    assert class_balance_alt(names, images) == (
        "Images by class, from 1 of class 0 to 1,000 of class 999. "
        "Drawn: the 30 largest and the 30 smallest of 1,000 classes."
    )


def test_equal_classes_are_said_to_be_equal():
    assert class_balance_alt(["a", "b"], [7, 7]) == "Every class has 7 images."
    assert class_balance_alt([], []) == "There are no classes."
