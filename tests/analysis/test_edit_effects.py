from dataclasses import replace

import numpy as np
import pytest
from analysis.populations import population
from trainings import trial

from remap_core.analysis.edit_effects import SEVERAL, effects
from remap_core.analysis.uncertainty import Spread
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
    assert dense.accuracy == Spread(pytest.approx(-0.03), pytest.approx(0.0989949), 2)
    assert dense.parameters.mean == pytest.approx(0.75)
    assert activation.accuracy == Spread(pytest.approx(0.1), 0.0, 1)


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


def test_an_effect_is_noise_where_its_interval_holds_zero():
    def removals(*accuracies):
        models = population(accuracy=[0.8, *accuracies], text=("Dense 4, ReLU",) * (len(accuracies) + 1))
        children = [child(number + 2, Remove(1)) for number in range(len(accuracies))]
        return effects(models, children)[0]

    assert removals(0.81, 0.79, 0.82).is_noise
    assert not removals(0.83, 0.84, 0.85).is_noise
    assert not removals(0.80, 0.80).is_noise  # too few pairs for an interval


@pytest.mark.parametrize(("deviation", "noise"), [(0.01, False), (0.05, True)])
def test_where_a_model_was_repeated_a_single_pair_may_be_noise_too(deviation, noise):
    models = population(
        accuracy=[0.80, 0.86, 0.50],
        text=("Dense 4, ReLU",) * 3,
        seeds=[1, 1, 20],
        deviation=[np.nan, np.nan, deviation],
    )
    (whole, _) = effects(models, [child(2, Remove(1))])
    assert whole.seed_band == pytest.approx(2.093 * deviation * 2**0.5, rel=1e-3)  # Student's t of 19 degrees
    assert whole.is_noise is noise


def test_children_of_one_parent_share_its_luck():
    models = population(accuracy=[0.8] * 5, text=("Dense 4, ReLU",) * 5, seeds=[1, 1, 1, 1, 9], deviation=[0.01] * 5)
    of_one = effects(models, [child(2, Remove(1)), child(3, Remove(1))])[0]
    of_two = effects(models, [child(2, Remove(1)), child(3, Remove(1), parent=4)])[0]
    assert of_one.seed_band / of_two.seed_band == pytest.approx(1.5**0.5)  # 1/2 + 1 against 1/2 + 1/2 variances
