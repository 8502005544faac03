"""What distances and places must be before a map is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from remap_core.errors import InvalidDistances

Floats = NDArray[np.float64]

ASYMMETRY = 1e-8
"""Share of the largest distance by which two halves may differ: rounding, not meaning."""

ROWS_AT_ONCE = 512


def square_distances(distances: ArrayLike) -> Floats:
    """(n, n) float64 of the same values; raises InvalidDistances where they are not distances of all pairs."""
    given = table_of_distances(distances, "Distances")
    n = len(given)
    if given.shape != (n, n):
        raise InvalidDistances(f"Distances of all pairs must be square, but got {_shape(given)}.")
    if given.diagonal().any():
        row = int(np.flatnonzero(given.diagonal())[0])
        raise InvalidDistances(f"A distance to itself must be 0, but row {row} has {given[row, row]:g}.")
    allowed = ASYMMETRY * given.max(initial=0.0)
    for top in range(0, n, ROWS_AT_ONCE):
        wrong = np.argwhere(np.abs(given[top : top + ROWS_AT_ONCE] - given[:, top : top + ROWS_AT_ONCE].T) > allowed)
        if len(wrong):
            row, column = int(wrong[0, 0]) + top, int(wrong[0, 1])
            raise InvalidDistances(
                f"Distances must be symmetric, but from {row} to {column} it is {given[row, column]:g} "
                f"and back {given[column, row]:g}."
            )
    return given


def table_of_distances(distances: ArrayLike, name: str) -> Floats:
    """(m, n) float64 of the same values; raises InvalidDistances where one is negative, infinite or not a number."""
    try:
        given = np.asarray(distances, np.float64)
    except (TypeError, ValueError):
        raise InvalidDistances(f"{name} must be a table of numbers, but got {type(distances).__name__}.") from None
    given = given.reshape(0, 0) if given.size == 0 and given.ndim < 2 else given
    if given.ndim != 2:
        raise InvalidDistances(f"{name} must be a table of rows and columns, but got {_shape(given)}.")
    wrong = np.argwhere(~(np.isfinite(given) & (given >= 0)))
    if len(wrong):
        row, column = map(int, wrong[0])
        raise InvalidDistances(
            f"{name} must be finite and at least 0, but row {row}, column {column} has {given[row, column]:g}."
        )
    return given


def places_of(places: ArrayLike, n: int) -> Floats:
    """(n, 2) float64 of the same values; raises InvalidDistances where a model has no finite place."""
    found = np.asarray(places, np.float64)
    found = found.reshape(0, 2) if found.size == 0 and n == 0 else found
    if found.shape != (n, 2) or not np.isfinite(found).all():
        what = "not all of them finite" if found.shape == (n, 2) else _shape(found)
        raise InvalidDistances(f"Places must be {n} finite points in the plane, but got {what}.")
    return found


def _shape(given: NDArray[np.generic]) -> str:
    return " x ".join(map(str, given.shape)) or "a single number"
