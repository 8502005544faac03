import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import architectures

from remap_core.errors import InvalidSpace
from remap_core.space.architecture import Architecture
from remap_core.space.caps import Cap, Cost, amount, caps_text, exceeded, over_sentence, tightest
from remap_core.space.layers import Conv2d
from remap_core.space.text import parse_layers

NET = Architecture((1, 8, 8), 10, (Conv2d(3, 16),))
limits = st.lists(st.builds(Cap, st.sampled_from(Cost), st.floats(1, 1e12), st.sampled_from(["", "a setting"])))


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (Cost.PARAMETERS, 5_930),
        (Cost.MULTIPLY_ADDS, 10_944),
        (Cost.MEMORY, 640),
        (Cost.FLASH_INT8, 11_336),
        (Cost.FLASH_FLOAT, 25_768),
        (Cost.SECONDS, 3.0),
    ],
)
def test_the_amount_of_each_cost(cost, expected):
    assert amount(cost, NET, lambda _: 3.0) == expected


def test_a_cap_on_seconds_holds_for_all_where_nobody_knows_how_long_a_training_takes():
    cap = Cap(Cost.SECONDS, 1.0)
    assert exceeded([cap], NET) is None
    assert exceeded([cap], NET, lambda _: 2.0) == cap
    assert exceeded([cap], NET, lambda _: float("nan")) == cap


@given(architectures(), limits)
def test_an_architecture_keeps_to_all_caps_where_it_keeps_to_the_tightest(architecture, caps):
    over = exceeded(tightest(caps), architecture, lambda _: 5.0)
    assert (over is None) == (exceeded(caps, architecture, lambda _: 5.0) is None)
    if over:
        assert amount(over.cost, architecture, lambda _: 5.0) > over.limit


@given(limits)
def test_of_each_cost_one_cap_is_left_in_the_order_of_costs(caps):
    costs = [cap.cost for cap in tightest(caps)]
    assert costs == [cost for cost in Cost if cost in {cap.cost for cap in caps}]
    assert tightest(tightest(caps)) == tightest(caps)


def test_caps_are_said_in_words():
    caps = [Cap(Cost.PARAMETERS, 1), Cap(Cost.MEMORY, 512 * 1024), Cap(Cost.SECONDS, 300)]
    assert caps_text(caps) == "at most 1 parameter, 512 KB of activations and 5 min 00 s of training"
    assert caps_text([Cap(Cost.FLASH_INT8, 832 * 1024)]) == "at most 832 KB of flash in int8"
    assert caps_text([]) == "no caps"
    assert over_sentence(Cap(Cost.MEMORY, 512, "REMAP_MAX_ACTIVATION_MEMORY"), NET) == (
        "Over the cap: 0.62 KB of activations, at most 0.5 KB allowed (REMAP_MAX_ACTIVATION_MEMORY)."
    )


def test_the_source_of_a_cap_is_short():
    with pytest.raises(InvalidSpace, match=r"The source of a cap must have at most 100 characters\."):
        Cap(Cost.PARAMETERS, 1, "x" * 101)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_cap_is_a_number_above_0(limit):
    with pytest.raises(InvalidSpace, match="A cap on parameters must be greater than 0"):
        Cap(Cost.PARAMETERS, limit)


def test_few_parameters_are_no_way_around_the_memory_of_a_machine():
    wide = Architecture((1, 8, 8), 10, parse_layers("Conv 40000x1, ReLU, MaxPool 8"))
    assert wide.parameters < 1_000_000
    over = exceeded([Cap(Cost.PARAMETERS, 1_000_000)], wide)
    assert over_sentence(over, wide) == (
        "Over the cap: 2,539 KB of activations, at most 1,024 KB allowed (the most for images of this size)."
    )


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 224, 224)])
@pytest.mark.parametrize("text", ["Conv 64x3 same, ReLU, Conv 64x3 same", "Conv 32x3, MaxPool 2, Dense 64"])
def test_usual_networks_are_far_below_it(shape, text):
    assert exceeded([], Architecture(shape, 10, parse_layers(text))) is None
