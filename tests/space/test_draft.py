import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures, layers

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture
from remap_core.space.draft import Draft, edits_between
from remap_core.space.edits import Layers, Prepend, Remove, Reparameterize, Replace, sentences
from remap_core.space.layers import Activation, Conv2d, Dense, Dropout, InvertedResidual, MaxPool2d, Residual
from remap_core.space.text import layers_text

CONV, RELU, DENSE = Conv2d(3, 16), Activation("relu"), Dense(64)
PARENT = Architecture((1, 8, 8), 10, (CONV, RELU, DENSE))
DRAFT = Draft.of(PARENT)

chains = st.lists(layers, max_size=7).map(tuple)


def edited(chain, edits):
    for edit in edits:
        chain = edit.edited(chain)
    return chain


@given(chains, chains)
def test_the_edits_between_two_chains_lead_from_one_to_the_other(before, after):
    assert edited(before, edits_between(before, after)) == after


@given(chains)
def test_between_equal_chains_there_is_no_edit(chain):
    assert edits_between(chain, chain) == ()


@given(architectures(), chains)
def test_every_edit_between_two_chains_has_a_sentence(parent, after):
    edits = edits_between(parent.layers, after)
    assert len(sentences(parent, edits)) == len(edits)


@pytest.mark.parametrize(
    ("after", "edits"),
    [
        ((RELU, DENSE), (Remove(0),)),
        ((CONV, RELU, DENSE, RELU), (Prepend(3, RELU),)),
        ((CONV, MaxPool2d(2), DENSE), (Replace(1, MaxPool2d(2)),)),
        ((Conv2d(5, 32), RELU, DENSE), (Reparameterize(0, "kernel_size", 5), Reparameterize(0, "filters", 32))),
        ((Conv2d(3, 16, padding="same"), RELU, DENSE), (Reparameterize(0, "padding", "same"),)),
    ],
)
def test_the_edits_between_two_chains_are_few(after, edits):
    assert edits_between(PARENT.layers, after) == edits


def test_a_kernel_that_becomes_even_loses_its_padding_first():
    same, even = (Conv2d(3, 16, padding="same"),), (Conv2d(4, 16),)
    assert edited(same, edits_between(same, even)) == even


changes = st.lists(
    st.one_of(
        st.tuples(st.just("edited"), st.builds(Remove, st.integers(0, 3))),
        st.tuples(st.just("edited"), st.builds(Prepend, st.integers(0, 3), layers)),
        st.tuples(st.just("moved"), st.integers(0, 3), st.integers(-2, 2)),
    ),
    max_size=6,
)


def changed(draft, change):
    name, *arguments = change
    try:
        return getattr(draft, name)(*arguments)
    except InvalidArchitecture:
        return draft


@given(changes)
def test_undo_and_redo_restore_every_step(changes):
    drafts = [DRAFT]
    for change in changes:
        after = changed(drafts[-1], change)
        drafts += [after] if after != drafts[-1] else []
    back = drafts[-1]
    for before in reversed(drafts[:-1]):
        back = back.undone()
        assert back.layers == before.layers
    assert back.undone() == back
    for after in drafts[1:]:
        back = back.redone()
        assert back.layers == after.layers
    assert back.redone() == back


def test_a_change_after_an_undo_discards_the_undone_step():
    draft = DRAFT.edited(Remove(0)).undone().edited(Remove(1))
    assert draft.redone() == draft


@given(changes)
def test_a_draft_is_an_architecture_or_names_the_layer_that_does_not_fit(changes):
    draft = DRAFT
    for change in changes:
        draft = changed(draft, change)
    assert (draft.architecture is None) == (draft.mismatch is not None)
    if draft.mismatch:
        assert f"at {draft.mismatch.index + 1} does not fit" in draft.candidate().reason
        with pytest.raises(InvalidArchitecture):
            PARENT.with_layers(draft.layers)


def test_layers_that_do_not_fit_are_kept_in_the_draft():
    draft = DRAFT.edited(Prepend(0, DENSE))
    assert draft.layers == (DENSE, CONV, RELU, DENSE)
    assert draft.mismatch.index == 1
    assert draft.edited(Remove(0)).architecture == PARENT


def test_a_draft_equal_to_its_parent_is_not_a_child():
    assert DRAFT.candidate().reason == "The draft is the same as its parent."


def test_a_layer_is_moved_and_stops_at_the_ends():
    assert DRAFT.moved(0, 1).layers == (RELU, CONV, DENSE)
    assert DRAFT.moved(2, -1).layers == (CONV, DENSE, RELU)
    assert DRAFT.moved(0, -1) == DRAFT
    with pytest.raises(InvalidArchitecture, match="There is no layer 8 in a chain of 3 layers"):
        DRAFT.moved(7, 1)


def test_a_block_is_exchanged_for_another_and_its_switch_is_turned_on():
    residual, inverted = Residual(16), InvertedResidual(16, 5, expand=3, squeeze_excite=True)
    assert edits_between((CONV, residual), (CONV, inverted)) == (Replace(1, inverted),)
    steps = edits_between((CONV, InvertedResidual(16, 5)), (CONV, inverted))
    assert sentences(Layers((CONV, InvertedResidual(16, 5))), steps) == [
        "Changed layer 2 (MBConv 16x5) to expand 3",
        "Changed layer 2 (MBConv 16x5 expand 3) to squeeze-excite on",
    ]


def test_hyperparameters_are_changed_in_one_step_and_may_be_typed_text():
    draft = DRAFT.reparameterized(0, {"kernel_size": "5", "filters": 32, "stride": 1, "padding": "same"})
    assert draft.layers[0] == Conv2d(5, 32, padding="same")
    assert draft.undone().layers == PARENT.layers
    assert DRAFT.inserted(3, "dropout", {"rate": "0.3"}).layers[3] == Dropout(0.3)


@pytest.mark.parametrize(("typed", "shown"), [("many", "'many'"), ("2.5", "2.5"), ("-3", "-3"), ("", "''")])
def test_an_invalid_typed_value_is_refused(typed, shown):
    with pytest.raises(InvalidArchitecture, match=f"units must be a whole number of at least 1, but got {shown}"):
        DRAFT.reparameterized(2, {"units": typed})


@given(architectures())
def test_words_and_the_public_json_form_can_be_pasted(other):
    words = DRAFT.pasted(layers_text(other.layers))
    form = {"input_shape": [1, 8, 8], "classes": 10, "layers": [layer.to_json() for layer in other.layers]}
    assert words.layers == other.layers
    assert DRAFT.pasted(json.dumps(form)).layers == DRAFT.pasted(json.dumps(form["layers"])).layers == other.layers


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "'hello' is not a layer; write Conv 32x3"),
        ("Dense 99999999999", "is not a layer"),
        ("Conv 0x3", "filters must be a whole number of at least 1, but got 0."),
        ("{", "The text is not valid JSON"),
        ("[" * 100_000, "The text is not valid JSON"),
        ("[3]", 'a layer must be an object with a "kind", but got 3.'),
        ('{"layers": 3}', "layers must be a list, but got int."),
        (
            '{"input_shape": [3, 32, 32], "classes": 10, "layers": []}',
            "input_shape must be the parent's, [1, 8, 8], but got [3, 32, 32].",
        ),
        (", ".join(["ReLU"] * 61), "An architecture has at most 60 layers, but got 61."),
    ],
)
def test_invalid_pasted_text_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(InvalidArchitecture, match=re.escape(sentence)):
        DRAFT.pasted(text)


def test_a_draft_with_a_million_units_knows_its_size():
    assert DRAFT.pasted("Dense 1000000").architecture.parameters == 1_000_000 * 65 + 10 * 1_000_001


def test_linear_layers_are_fused_once_all_layers_fit():
    draft = DRAFT.with_layers((*PARENT.layers, Dense(32)))
    assert draft.fused().layers == (CONV, RELU)
    assert draft.fused().undone().layers == draft.layers
    unfit = draft.with_layers((DENSE, CONV))
    assert unfit.fused() is unfit
