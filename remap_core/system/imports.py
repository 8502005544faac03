"""Modules that another thread is just importing."""

from __future__ import annotations

import sys
from importlib import import_module


def finish_imports(*names: str) -> None:
    """Wait until the modules of these names are whole, where another thread is importing them; others are left alone.

    Plotly uses what is there of NumPy and pandas, ready or not: it looks them up without importing them.
    """
    for name in names:
        if name in sys.modules:
            import_module(name)
