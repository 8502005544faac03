import io
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from remap_core.drawing.image_sheet import Tile, png, rows_of_cell, sheet_html
from remap_core.errors import InvalidTrial

GOLD = np.array([0, 1, 1, 0, 1, 1], dtype=np.uint8)
READ = np.array([0, 1, 0, 1, 1, 2], dtype=np.uint8)


class Tags(HTMLParser):
    """Names of the tags, and the attributes of images."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names, self.images = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        if tag == "img":
            self.images.append(dict(attributes))


def test_a_cell_holds_the_images_of_its_row_that_are_read_as_its_column():
    assert rows_of_cell(GOLD, READ, 1, 1).tolist() == [1, 4]
    assert rows_of_cell(GOLD, READ, 0, 2).tolist() == []


def test_of_a_whole_class_misread_images_come_first_each_part_in_the_data_sets_order():
    assert rows_of_cell(GOLD, READ, 1).tolist() == [2, 5, 1, 4]


def test_predictions_of_other_images_are_refused():
    with pytest.raises(InvalidTrial, match="one prediction an image, but there are 5 for 6"):
        rows_of_cell(GOLD, READ[:5], 1)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]), st.integers(0, 99))
def test_a_png_decodes_to_its_pixels(height, width, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as image:
        decoded = np.asarray(image)
    np.testing.assert_array_equal(decoded.reshape(pixels.shape), pixels)


def test_every_image_says_what_it_is_and_what_it_was_read_as():
    pixels = np.zeros((8, 4, 1), dtype=np.uint8)
    tags = Tags(sheet_html([Tile(pixels, "cat", "dog"), Tile(pixels, "cat", "cat")]))
    assert [image["alt"] for image in tags.images] == ["cat read as dog", "cat, read rightly"]
    assert [(image["width"], image["height"]) for image in tags.images] == [("32", "64")] * 2


def test_class_names_never_become_tags_or_attributes():
    name = "<script>alert(1)</script>' onload='alert(1)"
    tags = Tags(sheet_html([Tile(np.zeros((2, 2, 3), dtype=np.uint8), name, name + "&")]))
    assert tags.names == ["div", "figure", "img", "figcaption"]
    assert tags.images[0]["alt"] == f"{name} read as {name}&"
    assert "onload" not in tags.images[0]
