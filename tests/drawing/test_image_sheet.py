from html.parser import HTMLParser

import numpy as np
import pytest

from remap_core.drawing.image_sheet import Tile, rows_of_cell, sheet_html
from remap_core.errors import InvalidTrial

TRUE_CLASSES = np.array([0, 1, 1, 0, 1, 1], dtype=np.uint8)
PREDICTED = np.array([0, 1, 0, 1, 1, 2], dtype=np.uint8)


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


def test_a_cell_holds_the_images_of_its_row_predicted_as_its_column():
    assert rows_of_cell(TRUE_CLASSES, PREDICTED, 1, 1).tolist() == [1, 4]
    assert rows_of_cell(TRUE_CLASSES, PREDICTED, 0, 2).tolist() == []


def test_of_a_class_misclassified_images_come_first_each_part_in_the_data_sets_order():
    assert rows_of_cell(TRUE_CLASSES, PREDICTED, 1).tolist() == [2, 5, 1, 4]


def test_predictions_of_other_images_are_refused():
    with pytest.raises(InvalidTrial, match="one prediction, but got 5 predictions for 6 images"):
        rows_of_cell(TRUE_CLASSES, PREDICTED[:5], 1)


def test_every_image_says_its_true_class_and_the_predicted_one():
    pixels = np.zeros((8, 4, 1), dtype=np.uint8)
    tags = Tags(sheet_html([Tile(pixels, "cat", "dog"), Tile(pixels, "cat", "cat")]))
    assert [image["alt"] for image in tags.images] == ["cat, predicted dog", "cat, predicted cat"]
    assert [(image["width"], image["height"]) for image in tags.images] == [("32", "64")] * 2


def test_class_names_never_become_tags_or_attributes():
    name = "<script>alert(1)</script>' onload='alert(1)"
    tags = Tags(sheet_html([Tile(np.zeros((2, 2, 3), dtype=np.uint8), name, name + "&")]))
    assert tags.names == ["div", "figure", "span", "img", "figcaption"]
    assert tags.images[0]["alt"] == f"{name}, predicted {name}&"
    assert "onload" not in tags.images[0]
