import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures, layers

from remap_core.errors import InvalidArchitecture, InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.edits import (
    EDITS,
    Prepend,
    Remove,
    Reparameterize,
    Replace,
    ablations,
    apply_all,
    candidate,
    edit_from_json,
    sentences,
)
from remap_core.space.layers import Activation, Conv2d, Dense, Dropout, MaxPool2d

CONV, RELU, POOL = Conv2d(3, 16), Activation("relu"), MaxPool2d(2)
PARENT = Architecture((1, 8, 8), 10, (CONV, RELU, POOL))

places = st.integers(-1, 9)
edits = st.one_of(
    st.builds(Remove, places),
    st.builds(Replace, places, layers),
    st.builds(Prepend, places, layers),
    st.builds(Reparameterize, places, st.sampled_from(["filters", "units", "rate"]), st.integers(0, 9)),
)


@pytest.mark.parametrize(
    ("edit", "chain", "sentence"),
    [
        (Remove(1), (CONV, POOL), "ReLU at 2 removed"),
        (Replace(1, Dropout(0.5)), (CONV, Dropout(0.5), POOL), "ReLU at 2 -> Dropout 0.5"),
        (Prepend(0, POOL), (POOL, CONV, RELU, POOL), "MaxPool 2 put before Conv 16x3 at 1"),
        (Prepend(3, Dense(8)), (CONV, RELU, POOL, Dense(8)), "Dense 8 put before the head"),
        (Reparameterize(0, "filters", 64), (Conv2d(3, 64), RELU, POOL), "Conv 16x3 at 1 -> 64 filters"),
        (Reparameterize(2, "size", 3), (CONV, RELU, MaxPool2d(3)), "MaxPool 2 at 3 -> size 3"),
        (Reparameterize(1, "function", "tanh"), (CONV, Activation("tanh"), POOL), "ReLU at 2 -> Tanh"),
    ],
)
def test_an_edit_gives_the_child_and_says_what_it_does(edit, chain, sentence):
    assert edit.apply(PARENT).layers == chain
    assert edit.sentence(PARENT) == sentence


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Remove(5), "index must be one of the 3 layers, but got 5."),
        (Remove(-1), "index must be one of the 3 layers, but got -1."),
        (Prepend(4, RELU), "index must be 0 to 3 (the head), but got 4."),
        (Replace(1, Activation("tanh")), "Replace needs another kind than activation; reparameterize keeps it."),
        (Reparameterize(0, "units", 3), "conv2d has kernel_size, filters, stride, padding, but got 'units'."),
        (Reparameterize(0, "filters", 16), "An edit must change the architecture"),
        (Reparameterize(0, "filters", 0), "filters must be a whole number of at least 1, but got 0."),
        (Reparameterize(0, "kernel_size", 9), "Layer 0 (Conv 16x9): its 9 x 9 window must fit"),
        (Prepend(0, Dense(4)), "Layer 1 (Conv 16x3): it needs an image"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_with_the_reason(edit, reason):
    with pytest.raises(InvalidArchitecture) as refused:
        edit.apply(PARENT)
    assert reason in str(refused.value)


def test_why_a_candidate_is_none_counts_layers_from_one_as_edits_do():
    assert candidate(PARENT, Prepend(0, Dense(4))).reason == (
        "Conv 16x3 at 2 does not fit: it needs an image, but its input "
        "is a vector of 4 (after a Dense or GlobalAvgPool)."
    )
    assert candidate(PARENT, Remove(5)).reason == "index must be one of the 3 layers, but got 5."


def test_edits_are_said_though_the_chain_does_not_fit_between_them():
    edits = (Prepend(0, Dense(4)), Remove(1), Remove(2))
    assert sentences(PARENT, edits) == [
        "Dense 4 put before Conv 16x3 at 1",
        "Conv 16x3 at 2 removed",
        "MaxPool 2 at 3 removed",
    ]


@given(architectures(), edits)
def test_every_child_is_valid_and_differs_or_is_refused(parent, edit):
    found = candidate(parent, edit)
    if found.child is None:
        assert found.reason
    else:
        assert found.child != parent
        assert (found.child.input_shape, found.child.classes) == (parent.input_shape, parent.classes)


@given(edits)
def test_edits_round_trip_through_their_stored_form(edit):
    assert edit_from_json(edit.to_json()) == edit


@given(architectures(), st.lists(edits, max_size=4))
def test_edits_in_a_row_are_applied_in_order_and_all_said(parent, chosen):
    found = candidate(parent, *chosen)
    if found.child is not None:
        assert apply_all(parent, found.edits) == found.child
        assert len(sentences(parent, found.edits)) == len(chosen)


@pytest.mark.parametrize(
    "form",
    [
        None,
        {"edit": "shuffle"},
        {"edit": "remove"},
        {"edit": "remove", "index": True},
        {"edit": "replace", "index": 1},
        {"edit": ["remove"], "index": 1},
    ],
)
def test_what_is_no_edit_is_refused(form):
    with pytest.raises(InvalidTrial, match="edit"):
        edit_from_json(form)


def test_every_kind_of_edit_is_known_by_its_name():
    assert list(EDITS) == ["remove", "replace", "prepend", "reparameterize"]


def test_an_ablation_is_the_parent_without_one_layer():
    assert [found.child.layers for found in ablations(PARENT)] == [(RELU, POOL), (CONV, POOL), (CONV, RELU)]


def test_only_the_chosen_layers_are_ablated():
    assert [found.edits for found in ablations(PARENT, [2, 0])] == [(Remove(2),), (Remove(0),)]


@given(architectures())
def test_every_layer_gives_a_child_of_one_layer_less_or_a_reason(parent):
    made = ablations(parent)
    assert [found.edits[0].index for found in made] == list(range(len(parent.layers)))
    for found in made:
        assert found.reason if found.child is None else len(found.child.layers) == len(parent.layers) - 1
