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

indices = st.integers(-1, 9)
edits = st.one_of(
    st.builds(Remove, indices),
    st.builds(Replace, indices, layers),
    st.builds(Prepend, indices, layers),
    st.builds(Reparameterize, indices, st.sampled_from(["filters", "units", "rate"]), st.integers(0, 9)),
)


@pytest.mark.parametrize(
    ("edit", "chain", "sentence"),
    [
        (Remove(1), (CONV, POOL), "Removed layer 2 (ReLU)"),
        (Replace(1, Dropout(0.5)), (CONV, Dropout(0.5), POOL), "Changed layer 2 (ReLU) to Dropout 0.5"),
        (Prepend(0, POOL), (POOL, CONV, RELU, POOL), "Inserted MaxPool 2 before layer 1 (Conv 16x3)"),
        (Prepend(3, Dense(8)), (CONV, RELU, POOL, Dense(8)), "Inserted Dense 8 before the head"),
        (Reparameterize(0, "filters", 64), (Conv2d(3, 64), RELU, POOL), "Changed layer 1 (Conv 16x3) to 64 filters"),
        (Reparameterize(2, "size", 3), (CONV, RELU, MaxPool2d(3)), "Changed layer 3 (MaxPool 2) to size 3"),
        (Reparameterize(1, "function", "tanh"), (CONV, Activation("tanh"), POOL), "Changed layer 2 (ReLU) to Tanh"),
    ],
)
def test_an_edit_returns_the_child_and_has_a_sentence(edit, chain, sentence):
    assert edit.apply(PARENT).layers == chain
    assert edit.sentence(PARENT) == sentence


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Remove(5), "There is no layer 6 in a chain of 3 layers."),
        (Remove(-1), "There is no layer 0 in a chain of 3 layers."),
        (Prepend(4, RELU), "A layer can be added before position 1 to 4 (the head), but got 5."),
        (
            Replace(1, Activation("tanh")),
            "Replace needs a layer of another kind than activation; use reparameterize to change its hyperparameters.",
        ),
        (
            Reparameterize(0, "units", 3),
            "conv2d has no hyperparameter 'units'; known: kernel_size, filters, stride, padding.",
        ),
        (Reparameterize(0, "filters", 16), "An edit must change the architecture, but this one changes nothing."),
        (Reparameterize(0, "filters", 0), "filters must be a whole number of at least 1, but got 0."),
        (Reparameterize(0, "kernel_size", 9), "Layer 1 (Conv 16x9): its 9 x 9 window must fit"),
        (Prepend(0, Dense(4)), "Layer 2 (Conv 16x3): it needs an image"),
    ],
)
def test_an_impossible_edit_is_refused_with_the_reason(edit, reason):
    with pytest.raises(InvalidArchitecture) as refused:
        edit.apply(PARENT)
    assert reason in str(refused.value)


def test_the_reason_of_an_impossible_candidate_counts_layers_from_one_as_edits_do():
    assert candidate(PARENT, Prepend(0, Dense(4))).reason == (
        "Conv 16x3 at 2 does not fit: it needs an image, but its input "
        "is a vector of 4 (after a Dense or GlobalAvgPool)."
    )
    assert candidate(PARENT, Remove(5)).reason == "There is no layer 6 in a chain of 3 layers."


def test_edits_have_sentences_even_where_the_chain_between_them_does_not_fit():
    edits = (Prepend(0, Dense(4)), Remove(1), Remove(2))
    assert sentences(PARENT, edits) == [
        "Inserted Dense 4 before layer 1 (Conv 16x3)",
        "Removed layer 2 (Conv 16x3)",
        "Removed layer 3 (MaxPool 2)",
    ]


@given(architectures(), edits)
def test_every_child_is_valid_and_differs_from_its_parent_or_is_refused(parent, edit):
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
def test_edits_in_a_row_are_applied_in_order_and_each_has_a_sentence(parent, chosen):
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
def test_a_form_that_is_not_an_edit_is_refused(form):
    with pytest.raises(InvalidTrial, match="edit"):
        edit_from_json(form)


def test_every_kind_of_edit_is_registered_by_name():
    assert list(EDITS) == ["remove", "replace", "prepend", "reparameterize", "merge"]


def test_an_ablation_is_the_parent_without_one_layer():
    assert [found.child.layers for found in ablations(PARENT)] == [(RELU, POOL), (CONV, POOL), (CONV, RELU)]


def test_only_the_chosen_layers_are_ablated():
    assert [found.edits for found in ablations(PARENT, [2, 0])] == [(Remove(2),), (Remove(0),)]


@given(architectures())
def test_ablating_a_layer_gives_a_child_with_one_layer_less_or_a_reason(parent):
    candidates = ablations(parent)
    assert [found.edits[0].index for found in candidates] == list(range(len(parent.layers)))
    for found in candidates:
        assert found.reason if found.child is None else len(found.child.layers) == len(parent.layers) - 1
