"""A checksum of tensors, to notice that a file is damaged."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

CHECKSUM = "crc32"
"""Its key in the metadata of a safetensors file."""


def checksum(tensors: Mapping[str, NDArray[Any]]) -> str:
    """CRC-32 of names and values as eight hexadecimal digits. The arrays are in C order.

    >>> import numpy as np
    >>> checksum({"a": np.zeros(2, np.float32)}), checksum({"a": np.ones(2, np.float32)})
    ('ad118149', '1d350fb0')
    """
    crc = 0
    for name in sorted(tensors):
        crc = zlib.crc32(name.encode(), crc)
        crc = zlib.crc32(tensors[name].reshape(-1).data, crc)
    return f"{crc:08x}"
