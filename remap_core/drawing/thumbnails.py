"""Small images as PNG files and data URIs."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def png(image: NDArray[np.uint8]) -> bytes:
    """A (height, width, 1 or 3) uint8 image as a PNG file."""
    pixels = image
    if image.shape[2] == 1:
        pixels = image[:, :, 0]
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def png_uri(image: NDArray[np.uint8]) -> str:
    """A (height, width, 1 or 3) uint8 image as a data URI."""
    return data_uri("image/png", png(image))


def svg_uri(svg: str) -> str:
    """An SVG as a data URI: an SVG that is shown as an image runs no scripts."""
    return data_uri("image/svg+xml", svg.encode())


def data_uri(mime: str, content: bytes) -> str:
    """A file as a data URI.

    >>> data_uri("text/plain", b"hi")
    'data:text/plain;base64,aGk='
    """
    return f"data:{mime};base64,{b64encode(content).decode()}"
