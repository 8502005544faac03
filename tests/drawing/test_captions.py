import pytest

from remap_core.drawing.charts.captions import caps_text, metric_text, metric_title, objective_text, weights_text
from remap_core.views.metrics import metrics
from remap_core.views.objective import Objective

NAMES = ("bird", "cat", "dog", "<b>eel</b>", "frog")
KNOWN = metrics(NAMES)


@pytest.mark.parametrize(
    ("objective", "text"),
    [
        (Objective(), "All classes weighted equally"),
        (Objective((2,) * 5), "All classes weighted equally"),
        (Objective((0, 0, 0, 1, 0)), "<b>eel</b>"),
        (Objective((2, 0.5, 0, 0, 0)), "bird x2, cat x0.5"),
        (Objective((1, 1, 1, 1, 0)), "bird, cat, dog, 1 more"),
        (
            Objective(max_parameters=1, max_latency_ms=2.5),
            "All classes weighted equally; at most 1 parameter; at most 2.5 ms",
        ),
    ],
)
def test_an_objective_is_one_line(objective, text):
    assert objective_text(objective, NAMES) == text


def test_weights_and_caps_are_told_apart():
    both = Objective((2, 0.5, 0, 0, 0), max_parameters=1_000, max_latency_ms=0.25)
    assert weights_text(both, NAMES) == "bird x2, cat x0.5"
    assert caps_text(both) == "; at most 1,000 parameters; at most 0.25 ms"
    assert caps_text(Objective((2, 0.5, 0, 0, 0))) == ""


def test_the_objectives_axis_says_what_it_is():
    assert metric_title(KNOWN["objective"], Objective(), NAMES) == "Validation accuracy"
    assert metric_title(KNOWN["objective"], Objective((1, 0, 0, 0, 0)), NAMES) == "Validation accuracy, bird"
    assert metric_title(KNOWN["class-1"], Objective(), NAMES) == "Accuracy for cat"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("accuracy", 0.5, "50.0 %"),
        ("parameters", 24_122.0, "24,122"),
        ("latency-256", 4.56, "4.6 ms"),
        ("seconds", 0.0432, "0.043 s"),
        ("loss", 0.25, "0.250"),
        ("loss", float("nan"), "n/a"),
    ],
)
def test_a_value_is_written_with_its_unit(key, value, text):
    assert metric_text(KNOWN[key], value) == text
