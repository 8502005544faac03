"""What tells that tensors are those that were written."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

CHECKSUM = "crc32"
"""Under which a safetensors file's metadata have it."""


def checksum(tensors: Mapping[str, NDArray[Any]]) -> str:
    """CRC-32 of names and values, in eight hexadecimal digits; arrays are in C order.

    >>> import numpy as np
    >>> checksum({"a": np.zeros(2, np.float32)}) == checksum({"a": np.ones(2, np.float32)})
    False
    """
    found = 0
    for name in sorted(tensors):
        found = zlib.crc32(name.encode(), found)
        found = zlib.crc32(tensors[name].reshape(-1).data, found)
    return f"{found:08x}"
