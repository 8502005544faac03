from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from remap_core.drawing.snac.repeated_blocks import RepeatedBlock, repeated_blocks
from remap_core.space.text import parse_layers

chains = st.text("AB", max_size=30) | st.text("ABC", max_size=30)
repeats = st.tuples(st.text("ABC", min_size=1, max_size=3), st.integers(2, 4))
short = st.text("AB", max_size=7)


def test_three_times_conv_relu_pool_is_one_plate():
    group = "Conv 32x3, ReLU, MaxPool 2"
    assert repeated_blocks(parse_layers(f"{group}, {group}, {group}, Dense 64")) == (RepeatedBlock(0, 3, 3),)


def test_layers_repeat_only_with_the_same_hyperparameters():
    assert repeated_blocks(parse_layers("Conv 16x3, ReLU, Conv 32x3, ReLU")) == ()


def test_one_layer_several_times_is_a_plate_and_a_chain_without_repeats_has_none():
    assert repeated_blocks("ABBBC") == (RepeatedBlock(1, 1, 3),)
    assert repeated_blocks("ABC") == repeated_blocks("") == ()


def test_fewer_plates_are_preferred_where_as_much_is_saved():
    assert repeated_blocks("ABBABB") == (RepeatedBlock(0, 3, 2),)


def test_of_two_readings_the_one_that_begins_first_is_taken():
    assert repeated_blocks("ABABA") == (RepeatedBlock(0, 2, 2),)


@given(chains)
def test_plates_are_repeats_in_order_and_disjoint(chain):
    found = repeated_blocks(chain)
    for plate in found:
        group = chain[plate.first : plate.first + plate.length]
        assert plate.times >= 2
        assert chain[plate.first : plate.stop] == group * plate.times
    assert all(left.stop <= right.first for left, right in pairwise(found))


@given(chains)
def test_no_group_repeats_something_shorter(chain):
    for plate in repeated_blocks(chain):
        group = chain[plate.first : plate.first + plate.length]
        assert not any(group == group[:part] * (len(group) // part) for part in range(1, len(group)))


@given(chains)
def test_no_group_goes_on_where_its_plate_ends(chain):
    found = repeated_blocks(chain)
    taken = {index for plate in found for index in range(plate.first, plate.stop)}
    for plate in found:
        group = chain[plate.first : plate.first + plate.length]
        before = range(plate.first - plate.length, plate.first)
        after = range(plate.stop, plate.stop + plate.length)
        for beside in (before, after):
            is_free = beside.start >= 0 and beside.stop <= len(chain) and not taken & set(beside)
            assert not (is_free and chain[beside.start : beside.stop] == group)


@given(st.lists(repeats, max_size=3), chains)
def test_a_chain_with_a_repeat_has_a_plate(parts, rest):
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
    most = max(sum(plate.saved for plate in chosen) for chosen in choices)
    assert sum(plate.saved for plate in repeated_blocks(chain)) == most


def _disjoint(chosen):
    ordered = sorted(chosen, key=lambda plate: plate.first)
    return all(left.stop <= right.first for left, right in pairwise(ordered))
