import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures

from remap_core.space.architecture import Architecture
from remap_core.space.edits import Merge, Prepend, Remove, Reparameterize, Replace, ablations, apply_all
from remap_core.space.text import parse_layers
from remap_core.training.inheritance.ancestry import NEW, sources


def architecture(text: str) -> Architecture:
    return Architecture((1, 12, 12), 10, parse_layers(text))


def layer(text: str):
    return parse_layers(text)[0]


PARENT = architecture("Conv 8x3, Conv 4x3, ReLU, Dense 16")


@pytest.mark.parametrize(
    ("edits", "made_of"),
    [
        ([Remove(1)], [[0], [2], [3]]),
        ([Prepend(4, layer("Tanh"))], [[0], [1], [2], [3], []]),
        ([Replace(2, layer("MaxPool 2"))], [[0], [1], [], [3]]),
        ([Reparameterize(0, "filters", 16)], [[0], [1], [2], [3]]),
        ([Merge(0, 2, layer("Conv 4x5"))], [[0, 1], [2], [3]]),
        ([Remove(0), Prepend(0, layer("ReLU")), Remove(2)], [[], [1], [3]]),
        ([Prepend(1, layer("Conv 8x1")), Merge(0, 2, layer("Conv 8x3"))], [[], [1], [2], [3]]),
    ],
)
def test_each_layer_of_a_child_knows_what_it_was_made_of(edits, made_of):
    child = apply_all(PARENT, edits)
    assert [list(source) for source in sources(PARENT, child, edits)] == made_of


def test_without_the_edits_equal_and_changed_layers_correspond():
    child = architecture("Conv 8x3, Conv 4x5, Dense 16")
    assert [list(source) for source in sources(PARENT, child, ())] == [[0], [1], [3]]
    assert sources(PARENT, child, [Remove(0)]) == sources(PARENT, child, ())


@given(architectures(), st.integers(0, 7))
def test_an_ablation_keeps_all_layers_but_one_in_their_order(parent, index):
    for one in ablations(parent):
        if one.child and index < len(parent.layers):
            made_of = sources(parent, one.child, one.edits)
            assert NEW not in made_of
            assert [source.start for source in made_of] == sorted({source.start for source in made_of})
            assert len(made_of) == len(parent.layers) - 1
