"""Sample images of a class in one row, as a PNG small enough for a data URI."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

HEIGHT = 40
"""Pixels of the row at least: small images are magnified by a whole factor, so that their pixels stay sharp."""

_GREY, _COLOUR = 0, 2


def samples_uri(images: NDArray[np.uint8], most: int = 2) -> str:
    """The first `most` of (m, height, width, 1 or 3) uint8 images side by side, as a data URI."""
    shown = images[:most] if len(images) else np.zeros((1, *images.shape[1:]), np.uint8)
    row = np.concatenate(list(shown), axis=1)
    factor = max(1, -(-HEIGHT // row.shape[0]))
    magnified = row.repeat(factor, axis=0).repeat(factor, axis=1)
    return f"data:image/png;base64,{b64encode(png(magnified)).decode()}"


def png(image: NDArray[np.uint8]) -> bytes:
    """A (height, width, 1 or 3) uint8 image as a PNG file (ISO/IEC 15948), every line unfiltered."""
    height, width, channels = image.shape
    colour = _GREY if channels == 1 else _COLOUR
    lines = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
