"""Memory of this process and of this machine."""

from __future__ import annotations

import ctypes
import gc
import os
from contextlib import suppress
from functools import cache


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


@cache
def leave_out_of_collections(occasion: str) -> None:  # noqa: ARG001 (the key of the cache)
    """Leave the objects that exist now out of later garbage collections; once for each occasion.

    Looking through a million objects of imported modules, which are no garbage, takes 60 ms each time, for which all
    visitors wait. Streamlit's own collection after each run is off (.streamlit/config.toml).
    """
    gc.collect()
    gc.freeze()
