"""Checks of distances and positions before a map is made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from remap_core.errors import InvalidDistances

Floats = NDArray[np.float64]

ASYMMETRY = 1e-8
"""Share of the largest distance by which two halves may differ by rounding."""

ROWS_AT_ONCE = 512


def square_distances(distances: ArrayLike) -> Floats:
    """(n, n) float64 of the same values; raises InvalidDistances unless they are distances of all pairs."""
    table = table_of_distances(distances, "Distances")
    n = len(table)
    if table.shape != (n, n):
        raise InvalidDistances(f"Distances of all pairs must be square, but got {_shape(table)}.")
    diagonal = table.diagonal()
    if diagonal.any():
        row = np.flatnonzero(diagonal)[0]
        value = diagonal[row]
        raise InvalidDistances(f"The distance of a model to itself must be 0, but row {row} has {value:g}.")
    _require_symmetric(table)
    return table


def table_of_distances(distances: ArrayLike, name: str) -> Floats:
    """(m, n) float64 of the same values; raises InvalidDistances for a negative, infinite or missing number."""
    try:
        table = np.asarray(distances, np.float64)
    except (TypeError, ValueError):
        kind = type(distances).__name__
        raise InvalidDistances(f"{name} must be a table of numbers, but got {kind}.") from None
    if table.size == 0 and table.ndim < 2:
        table = table.reshape(0, 0)
    if table.ndim != 2:
        raise InvalidDistances(f"{name} must be a table of rows and columns, but got {_shape(table)}.")
    is_valid = np.isfinite(table) & (table >= 0)
    invalid = np.argwhere(~is_valid)
    if len(invalid):
        row, column = invalid[0].tolist()
        value = table[row, column]
        raise InvalidDistances(f"{name} must be finite and at least 0, but row {row}, column {column} has {value:g}.")
    return table


def positions_of(positions: ArrayLike, n: int) -> Floats:
    """(n, 2) float64 of the same values; raises InvalidDistances unless every model has a finite position."""
    points = np.asarray(positions, np.float64)
    if points.size == 0 and n == 0:
        points = points.reshape(0, 2)
    rule = f"Positions must be {n} finite points in the plane"
    if points.shape != (n, 2):
        raise InvalidDistances(f"{rule}, but got {_shape(points)}.")
    if not np.isfinite(points).all():
        raise InvalidDistances(f"{rule}, but some are not finite.")
    return points


def _require_symmetric(table: Floats) -> None:
    tolerance = ASYMMETRY * table.max(initial=0.0)
    for top in range(0, len(table), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        mirrored = table[:, rows].T
        difference = np.abs(table[rows] - mirrored)
        asymmetric = np.argwhere(difference > tolerance)
        if len(asymmetric):
            row, column = asymmetric[0].tolist()
            row += top
            value = table[row, column]
            back = table[column, row]
            raise InvalidDistances(
                f"Distances must be symmetric, but from {row} to {column} it is {value:g} and back {back:g}."
            )


def _shape(table: NDArray[np.generic]) -> str:
    sizes = map(str, table.shape)
    return " x ".join(sizes) or "a single number"
