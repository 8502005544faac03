from hypothesis import given
from hypothesis import strategies as st
from strategies import layers

from remap_core.space.draft import edits_between
from remap_core.space.edit_marks import marks
from remap_core.space.edits import Layers, Prepend, Remove, Replace
from remap_core.space.layers import Activation, Dense

RELU, DENSE = Activation("relu"), Dense(4)
CHAIN = Layers((RELU, DENSE, RELU))
chains = st.lists(layers, max_size=6).map(tuple)


def test_added_and_changed_layers_are_marked_at_their_index_in_the_child():
    assert marks(CHAIN, [Prepend(0, DENSE), Replace(2, RELU)]).changed == {0, 2}


def test_a_removal_leaves_a_gap_before_the_next_layer_or_the_head():
    assert marks(CHAIN, [Remove(0)]).gaps == {0}
    assert marks(CHAIN, [Remove(2)]).gaps == {2}
    assert marks(CHAIN, [Remove(0), Prepend(0, DENSE)]).gaps == {1}


@given(chains, chains)
def test_marks_are_indices_of_the_child_and_equal_chains_have_none(before, after):
    found = marks(Layers(before), edits_between(before, after))
    assert found.changed <= set(range(len(after)))
    assert found.gaps <= set(range(len(after) + 1))
    assert bool(found.changed or found.gaps) == (before != after)
