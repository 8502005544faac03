from base64 import b64decode
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from strategies import architectures

from remap_core.drawing.palette import chip_appearance
from remap_core.drawing.snac.chips import Size, chips, snac_alt
from remap_core.drawing.snac.svg import (
    TABLE_PADDING,
    TABLE_ROW,
    snac_data_uri,
    snac_svg,
    table_size,
)
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, Conv2d, Dense, Dropout, InvertedResidual, Residual

NS = {"svg": "http://www.w3.org/2000/svg"}
SMALL_NET = Architecture((1, 8, 8), 10, (Conv2d(3, 32), Activation("relu"), Dropout(0.5), Dense(64)))


def drawn(text):
    return ElementTree.fromstring(text)  # noqa: S314 (our own text)


def test_one_block_a_layer_in_its_kinds_colour_and_the_head_last():
    root = drawn(snac_svg(chips(SMALL_NET, Size.SMALL), Size.SMALL))
    blocks = root.findall(".//svg:g/svg:rect[1]", NS)
    kinds = ("conv2d", "activation", "dropout", "dense", "head")
    assert [block.get("fill") for block in blocks] == [chip_appearance(kind).colour for kind in kinds]


def test_blocks_are_centred_on_one_line():
    root = drawn(snac_svg(chips(SMALL_NET, Size.LARGE), Size.LARGE))
    middles = {
        round(float(block.get("y")) + float(block.get("height")) / 2, 1)
        for block in root.findall(".//svg:g/svg:rect[1]", NS)
    }
    assert middles == {16.0}


def test_only_dropout_has_dots_and_they_are_on_its_fill():
    (dots,) = drawn(snac_svg(chips(SMALL_NET, Size.MEDIUM), Size.MEDIUM)).findall(".//svg:rect[@stroke-dasharray]", NS)
    chip = chips(SMALL_NET, Size.MEDIUM)[2]
    assert float(dots.get("x")) == chip.x + 2
    assert float(dots.get("width")) == chip.width - 4


def test_symbols_appear_from_medium_on_and_hyperparameters_in_large():
    texts = {
        size: [text.text for text in drawn(snac_svg(chips(SMALL_NET, size), size)).findall(".//svg:text", NS)]
        for size in Size
    }
    assert texts[Size.STRIP] == texts[Size.SMALL] == []
    assert texts[Size.MEDIUM] == ["C", "D", "H"]
    assert texts[Size.LARGE] == ["C", "32 x 3", "ReLU", "0.5", "D", "64", "H", "10"]


@pytest.mark.parametrize("size", Size)
def test_a_block_has_a_bar_exactly_where_a_chip_is_too_small_for_its_glyph(size):
    row = chips(Architecture((3, 8, 8), 10, (Residual(32), InvertedResidual(32))), size)
    root = drawn(snac_svg(row, size))
    bars = [rect for chip in row[:2] for rect in root.iter(f"{{{NS['svg']}}}rect") if rect.get("fill") == chip.ink]
    lines = root.findall(".//svg:polyline", NS)
    assert (len(bars), len(lines)) == ((0, 4) if size.symbol else (2, 0))


def test_activations_are_drawn_as_lines_not_letters():
    root = drawn(snac_svg(chips(SMALL_NET, Size.MEDIUM), Size.MEDIUM))
    assert len(root.findall(".//svg:polyline", NS)) == 1


def test_rows_of_a_table_share_one_width_and_never_cut_a_longer_chain():
    short, long = (Architecture((1, 8, 8), 10, (Activation("relu"),) * n) for n in (1, 6))
    sizes = {drawn(snac_svg(chips(a, Size.SMALL), Size.SMALL, blocks=7)).get("viewBox") for a in (short, long)}
    assert sizes == {"0 0 126 16"}
    assert drawn(snac_svg(chips(long, Size.SMALL), Size.SMALL, blocks=2)).get("width") == "126"


def test_a_data_uri_is_the_svg_with_its_text_alternative_as_high_as_a_tables_picture():
    uri = snac_data_uri(SMALL_NET, blocks=9)
    head, body = uri.split(",")
    root = drawn(b64decode(body).decode())
    assert head == "data:image/svg+xml;base64"
    assert root.find("svg:title", NS).text == snac_alt(SMALL_NET)
    assert (root.get("width"), root.get("height")) == (str(Size.MEDIUM.width(9)), str(TABLE_ROW - TABLE_PADDING))


def test_a_title_that_looks_like_markup_is_shown_and_not_obeyed():
    root = drawn(snac_svg(chips(SMALL_NET, Size.STRIP), Size.STRIP, title="<script>alert('1 & 2')</script>"))
    assert root.find("svg:title", NS).text == "<script>alert('1 & 2')</script>"
    assert root.find(".//svg:script", NS) is None


@settings(max_examples=25)
@given(architectures())
def test_everything_drawn_is_inside_the_picture(architecture):
    for size in Size:
        root = drawn(snac_svg(chips(architecture, size), size))
        width, height = float(root.get("width")), float(root.get("height"))
        for block in root.findall(".//svg:rect", NS):
            x, y, w, h = (float(block.get(name)) for name in ("x", "y", "width", "height"))
            assert x >= 0
            assert x + w <= width
            assert y >= 0
            assert y + h <= height
            assert min(w, h) > 0


def test_a_tables_rows_get_smaller_where_its_longest_is_deep():
    assert (table_size(16), table_size(17)) == (Size.MEDIUM, Size.SMALL)
    assert snac_data_uri(SMALL_NET, blocks=17) == snac_data_uri(SMALL_NET, blocks=17, size=Size.SMALL)
