import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures

from remap_core.drawing.palette import chip_appearance
from remap_core.drawing.snac.chips import HeightScale, Size, chips
from remap_core.drawing.snac.legend import entries
from remap_core.drawing.snac.panel import EDGE, panel_alt, panel_svg, shared_scale
from remap_core.errors import InvalidPicture
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers

NS = {"svg": "http://www.w3.org/2000/svg"}
BLOCKS = ".//svg:rect[@rx]"


def net(text, input_shape=(1, 28, 28), classes=10):
    return Architecture(input_shape, classes, parse_layers(text))


def drawn(svg):
    return ElementTree.fromstring(svg)  # noqa: S314 (our own text)


def texts(root):
    return [text.text for text in root.findall(".//svg:text", NS)]


def test_a_list_is_drawn_as_rows_that_begin_at_one_line_and_do_not_touch():
    root = drawn(panel_svg([net("Conv 32x3, ReLU"), net("Dense 64")], Size.SMALL))
    places = [re.findall(r"[\d.]+", row.get("transform")) for row in root.findall("svg:g", NS)]
    assert places == [[str(EDGE), "6"], [str(EDGE), "28"]]
    assert len(root.findall(BLOCKS, NS)) == 5


def test_rows_of_different_tasks_share_one_scale_of_heights():
    small, large = net("Conv 8x1", (1, 8, 8)), net("Conv 8x1", (3, 32, 32), classes=100)
    assert shared_scale([small, large]) == HeightScale(10, 32 * 32 * 128)
    root = drawn(panel_svg([small, large], Size.LARGE))
    first, _, second, _ = (float(block.get("height")) for block in root.findall(BLOCKS, NS))
    assert first < second
    alone = drawn(panel_svg([small], Size.LARGE)).find(BLOCKS, NS)
    assert float(alone.get("height")) > first


def test_a_repeat_gets_a_bracket_with_its_number_below_it_only_if_brackets_are_on():
    group = "Conv 32x3 same, ReLU, MaxPool 2"
    row = [net(f"{group}, {group}, {group}, Dense 64")]
    plain, bracketed = (drawn(panel_svg(row, Size.STRIP, with_brackets=asked)) for asked in (False, True))
    assert texts(plain) == []
    assert texts(bracketed) == ["x 3"]
    (path,) = bracketed.findall(".//svg:path", NS)
    assert path.get("d").startswith("M0.50,9v4H71.50v-4")
    assert path.get("d").count("M") == 3  # the bracket, and two ticks between three groups
    assert float(bracketed.get("height")) > float(plain.get("height"))


def test_the_legend_names_what_occurs_and_says_what_heights_mean():
    rows = [net("Conv 32x3, ReLU, Dropout 0.5"), net("Tanh, MaxPool 2")]
    found = texts(drawn(panel_svg(rows, Size.SMALL, with_legend=True)))
    assert found == [
        "Conv",
        "MaxPool",
        "ReLU, Tanh",
        "Dropout",
        "Head",
        "Height: logarithm of the activation's size, 10 to 100,352 values",
    ]


def test_the_legend_tells_activations_apart_where_their_symbols_are_drawn():
    row = chips(net("ReLU, Sigmoid, Tanh, ReLU"), Size.MEDIUM)
    assert [entry.name for entry in entries([row], Size.MEDIUM)] == ["ReLU", "Sigmoid", "Tanh", "Head"]
    assert [entry.name for entry in entries([row], Size.STRIP)] == ["ReLU, Sigmoid, Tanh", "Head"]
    assert [entry.chip.colour for entry in entries([row], Size.STRIP)] == [
        chip_appearance("activation").colour,
        chip_appearance("head").colour,
    ]


def test_the_ground_is_transparent_unless_one_is_asked_for():
    row = [net("ReLU")]
    assert drawn(panel_svg(row, Size.SMALL)).find("svg:rect", NS) is None
    assert drawn(panel_svg(row, Size.SMALL, ground="#0e1117")).find("svg:rect", NS).get("fill") == "#0e1117"


def test_the_text_alternative_numbers_the_rows_of_a_list():
    assert panel_alt([net("ReLU")]).startswith("ReLU; head of 10 classes; ")
    assert re.match(r"1: ReLU; .*\. 2: Tanh; ", panel_alt([net("ReLU"), net("Tanh")]))


def test_an_empty_list_is_no_picture():
    with pytest.raises(InvalidPicture, match="the list is empty"):
        panel_svg([], Size.LARGE)


@settings(max_examples=25, deadline=None)
@given(st.lists(architectures(), min_size=1, max_size=3), st.sampled_from(Size))
def test_every_block_is_inside_the_picture_and_every_layer_has_one(found, size):
    root = drawn(panel_svg(found, size, with_brackets=True))
    width, height = float(root.get("width")), float(root.get("height"))
    blocks = 0
    for row in root.findall("svg:g", NS):
        left, top = map(float, re.findall(r"[\d.]+", row.get("transform")))
        for block in row.findall(BLOCKS, NS):
            x, y, w, h = (float(block.get(name)) for name in ("x", "y", "width", "height"))
            assert 0 <= left + x <= left + x + w <= width
            assert 0 <= top + y <= top + y + h <= height
            blocks += "stroke-dasharray" not in block.attrib
    assert blocks == sum(len(one.layers) + 1 for one in found)
