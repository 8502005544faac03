from itertools import pairwise

import pytest
from hypothesis import given
from strategies import architectures

from remap_core.drawing.snac.chips import MIN_HEIGHT, HeightScale, Size, chips, label_lines, snac_alt
from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture
from remap_core.space.layers import (
    FUNCTIONS,
    GLYPHS,
    KINDS,
    Activation,
    AvgPool2d,
    Conv2d,
    Dense,
    Dropout,
    MaxPool2d,
)
from remap_core.space.text import parse_layers

DIGITS = ((1, 8, 8), 10)
EVERY_KIND = Architecture(
    *DIGITS,
    (
        Conv2d(3, 32),
        Activation("tanh"),
        MaxPool2d(2),
        AvgPool2d(2, stride=1),
        Dropout(0.375),
        Dense(64),
        Activation("sigmoid"),
    ),
)


def test_a_row_shows_kind_symbol_and_hyperparameters_and_ends_with_the_head():
    row = chips(EVERY_KIND, Size.LARGE)
    assert [(chip.kind, chip.symbol, chip.label) for chip in row] == [
        ("conv2d", "C", "32 x 3"),
        ("activation", "tanh", "Tanh"),
        ("max_pool2d", "M", "2"),
        ("avg_pool2d", "A", "2 /1"),
        ("dropout", "", "0.375"),
        ("dense", "D", "64"),
        ("activation", "sigmoid", "Sigmoid"),
        ("head", "H", "10"),
    ]


def test_only_the_head_has_no_index():
    assert [chip.index for chip in chips(EVERY_KIND, Size.STRIP)] == [0, 1, 2, 3, 4, 5, 6, None]


def test_the_head_alone_is_a_row_of_one():
    (head,) = chips(Architecture(*DIGITS, ()), Size.SMALL)
    assert (head.kind, head.x, head.output_shape) == ("head", 1.0, (10,))


def test_a_block_has_a_glyph_and_its_label_says_what_is_expanded_and_whether_it_squeezes():
    row = chips(Architecture((3, 8, 8), 10, parse_layers("Residual 32 stride 2, MBConv 24x5 expand 4 se")), Size.LARGE)
    assert [(chip.symbol, chip.label) for chip in row[:-1]] == [
        ("residual", "32 /2"),
        ("inverted residual", "24 x 5 e4 se"),
    ]
    assert all(chip.glyph for chip in row[:-1])


def test_only_blocks_are_barred():
    barred = [kind for kind, layer in KINDS.items() if layer.appearance.barred]
    assert barred == ["residual", "inverted_residual"]


def test_only_dropout_is_dotted_and_only_activations_have_glyphs():
    row = chips(EVERY_KIND, Size.MEDIUM)
    assert [chip.kind for chip in row if chip.dotted] == ["dropout"]
    assert [chip.symbol for chip in row if chip.glyph] == ["tanh", "sigmoid"]


def test_the_four_resolutions_have_blocks_symbols_and_labels_of_their_size():
    assert [size.block for size in Size] == [7, 16, 24, 32]
    assert [size.symbol > 0 for size in Size] == [False, False, True, True]
    assert [size for size in Size if size.has_labels] == [Size.LARGE]


def test_stride_and_padding_are_labelled_where_they_are_not_the_default():
    row = chips(Architecture(*DIGITS, (Conv2d(3, 16, stride=2, padding="same"),)), Size.LARGE)
    assert row[0].label == "16 x 3 /2 same"
    assert label_lines(row[0].label) == ["16 x 3", "/2 same"]


def test_height_is_logarithmic_and_shared_by_all_models_of_a_task():
    scale = HeightScale.of_task((1, 8, 8), 10)
    assert (scale.low, scale.high) == (10, 8 * 8 * 128)
    wide, narrow = (chips(Architecture(*DIGITS, (Conv2d(1, n),)), Size.LARGE)[0].height for n in (128, 16))
    assert wide == 1.0
    assert narrow == pytest.approx(MIN_HEIGHT + (1 - MIN_HEIGHT) * scale.height(1024))
    doubling = scale.height(160) - scale.height(80)
    assert scale.height(1280) - scale.height(640) == pytest.approx(doubling)


def test_heights_beyond_the_scale_stay_within_the_block():
    scale = HeightScale(10, 100)
    assert (scale.height(1), scale.height(10), scale.height(100), scale.height(10**9)) == (0, 0, 1, 1)


@pytest.mark.parametrize(("low", "high"), [(0, 10), (10, 10), (10, 5)])
def test_an_empty_scale_is_refused(low, high):
    with pytest.raises(InvalidArchitecture, match=f"1 <= low < high, but got {low} and {high}"):
        HeightScale(low, high)


def test_a_task_with_more_classes_than_pixels_has_a_scale():
    assert HeightScale.of_task((1, 1, 1), 1000) == HeightScale(1000, 2000)


@given(architectures())
def test_chips_never_overlap_and_stay_within_the_row(architecture):
    for size in Size:
        row = chips(architecture, size)
        assert len(row) == len(architecture.layers) + 1
        assert all(left.x + left.width + size.gap == pytest.approx(right.x) for left, right in pairwise(row))
        assert row[0].x >= 0
        assert row[-1].x + row[-1].width <= size.width(len(row))
        assert all(MIN_HEIGHT <= chip.height <= 1 for chip in row)
        assert [chip.cost for chip in row] == list(architecture.costs)


@given(architectures())
def test_the_text_alternative_parses_back_into_the_layers(architecture):
    layers, head, counts = snac_alt(architecture).split("; ")
    assert parse_layers(layers if architecture.layers else "") == architecture.layers
    assert head == f"head of {architecture.classes} classes"
    assert f"{architecture.parameters:,} parameter" in counts


def test_every_activation_has_a_different_glyph_within_the_unit_square():
    assert set(GLYPHS) == set(FUNCTIONS)
    assert len(set(GLYPHS.values())) == len(FUNCTIONS)
    for glyph in GLYPHS.values():
        assert all(0 <= number <= 1 for line in glyph for point in line for number in point)


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_gelu_and_silu_fall_below_their_start_and_then_rise(name):
    heights = [y for _, y in GLYPHS[name][0]]
    lowest = heights.index(min(heights))
    assert 0 < lowest < heights.index(max(heights)) == len(heights) - 1
    assert min(heights) < heights[0] < max(heights) <= 1


def test_curves_of_the_other_activations_never_fall():
    for curve, *_ in (GLYPHS[name] for name in ("tanh", "relu", "sigmoid")):
        assert all(left[0] < right[0] and left[1] <= right[1] for left, right in pairwise(curve))


def test_a_word_longer_than_a_line_gets_its_own_line():
    assert label_lines("1000000000 x 3") == ["1000000000", "x 3"]
    assert label_lines("") == []
