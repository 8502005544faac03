import sys
from io import BytesIO

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from remap_core.drawing.palette import chip_appearance
from remap_core.drawing.snac.chips import Size
from remap_core.drawing.snac.panel import panel_svg
from remap_core.drawing.snac.picture_files import picture
from remap_core.errors import InvalidPicture
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers

SVG = panel_svg([Architecture((1, 8, 8), 10, parse_layers("Conv 32x3, Dropout 0.25"))], Size.LARGE)


def rgb(colour):
    return tuple(bytes.fromhex(colour[1:]))


def test_a_pdf_is_one_page_of_the_pictures_size_with_its_letters_as_text():
    with PdfDocument(picture(SVG, ".pdf", "A title")) as document:
        (page,) = document
        assert page.get_size() == (0.75 * 144, 0.75 * 59)  # points of 144 x 59 pixels
        assert page.get_textpage().get_text_range().split() == ["C", "32", "x", "3", "0.25", "H", "10"]
        assert document.get_metadata_value("Title") == "A title"


def test_the_same_picture_is_the_same_pdf():
    assert picture(SVG, ".pdf", "A title") == picture(SVG, ".pdf", "A title")


def test_a_png_shows_the_blocks_in_their_colours_three_times_as_large():
    painted = Image.open(BytesIO(picture(SVG, ".png", ""))).convert("RGB")
    assert painted.size == (3 * 144, 3 * 59)
    assert painted.getpixel((3 * 15, 3 * 22)) == pytest.approx(rgb(chip_appearance("conv2d").colour), abs=2)
    assert painted.getpixel((0, 0)) == (255, 255, 255)


def test_a_page_holds_the_picture_and_its_title_escaped():
    page = picture(SVG, ".html", "a <b> & c").decode()
    assert SVG in page
    assert "<title>a &lt;b&gt; &amp; c</title>" in page


@pytest.mark.parametrize(("suffix", "said"), [(".gif", "not as .gif"), ("", "not as a file without suffix")])
def test_another_suffix_is_refused(suffix, said):
    with pytest.raises(InvalidPicture, match=f"one of .svg, .pdf, .png, .html, but {said}"):
        picture(SVG, suffix, "")


def test_suffixes_in_capitals_are_as_good():
    assert picture(SVG, ".SVG", "") == SVG.encode()


@pytest.mark.parametrize(("module", "suffix"), [("svglib.svglib", ".pdf"), ("pypdfium2", ".png")])
def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch, module, suffix):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InvalidPicture, match=r"not installed: pip install -e '\.\[paper\]'"):
        picture(SVG, suffix, "")
    assert picture(SVG, ".html", "")
