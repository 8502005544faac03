"""Whether loops can be compiled. Only this module asks whether numba, of the extra `fast`, is installed."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec


@cache
def is_available() -> bool:
    """Whether `kernels` can be imported."""
    return find_spec("numba") is not None
