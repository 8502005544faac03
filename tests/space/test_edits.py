import pytest
from hypothesis import given
from strategies import architectures

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Remove, ablations, edit_from_json
from remap_core.space.layers import Activation, Conv2d, Dense, MaxPool2d

PARENT = Architecture((1, 8, 8), 10, (Conv2d(3, 16), Activation("relu"), MaxPool2d(2)))


def test_an_ablation_is_the_parent_without_one_layer():
    assert [ablation.child.layers for ablation in ablations(PARENT)] == [
        (Activation("relu"), MaxPool2d(2)),
        (Conv2d(3, 16), MaxPool2d(2)),
        (Conv2d(3, 16), Activation("relu")),
    ]


def test_only_the_chosen_layers_are_ablated():
    assert [ablation.edit for ablation in ablations(PARENT, [2, 0])] == [Remove(2), Remove(0)]


@given(architectures())
def test_every_layer_gives_a_child_of_one_layer_less_or_a_reason(parent):
    made = ablations(parent)
    assert [ablation.edit.index for ablation in made] == list(range(len(parent.layers)))
    for ablation in made:
        if ablation.child is None:
            assert ablation.reason.startswith("Layer ")
        else:
            assert len(ablation.child.layers) == len(parent.layers) - 1
            assert ablation.child != parent


def test_a_layer_that_holds_the_chain_together_gives_a_reason():
    shrinking = Architecture((1, 4, 4), 10, (MaxPool2d(3, stride=1), Dense(4)))
    assert ablations(shrinking)[0].child is not None
    growing = Architecture((1, 3, 3), 10, (Conv2d(1, 4, padding="same"), Conv2d(3, 4)))
    assert ablations(growing)[0].child is not None
    impossible = Remove(5)
    with pytest.raises(InvalidArchitecture, match="index must be one of the parent's 3 layers, but got 5"):
        impossible.apply(PARENT)


def test_edits_are_values_with_a_stored_form():
    assert edit_from_json(Remove(2).to_json()) == Remove(2)
    assert Remove(2).sentence(PARENT) == "MaxPool 2 at 3 removed"
    with pytest.raises(InvalidTrial, match="An edit must be like"):
        edit_from_json({"edit": "shuffle"})
