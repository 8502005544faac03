import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures

from remap_core.errors import InvalidTrial
from remap_core.space.architecture import Architecture
from remap_core.space.edits import Prepend, Remove, Reparameterize, Replace, apply_all
from remap_core.space.grid import layers_of, other_values
from remap_core.space.layers import Activation, Conv2d, Dense, MaxPool2d
from remap_core.space.markov.search_spaces import REMAP_2019
from remap_core.space.variations import KINDS, VariationRequest, Variations, everything_allowed, variations

CAP = 1_000_000
PARENT = Architecture((1, 12, 12), 10, (Conv2d(3, 16), Activation("relu"), MaxPool2d(2), Dense(64)))


def varied(parent, children, edits, allowed, seed=0, cap=CAP) -> Variations:
    request = VariationRequest(children, edits, allowed)
    return variations(parent, REMAP_2019, request, np.random.default_rng(seed), max_parameters=cap)


@st.composite
def constraints(draw):
    """A parent and permissions for some of its layers and perhaps its head."""
    parent = draw(architectures(max_layers=5))
    kinds = st.frozensets(st.sampled_from(list(KINDS)))
    allowed = {index: draw(kinds) for index in range(len(parent.layers))}
    head = draw(st.sampled_from([frozenset(), frozenset({"prepend"})]))
    return parent, allowed | {len(parent.layers): head}


def touched(parent, edits):
    """(kind, parent's index) of each edit, by numbering the parent's layers and editing the numbers; an independent
    tracker. The index is None for a layer that an edit put in, "head" for the head."""
    numbers = [*range(len(parent.layers)), "head"]
    for edit in edits:
        yield edit, numbers[edit.index]
        if isinstance(edit, Remove):
            del numbers[edit.index]
        elif isinstance(edit, Prepend):
            numbers.insert(edit.index, None)


@given(constraints(), st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_every_child_has_the_requested_number_of_edits_and_they_lead_to_it(constraints, children, edits, seed):
    parent, allowed = constraints
    for found in varied(parent, children, edits, allowed, seed).children:
        assert len(found.edits) == edits
        assert apply_all(parent, found.edits) == found.child


@given(constraints(), st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_permissions_follow_the_parents_layers_through_earlier_edits(constraints, children, edits, seed):
    parent, allowed = constraints
    for found in varied(parent, children, edits, allowed, seed).children:
        for edit, origin in touched(parent, found.edits):
            assert origin is not None
            assert edit.kind in allowed[len(parent.layers) if origin == "head" else origin]


@given(constraints(), st.integers(1, 20), st.integers(1, 3), st.integers(0, 99))
def test_no_child_is_the_parent_or_a_sibling(constraints, children, edits, seed):
    parent, allowed = constraints
    made = [found.child for found in varied(parent, children, edits, allowed, seed).children]
    assert len({parent, *made}) == len(made) + 1


@given(constraints(), st.integers(1, 20), st.integers(1, 3), st.integers(100, 5_000))
def test_the_cap_on_parameters_is_respected(constraints, children, edits, cap):
    parent, allowed = constraints
    assert all(found.child.parameters <= cap for found in varied(parent, children, edits, allowed, cap=cap).children)


@given(constraints(), st.integers(1, 20), st.integers(1, 3))
def test_there_are_as_many_children_as_requested_or_a_shortfall(constraints, children, edits):
    parent, allowed = constraints
    found = varied(parent, children, edits, allowed)
    assert len(found.children) <= children
    assert bool(found.shortfall) == (len(found.children) < children)


@given(constraints(), st.integers(0, 99))
def test_the_same_seed_gives_the_same_children(constraints, seed):
    parent, allowed = constraints
    assert varied(parent, 4, 2, allowed, seed) == varied(parent, 4, 2, allowed, seed)


@given(constraints(), st.integers(2, 5))
def test_no_edit_undoes_an_earlier_one(constraints, edits):
    parent, allowed = constraints
    for found in varied(parent, 3, edits, allowed).children:
        steps = [(edit, origin) for edit, origin in touched(parent, found.edits) if not isinstance(edit, Prepend)]
        for (before, one), (after, other) in ((a, b) for i, a in enumerate(steps) for b in steps[i + 1 :]):
            if one == other:
                assert (before.kind, after.kind) == ("reparameterize", "reparameterize")
                assert before.name != after.name


def every_child(parent, allowed):
    """All children of one edit, by trying everything: the oracle of an exact answer."""
    edits = []
    for index in range(len(parent.layers) + 1):
        kinds = allowed.get(index, frozenset())
        edits += [Prepend(index, layer) for layer in layers_of(REMAP_2019) if "prepend" in kinds]
        if index < len(parent.layers):
            layer = parent.layers[index]
            edits += [Remove(index)] if "remove" in kinds else []
            edits += [
                Replace(index, new) for new in layers_of(REMAP_2019) if "replace" in kinds and new.kind != layer.kind
            ]
            if "reparameterize" in kinds:
                edits += [
                    Reparameterize(index, name, value) for name, value in other_values(layers_of(REMAP_2019), layer)
                ]
    children = set()
    for edit in edits:
        try:
            children.add(edit.apply(parent))
        except Exception:  # noqa: S112 (what does not fit is no child)
            continue
    return children


@given(constraints())
def test_for_one_edit_a_shortfall_is_exact(constraints):
    parent, allowed = constraints
    found = varied(parent, 20, 1, allowed)
    exist = every_child(parent, allowed)
    made = {candidate.child for candidate in found.children}
    assert found.exact
    assert made == exist if len(exist) <= 20 else made < exist


def test_the_shortfall_of_no_child_names_the_reason():
    assert varied(PARENT, 5, 1, {}).shortfall == "No child can be made: no allowed edit changes a layer."
    alone = Architecture((1, 4, 4), 10, (Dense(16),))
    assert varied(alone, 5, 1, {0: frozenset({"reparameterize"})}, cap=50).shortfall == (
        "No child can be made: of 3 possible edits, 3 exceeded 50 parameters."
    )
    nothing_fits = Architecture((1, 1, 1), 2, (MaxPool2d(1),))
    found = varied(nothing_fits, 5, 3, {0: frozenset({"reparameterize"})})
    assert (found.exact, found.shortfall) == (
        True,
        "No child can be made: none of the allowed edits fits.",
    )


def test_a_shortfall_of_one_edit_counts_the_rejected_edits():
    small = Architecture((1, 4, 4), 10, (MaxPool2d(2),))
    found = varied(small, 5, 1, {0: frozenset({"reparameterize"})})
    assert found.shortfall == "Only 1 of 5 children can be made: of 2 possible edits, 1 did not fit."


def test_a_shortfall_without_rejected_edits_says_that_there_are_no_others():
    found = varied(PARENT, 5, 1, {1: frozenset({"remove"})})
    assert found.shortfall == "Only 1 of 5 children can be made: there are no other edits."


def test_a_shortfall_of_several_edits_counts_the_random_tries():
    found = varied(PARENT, 5, 2, {1: frozenset({"remove"}), 2: frozenset({"remove"})})
    assert (len(found.children), found.exact) == (1, False)
    assert found.shortfall == (
        "Found 1 of 5 children in 300 random tries (299 repeated the parent or another child); more may exist."
    )


def test_kinds_and_layers_are_drawn_evenly_even_if_some_offer_more():
    allowed = {0: frozenset({"remove", "prepend"})}
    kinds = [varied(PARENT, 1, 1, allowed, seed).children[0].edits[0].kind for seed in range(200)]
    assert 70 < kinds.count("remove") < 130


def test_everything_allowed_is_every_kind_on_every_layer_and_prepending_to_the_head():
    assert everything_allowed(Architecture((1, 4, 4), 10, (Dense(16),))) == {
        0: frozenset(KINDS),
        1: frozenset({"prepend"}),
    }


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ((0, 1, {}), "children must be 1 to 20, but got 0."),
        ((21, 1, {}), "children must be 1 to 20, but got 21."),
        ((True, 1, {}), "children must be 1 to 20, but got True."),
        ((1, 6, {}), "edits must be 1 to 5, but got 6."),
        ((1, 1, {0: frozenset({"shuffle"})}), "Layer 1 may allow remove, replace, prepend, reparameterize"),
    ],
)
def test_a_request_out_of_range_is_refused(request_, sentence):
    with pytest.raises(InvalidTrial, match=re.escape(sentence)):
        VariationRequest(*request_)


@pytest.mark.parametrize(
    ("allowed", "sentence"),
    [
        ({5: frozenset()}, "Edits can be allowed at layers 1 to 5 (the head), but got 6."),
        ({4: frozenset({"remove"})}, "The head only allows prepend, but got remove."),
    ],
)
def test_permissions_that_do_not_fit_the_parent_are_refused(allowed, sentence):
    with pytest.raises(InvalidTrial, match=re.escape(sentence)):
        varied(PARENT, 1, 1, allowed)
