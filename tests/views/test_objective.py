from fractions import Fraction
from operator import mul

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from overview_populations import population, populations

from remap_core.errors import InvalidView
from remap_core.space.footprint import Footprint
from remap_core.views.objective import Objective
from remap_core.views.targets import Target

weights = st.lists(st.floats(0, 1e6), min_size=3, max_size=3)


@given(populations(), st.floats(1e-6, 1e6))
def test_equal_weights_are_the_plain_validation_accuracy_exactly(of, weight):
    for objective in (Objective(), Objective((weight,) * 3)):
        assert objective.value(of).tolist() == of.accuracy.tolist()


@given(populations(), weights)
@example(population([0.0], classes=("cat", "dog", "bird"), class_accuracy=[np.nan, 0.5, np.nan]), [0.0, 5e-324, 0.0])
def test_the_value_is_the_weighted_mean_over_the_classes_with_known_accuracies(of, drawn):
    assume(len(set(drawn)) > 1)
    value = Objective(tuple(drawn)).value(of)
    known = [index for index in range(3) if drawn[index] and not np.isnan(of.class_accuracy[:, index]).all()]
    assert len(value) == len(of)
    for row, found in enumerate(value):
        used = of.class_accuracy[row, known]
        if not known or np.isnan(used).any():
            assert np.isnan(found)
        else:
            # exact, for numpy's own mean is wrong with weights near the smallest number there is
            shares = [Fraction(drawn[index]) for index in known]
            mean = sum(map(mul, shares, map(Fraction, used))) / sum(shares)
            assert found == pytest.approx(float(mean))


@given(populations(), weights, st.floats(0.01, 100))
def test_only_the_ratio_of_the_weights_matters(of, drawn, factor):
    assume(len(set(drawn)) > 1 and min(weight for weight in drawn if weight) > 1e-6)
    once, scaled = (Objective(tuple(scale * weight for weight in drawn)).value(of) for scale in (1, factor))
    assert scaled == pytest.approx(once, nan_ok=True)


def test_equal_weights_of_birds_and_cats_give_the_mean_of_both_and_ignore_the_others():
    of = population([0.5, 0.5], classes=("bird", "cat", "frog"), class_accuracy=[[1, 0.8, 0], [0.2, 0.4, 1]])
    assert Objective((2, 2, 0)).value(of) == pytest.approx([0.9, 0.3])


def test_a_model_without_an_accuracy_for_a_weighted_class_is_nan():
    of = population([0.5, 0.5], class_accuracy=[[np.nan, 0.8], [0.2, 0.4]])
    assert Objective((2, 1)).value(of) == pytest.approx([np.nan, 4 / 15], nan_ok=True)


def test_caps_are_inclusive_and_exclude_unknown_latencies():
    of = population([0.5] * 4, [100, 101, 100, 100], latency_1_ms=[1, 1, 2, np.nan])
    assert Objective(max_parameters=100).allows(of).tolist() == [True, False, True, True]
    assert Objective(max_parameters=100, max_latency_ms=1).allows(of).tolist() == [True, False, False, False]
    assert Objective().allows(of).all()


def test_a_cap_on_multiply_adds_and_a_target_leave_out_what_exceeds_them():
    of = population([0.5] * 3, multiply_adds=[10, 11, 10], text=("Conv 8x3", "MaxPool 2", "MaxPool 2"))
    tiny = Target("tiny", "Tiny", flash=10**6, ram=4_000, runtime=Footprint(0, 0))
    assert Objective(max_multiply_adds=10).allows(of).tolist() == [True, False, True]
    assert Objective(target=tiny).allows(of).tolist() == [False, True, True]
    assert Objective(max_multiply_adds=10, target=tiny).allows(of).tolist() == [False, False, True]


def test_new_weights_keep_the_caps_and_no_weights_make_all_classes_equal():
    held = Objective(max_parameters=7)
    assert held.with_weights({2: 2.0}, 3) == Objective((0, 0, 2), 7)
    assert held.with_weights({0: 3.0}, 3).with_weights({0: 0.0}, 3) == held


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"weights": (1, -1)}, "A class weight must be a number of at least 0, but got -1."),
        ({"weights": (1, float("nan"))}, "A class weight must be a number of at least 0, but got nan."),
        ({"weights": (0, 0)}, "At least one of the 2 class weights must be above 0, but all are 0."),
        ({"max_parameters": 0}, "The parameter cap must be a whole number of at least 1, but got 0."),
        ({"max_multiply_adds": 0}, "The multiply-add cap must be a whole number of at least 1, but got 0."),
        ({"max_latency_ms": 0.0}, "The latency cap must be above 0 ms, but got 0."),
    ],
)
def test_an_invalid_objective_is_refused_with_the_rule_and_the_value(parts, sentence):
    with pytest.raises(InvalidView) as refusal:
        Objective(**parts)
    assert str(refusal.value) == sentence


def test_weights_of_another_data_set_are_refused():
    with pytest.raises(InvalidView, match="one weight for each of the 2 classes of digits, but got 3"):
        Objective((1, 0, 0)).value(population([0.5]))
