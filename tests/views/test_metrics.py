import numpy as np
import pytest
from overview_populations import population

from remap_core.views.metrics import best_rows, is_metric, metrics
from remap_core.views.objective import Objective

TWO = population([0.9, 0.8], [10, 20], class_accuracy=[[0.5, 0.6], [0.7, 0.4]], loss=[0.3, 0.4])
KNOWN = metrics(TWO.class_names)


def test_every_metric_has_one_number_for_each_model():
    for metric in KNOWN.values():
        assert metric.values(TWO, Objective()).shape == (2,)
        assert metric.values(TWO, Objective()).dtype == np.float64


def test_every_class_is_a_metric_and_the_objective_follows_its_weights():
    assert KNOWN["class-1"].values(TWO, Objective()).tolist() == [0.6, 0.4]
    assert KNOWN["class-1"].title == "Accuracy for <i>dog</i>"
    assert KNOWN["objective"].values(TWO, Objective((0, 3))).tolist() == [0.6, 0.4]
    assert KNOWN["objective"].values(TWO, Objective()).tolist() == [0.9, 0.8]


@pytest.mark.parametrize("key", ["class-01", "class--1", "class-", "Parameters", "", "class-\u0663"])
def test_an_unknown_key_is_not_a_metric(key):
    assert not is_metric(key)


@pytest.mark.parametrize(
    ("across", "up", "front"),
    [
        ("parameters", "class-0", [0, 1]),  # smaller and better: a trade
        ("parameters", "accuracy", [0]),  # smaller and better at once
        ("accuracy", "class-0", [0, 1]),  # more is better on both: from the best of the first on
        ("parameters", "loss", [0]),  # less is better on both
        ("class-0", "loss", [1, 0]),
    ],
)
def test_the_front_respects_the_better_direction_of_each_metric(across, up, front):
    x, y = ((KNOWN[key], KNOWN[key].values(TWO, Objective())) for key in (across, up))
    assert best_rows(x, y).tolist() == front
