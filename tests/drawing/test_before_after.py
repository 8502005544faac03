"""Images beside what is made of them."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from remap_core.drawing.before_after import EDGE, Pair, pairs_html, thumbnail_uri

WHITE = np.full((4, 4, 3), 255, np.uint8)


def decoded(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.rpartition(",")[2])))


@pytest.mark.parametrize(("size", "shown"), [((3000, 2000), (144, 96)), ((40, 20), (40, 20))])
def test_a_thumbnail_keeps_the_shape_and_is_no_larger_than_it_is_shown(size, shown):
    assert decoded(thumbnail_uri(Image.new("RGB", size))).size == shown


def test_a_photo_that_lies_on_its_side_is_shown_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.new("RGB", (80, 40)).save(file, "JPEG", exif=exif)
    assert decoded(thumbnail_uri(Image.open(file))).size == (40, 80)


def test_transparent_pixels_show_the_chosen_background():
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert decoded(thumbnail_uri(picture, background="white")).getpixel((4, 4)) == (255, 255, 255)
    assert decoded(thumbnail_uri(picture, background="black")).getpixel((4, 4)) == (0, 0, 0)


def test_a_pair_has_its_original_first_and_the_sharp_pixels_of_the_network_second():
    html = pairs_html([Pair("data:image/jpeg;base64,AA", WHITE, "oak")])
    before, after = re.findall(r"<img [^>]*>", html)
    assert "alt='oak, original'" in before
    assert "alt='oak, as the network sees it'" in after
    assert ("pixelated" in before, "pixelated" in after) == (False, True)


def test_a_pair_without_its_original_is_one_picture():
    assert pairs_html([Pair("", WHITE, "oak")]).count("<img") == 1


def test_names_are_text_whatever_is_in_them():
    html = pairs_html([Pair("", WHITE, "'><script>1</script>", "<b>&")])
    assert "<script>" not in html
    assert "&lt;b&gt;&amp;" in html


def test_what_is_larger_than_the_page_shows_is_made_smaller():
    large = np.zeros((EDGE * 4, EDGE * 4, 1), np.uint8)
    (uri,) = re.findall(r"src='([^']*)'", pairs_html([Pair("", large, "oak")]))
    assert decoded(uri).size == (EDGE * 2, EDGE * 2)
