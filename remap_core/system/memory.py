"""What a process holds of the machine's memory."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_memory_back() -> None:
    """What this process has freed goes back to the system, where that can be asked for (glibc)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
