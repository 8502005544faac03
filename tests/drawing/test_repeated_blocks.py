from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from remap_core.drawing.snac.repeated_blocks import RepeatedBlock, repeated_blocks
from remap_core.space.text import parse_layers

chains = st.text("AB", max_size=30) | st.text("ABC", max_size=30)
repeats = st.tuples(st.text("ABC", min_size=1, max_size=3), st.integers(2, 4))
short = st.text("AB", max_size=7)


def test_three_times_conv_relu_pool_is_one_block():
    group = "Conv 32x3, ReLU, MaxPool 2"
    assert repeated_blocks(parse_layers(f"{group}, {group}, {group}, Dense 64")) == (RepeatedBlock(0, 3, 3),)


def test_layers_repeat_only_with_the_same_hyperparameters():
    assert repeated_blocks(parse_layers("Conv 16x3, ReLU, Conv 32x3, ReLU")) == ()


def test_one_layer_several_times_is_a_block_and_a_chain_without_repeats_has_none():
    assert repeated_blocks("ABBBC") == (RepeatedBlock(1, 1, 3),)
    assert repeated_blocks("ABC") == repeated_blocks("") == ()


def test_fewer_blocks_are_preferred_where_as_much_is_saved():
    assert repeated_blocks("ABBABB") == (RepeatedBlock(0, 3, 2),)


def test_of_two_readings_the_one_that_begins_first_is_taken():
    assert repeated_blocks("ABABA") == (RepeatedBlock(0, 2, 2),)


@given(chains)
def test_blocks_are_repeats_in_order_and_disjoint(chain):
    found = repeated_blocks(chain)
    for block in found:
        group = chain[block.first : block.first + block.length]
        assert block.times >= 2
        assert chain[block.first : block.stop] == group * block.times
    assert all(left.stop <= right.first for left, right in pairwise(found))


@given(chains)
def test_no_group_repeats_something_shorter(chain):
    for block in repeated_blocks(chain):
        group = chain[block.first : block.first + block.length]
        assert not any(group == group[:part] * (len(group) // part) for part in range(1, len(group)))


@given(chains)
def test_no_group_continues_where_its_block_ends(chain):
    found = repeated_blocks(chain)
    taken = {index for block in found for index in range(block.first, block.stop)}
    for block in found:
        group = chain[block.first : block.first + block.length]
        before = range(block.first - block.length, block.first)
        after = range(block.stop, block.stop + block.length)
        for beside in (before, after):
            is_free = beside.start >= 0 and beside.stop <= len(chain) and not taken & set(beside)
            assert not (is_free and chain[beside.start : beside.stop] == group)


@given(st.lists(repeats, max_size=3), chains)
def test_a_chain_with_a_repeat_has_a_block(parts, rest):
    chain = "".join(group * times for group, times in parts) + rest
    assert bool(repeated_blocks(chain)) >= bool(parts)


@given(short)
def test_no_other_choice_of_disjoint_repeats_saves_more(chain):
    every = [
        RepeatedBlock(first, length, times)
        for first in range(len(chain))
        for length in range(1, len(chain))
        for times in range(2, len(chain) + 1)
        if first + length * times <= len(chain)
        and chain[first : first + length * times] == chain[first : first + length] * times
    ]
    choices = (chosen for size in range(4) for chosen in combinations(every, size) if _disjoint(chosen))
    max_saved = max(sum(block.saved for block in chosen) for chosen in choices)
    assert sum(block.saved for block in repeated_blocks(chain)) == max_saved


def _disjoint(chosen):
    ordered = sorted(chosen, key=lambda block: block.first)
    return all(left.stop <= right.first for left, right in pairwise(ordered))
