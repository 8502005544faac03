"""Columns as a data frame of pandas, polars or Arrow; each library is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from remap_core.errors import MissingPackage
from remap_core.lab.arguments import require_choice

LIBRARIES = ("pandas", "polars", "pyarrow")


def to_frame(columns: Mapping[str, Sequence[Any]], library: str = "pandas") -> Any:
    """A data frame of the columns, in their order.

    library: "pandas", "polars" or "pyarrow" (a Table). Raises InvalidArgument for another one, MissingPackage where it
    is not installed.

    >>> to_frame({"model": [1, 2], "accuracy": [0.5, 0.75]}, "pyarrow").column_names
    ['model', 'accuracy']
    """
    require_choice("library", library, LIBRARIES)
    table = _imported("pyarrow").table(dict(columns))
    if library == "pandas":
        _imported("pandas")
        return table.to_pandas()
    if library == "polars":
        return _imported("polars").from_arrow(table)
    return table


def _imported(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise MissingPackage(f"to_frame needs {package}, which is not installed: pip install {package}.") from None
