import pytest
from hypothesis import given
from strategies import architectures

from remap_core.geometry.otmann.conventions import CONVENTIONS, NASBOT, REMAP_2019
from remap_core.geometry.otmann.distances import distances_to
from remap_core.geometry.otmann.nodes import nodes_of
from remap_core.geometry.otmann.transport_plan import Move, transport_plan
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers

every_convention = pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=lambda each: each.name)


def architecture(text):
    return Architecture((1, 28, 28), 10, parse_layers(text))


def layer_masses(one, convention):
    found = dict.fromkeys(range(len(one.layers) + 1), 0.0)
    return found | {node.layer: node.mass for node in nodes_of(one, convention) if node.layer is not None}


@every_convention
@given(one=architectures(), other=architectures())
def test_moved_and_unassigned_mass_add_up_to_the_mass_of_each_layer(convention, one, other):
    plan = transport_plan(one, other, convention)
    for end, architecture, left in (("layer", one, plan.unassigned), ("other", other, plan.other_unassigned)):
        assert len(left) == len(architecture.layers) + 1
        for layer, mass in layer_masses(architecture, convention).items():
            moved = sum(move.mass for move in plan.moves if getattr(move, end) == layer)
            assert moved + left[layer] == pytest.approx(mass, abs=1e-9)


@every_convention
@given(one=architectures(), other=architectures())
def test_the_cost_of_a_plan_is_the_distance(convention, one, other):
    expected = distances_to([one], [other], convention, normalised=False)[0, 0]
    assert transport_plan(one, other, convention).distance == pytest.approx(expected, rel=1e-9, abs=1e-9)


@every_convention
@given(one=architectures())
def test_an_architecture_matches_itself_layer_by_layer(convention, one):
    plan = transport_plan(one, one, convention, nu=1.0)
    masses = layer_masses(one, convention)
    assert plan.moves == tuple(Move(layer, layer, mass) for layer, mass in masses.items() if mass)
    assert plan.distance == 0


def test_an_added_layer_is_unassigned_and_the_others_keep_their_partners():
    plan = transport_plan(architecture("Conv 16x3, Dense 16"), architecture("Conv 16x3, MaxPool 2, Dense 16"))
    assert [(move.layer, move.other) for move in plan.moves] == [(0, 0), (1, 2), (2, 3)]
    assert plan.unassigned == (0, 0, 0)
    assert plan.other_unassigned == (0, 16, 0, 0)


def test_a_layer_can_be_split_over_two():
    plan = transport_plan(architecture("Dense 32"), architecture("Dense 16, Dense 16"), REMAP_2019, nu=0.0)
    assert sum(move.layer == 1 for move in plan.moves) > 1  # the head weighs 320, theirs 16, 256 and 160


def test_a_layer_that_is_not_a_node_has_no_mass():
    plan = transport_plan(architecture("ReLU, Dense 16"), architecture("Dense 16"), NASBOT)
    assert [(move.layer, move.other) for move in plan.moves] == [(1, 0), (2, 1)]
    assert plan.unassigned == (0, 0, 0)
