from base64 import b64decode
from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from remap_core.drawing.thumbnails import png, png_uri, svg_uri


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]), st.integers(0, 99))
def test_a_png_decodes_to_its_pixels(height, width, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    with Image.open(BytesIO(png(pixels))) as image:
        decoded = np.asarray(image)
    np.testing.assert_array_equal(decoded.reshape(pixels.shape), pixels)


def test_a_data_uri_holds_the_file_in_base64():
    image = np.zeros((2, 3, 1), np.uint8)
    head, body = png_uri(image).split(",")
    assert head == "data:image/png;base64"
    assert b64decode(body) == png(image)
    assert svg_uri("<svg/>") == "data:image/svg+xml;base64,PHN2Zy8+"
