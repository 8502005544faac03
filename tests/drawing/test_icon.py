from base64 import b64decode
from xml.etree import ElementTree

from catalogues import architecture

from remap_core.drawing.palette import chip_appearance, chip_ink
from remap_core.drawing.snac.icon import HEIGHT, icon_uri

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str, blocks: int) -> ElementTree.Element:
    header, content = icon_uri(architecture(text), blocks=blocks).split(",")
    assert header == "data:image/svg+xml;base64"
    return ElementTree.fromstring(b64decode(content))  # noqa: S314 (our own drawing)


def test_an_icon_has_a_block_for_each_layer_and_the_head():
    fills = [block.get("fill") for block in drawn("Conv 16x3, ReLU", blocks=3).iter(f"{SVG}rect")]
    assert fills == [chip_appearance(kind).colour for kind in ("conv2d", "activation", "head")]


def test_icons_of_a_list_are_equally_wide_and_aligned_left():
    short, long = drawn("Dense 4", blocks=6), drawn("Dense 4, ReLU, Dense 4, ReLU, Dense 4", blocks=6)
    assert short.get("width") == long.get("width")
    assert next(short.iter(f"{SVG}rect")).get("x") == next(long.iter(f"{SVG}rect")).get("x")


def test_blocks_stay_within_the_line_of_text():
    for block in drawn("Conv 128x1, Dense 4, Dropout 0.5", blocks=4).iter(f"{SVG}rect"):
        assert float(block.get("y")) >= 0
        assert float(block.get("y")) + float(block.get("height")) <= HEIGHT


def test_a_block_has_the_colour_of_its_convolutions_and_a_bar():
    fills = [block.get("fill") for block in drawn("Residual 16, MBConv 16x3", blocks=3).iter(f"{SVG}rect")]
    assert fills == [
        chip_appearance("conv2d").colour,
        chip_ink("residual"),
        chip_appearance("separable_conv2d").colour,
        chip_ink("inverted_residual"),
        chip_appearance("head").colour,
    ]
