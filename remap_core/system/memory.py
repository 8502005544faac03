"""Memory of this process and of this machine."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress


def give_memory_back() -> None:
    """Return freed memory to the system, if the C library can (glibc)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def total_memory() -> int | None:
    """Bytes of memory that this machine has, or None where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
