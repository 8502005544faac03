from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import layers

from remap_core.space.alignment import Change, align, alignment_cost, difference_sentences
from remap_core.space.edits import Remove
from remap_core.space.layers import Activation, Conv2d, Dense, MaxPool2d
from remap_core.space.text import parse_layers

few = st.one_of(
    st.builds(Conv2d, st.just(3), st.integers(1, 2)),
    st.builds(Dense, st.integers(1, 2)),
    st.builds(MaxPool2d, st.integers(2, 3)),
    st.builds(Activation, st.sampled_from(["relu", "tanh"])),
)
chains = st.lists(few, max_size=7).map(tuple)


def cheapest(before, after) -> int:
    """Independent oracle: tries every alignment."""

    @cache
    def rest(i, j):
        ways = [2 + rest(i + 1, j)] if i < len(before) else []
        ways += [2 + rest(i, j + 1)] if j < len(after) else []
        if i < len(before) and j < len(after) and type(before[i]) is type(after[j]):
            ways.append(int(before[i] != after[j]) + rest(i + 1, j + 1))
        return min(ways, default=0)

    return rest(0, 0)


def changes(before: str, after: str) -> list[str]:
    return [pair.change.value for pair in align(parse_layers(before), parse_layers(after))]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ("", "ReLU", ["added"]),
        ("Conv 8x3, ReLU", "Conv 8x3, ReLU", ["kept", "kept"]),
        ("Conv 8x3, ReLU, Conv 8x3", "Conv 8x3, Conv 8x3", ["kept", "removed", "kept"]),
        ("Conv 8x3", "Conv 8x5", ["changed"]),
        ("Dense 8", "ReLU", ["removed", "added"]),
        ("Conv 8x3, MaxPool 2, Dense 4", "Conv 8x3, AvgPool 2, Dense 4", ["kept", "removed", "added", "kept"]),
        ("ReLU, Dense 8, ReLU", "Tanh, Dense 8", ["changed", "kept", "removed"]),
    ],
)
def test_layers_are_paired_with_as_few_changes_as_possible(before, after, expected):
    assert changes(before, after) == expected


@given(chains, chains)
def test_no_alignment_is_cheaper(before, after):
    assert alignment_cost(align(before, after)) == cheapest(before, after)


@given(chains, chains)
def test_every_layer_of_both_chains_occurs_once_and_in_order(before, after):
    pairs = align(before, after)
    assert [pair.before for pair in pairs if pair.before is not None] == list(range(len(before)))
    assert [pair.after for pair in pairs if pair.after is not None] == list(range(len(after)))


@given(chains, chains)
def test_the_change_of_a_pair_is_correct(before, after):
    for pair in align(before, after):
        old = None if pair.before is None else before[pair.before]
        new = None if pair.after is None else after[pair.after]
        match pair.change:
            case Change.KEPT:
                assert old == new
            case Change.CHANGED:
                assert type(old) is type(new)
                assert old != new
            case Change.REMOVED:
                assert new is None
            case Change.ADDED:
                assert old is None


def test_an_added_layer_stands_before_the_next_layer_of_the_first_chain():
    assert difference_sentences(parse_layers("Conv 8x3, Dense 4"), parse_layers("Conv 8x3, ReLU, Dense 4")) == [
        "Inserted ReLU before layer 2 (Dense 4)"
    ]
    assert difference_sentences(parse_layers("ReLU, Dense 4"), parse_layers("Dropout 0.5, Dense 4")) == [
        "Removed layer 1 (ReLU)",
        "Inserted Dropout 0.5 before layer 2 (Dense 4)",
    ]


@given(st.lists(layers, max_size=8).map(tuple))
def test_equal_chains_cost_nothing_and_have_no_difference(chain):
    assert alignment_cost(align(chain, chain)) == 0
    assert difference_sentences(chain, chain) == []


@given(chains, chains)
def test_the_reverse_alignment_costs_the_same(before, after):
    assert alignment_cost(align(before, after)) == alignment_cost(align(after, before))


@given(chains.filter(bool), st.integers(0, 6))
def test_an_ablation_is_one_layer_removed(chain, index):
    child = Remove(index % len(chain)).edited(chain)
    assert [pair.change for pair in align(chain, child) if pair.change is not Change.KEPT] == [Change.REMOVED]


def test_differences_count_layers_of_the_first_chain_from_one():
    before = parse_layers("Conv 16x3, ReLU, MaxPool 2, Dense 64")
    after = parse_layers("Conv 32x3, MaxPool 2, Dense 64, Dropout 0.5")
    assert difference_sentences(before, after) == [
        "Changed layer 1 (Conv 16x3) to Conv 32x3",
        "Removed layer 2 (ReLU)",
        "Inserted Dropout 0.5 before the head",
    ]
