from dataclasses import replace

import pytest
from analysis.populations import population
from trainings import trial

from remap_core.analysis.edit_effects import SEVERAL, Spread, effects
from remap_core.space.edits import Prepend, Remove, Reparameterize, Replace
from remap_core.space.layers import Dense

MODELS = population(
    accuracy=[0.80, 0.70, 0.84, 0.90, 0.50],
    parameters=[100, 50, 300, 100, 100],
    latency_1_ms=[2.0, 1.0, 2.0, 2.0, 0.0],
    text=("Dense 4, ReLU", "ReLU", "Dense 4, ReLU, Dense 8", "Dense 4, Dense 8", "ReLU"),
)


def child(number, *edits, parent=1):
    made = trial(number)
    return replace(made, proposal=replace(made.proposal, parent=parent, edits=edits))


def test_each_kind_of_edit_has_its_mean_its_spread_and_its_targets():
    children = [child(2, Remove(0)), child(3, Remove(0)), child(4, Remove(1))]
    whole, dense, activation = effects(MODELS, children)
    assert [(e.edit, e.target, e.pairs) for e in (whole, dense, activation)] == [
        ("remove", "", 3),
        ("remove", "dense", 2),
        ("remove", "activation", 1),
    ]
    assert dense.accuracy == Spread(pytest.approx(-0.03), pytest.approx(0.0989949))
    assert dense.parameters.mean == pytest.approx(0.75)
    assert activation.accuracy == Spread(pytest.approx(0.1), 0.0)


@pytest.mark.parametrize(
    ("edit", "target"),
    [
        (Prepend(0, Dense(8)), "dense"),
        (Replace(1, Dense(8)), "dense"),
        (Reparameterize(0, "units", 8), "dense units"),
        (Remove(1), "activation"),
    ],
)
def test_an_effect_names_the_layer_that_was_edited_or_put_in(edit, target):
    assert [found.target for found in effects(MODELS, [child(2, edit)])] == ["", target]


def test_children_of_several_edits_are_counted_by_themselves_and_last():
    found = effects(MODELS, [child(3, Remove(0), Remove(0)), child(2, Remove(0))])
    assert [(effect.edit, effect.pairs) for effect in found] == [("remove", 1), ("remove", 1), (SEVERAL, 1)]


def test_pairs_of_which_one_is_not_finished_are_left_out():
    assert effects(MODELS, [child(9, Remove(0)), child(2, Remove(0), parent=9), child(2)]) == []


def test_a_latency_that_was_not_measured_is_left_out_of_its_mean():
    (whole, _) = effects(MODELS, [child(2, Remove(0), parent=5)])
    assert whole.latency.mean != whole.latency.mean
    assert whole.accuracy.mean == pytest.approx(0.2)
