from base64 import b64decode
from io import BytesIO

import numpy as np
from PIL import Image

from remap_core.drawing.samples import samples_uri


def test_the_first_samples_are_side_by_side_magnified_by_a_whole_factor():
    images = np.array([[[[10]]], [[[20]]], [[[30]]]], dtype=np.uint8)
    head, body = samples_uri(images, limit=2).split(",")
    read = np.asarray(Image.open(BytesIO(b64decode(body))))
    assert head == "data:image/png;base64"
    assert read.shape == (40, 80)
    assert (read[:, :40] == 10).all()
    assert (read[:, 40:] == 20).all()


def test_a_class_without_samples_is_black():
    assert samples_uri(np.zeros((0, 8, 8, 3), np.uint8)).startswith("data:image/png;base64,")
