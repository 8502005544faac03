"""Classical scaling (Torgerson), and newcomers on a base that was laid out by it.

Source: Trosset and Priebe, The out-of-sample problem for classical multidimensional scaling (2008).

Classical scaling fits inner products, not distances: in two dimensions its stress is high for models' distances. It
is the start of SMACOF, and an option where a closed form is wanted.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, eigsh

from remap_core.errors import InvalidDistances
from remap_core.geometry.embedding.dissimilarities import Floats, places_of, square_distances, table_of_distances

DENSE_UP_TO = 64
"""Points up to which all axes are computed; beyond, only the two leading ones."""

HALVINGS = 100


def classical_scaling(distances: ArrayLike, *, rng: np.random.Generator | None = None) -> Floats:
    """(n, 2) float64, centred: the two leading axes of the doubly centred squared distances (n, n).

    rng starts the search for the axes where n is large. Raises InvalidDistances.

    >>> np.abs(classical_scaling([[0, 2], [2, 0]])).round(3).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    return leading_axes(square_distances(distances), rng or np.random.default_rng(0))


def leading_axes(distances: Floats, rng: np.random.Generator) -> Floats:
    """The same for distances that were checked."""
    n, squared = len(distances), np.square(distances)
    if n <= DENSE_UP_TO:
        centring = np.eye(n) - 1 / max(n, 1)
        values, vectors = np.linalg.eigh(-0.5 * centring @ squared @ centring)
        values, vectors = values[-2:], vectors[:, -2:]
    else:
        product = partial(_centred_product, squared.astype(np.float32))
        start = rng.standard_normal(n).astype(np.float32)
        operator = LinearOperator((n, n), matvec=product, dtype=np.float32)
        values, vectors = eigsh(operator, k=2, which="LA", v0=start, tol=1e-4)
    axes = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.pad(axes.astype(np.float64), ((0, 0), (0, 2 - axes.shape[1])))


def place_on_classical(
    to_old: ArrayLike, places: ArrayLike, distances: ArrayLike, *, between: ArrayLike | None = None
) -> Floats:
    """(m, 2) float64 places of m newcomers on a base of classical scaling; the base stays.

    to_old: (m, n), a; places: (n, 2), X when centred on its mean; distances: (n, n) of the base, D. With

        b_i = -1/2 (a_i^2 - mean a^2 - mean_j D_ij^2 + mean D^2),   beta = -1/2 (0 - 2 mean a^2 + mean D^2)

    each newcomer y minimises 2 |b - X y|^2 + (beta - y'y)^2, exactly. With the newcomers' distances `between` (m, m)
    from one another all are placed together: 2 |b - X Y'|^2 + |beta - Y Y'|^2, from those places downhill.
    """
    base, given = square_distances(distances), table_of_distances(to_old, "Distances to the old models")
    old = places_of(places, len(base))
    if not len(base) or given.shape[1] != len(base):
        raise InvalidDistances(
            f"Newcomers need distances to each of the {len(base)} old models, but got {given.shape[1]}."
        )
    centre = old.mean(axis=0)
    x, squared, mean = old - centre, np.square(given), np.square(base).mean()
    b = -0.5 * (squared - squared.mean(axis=1, keepdims=True) - np.square(base).mean(axis=1) + mean)
    near = squared.mean(axis=1)
    alone = _best_alone(x, b, near - 0.5 * mean)
    if between is None:
        return np.asarray(alone + centre)
    among = square_distances(between)
    beta = -0.5 * (np.square(among) - near[:, None] - near + mean)
    return np.asarray(_best_together(x, b, beta, alone) + centre)


def _best_alone(x: Floats, b: Floats, beta: Floats) -> Floats:
    """(m, 2): (X'X + s I) y = X'b with s = |y|^2 - beta, the largest such s, found by halving above -lambda_min."""
    low_high, axes = np.linalg.eigh(x.T @ x)
    pull = b @ x @ axes  # X'b along the axes, (m, 2)
    gap = low_high - low_high[0]
    strength = np.cbrt(np.square(pull).sum(axis=1))
    low, high = np.zeros(len(b)), strength + np.maximum(low_high[0] - beta, 0.0)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            length = np.square(pull / (gap + middle[:, None])).sum(axis=1)
        too_low = length > beta + middle - low_high[0]
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    regular = high > 1e-12 * (low_high[-1] + strength)
    y = pull / np.where(regular[:, None], gap + high[:, None], np.maximum(gap, 1e-300))
    # where the pull has no part along the shorter axis (a base on a line), |y|^2 = beta + s gives the length along it
    rest = np.sqrt(np.maximum(beta - low_high[0] - np.square(y[:, 1]), 0.0))
    y[:, 0] = np.where(regular, y[:, 0], rest)
    return np.asarray(y @ axes.T)


def _best_together(x: Floats, b: Floats, beta: Floats, start: Floats) -> Floats:
    def misfit(flat: Floats) -> tuple[float, Floats]:
        y = flat.reshape(start.shape)
        to_base, to_each = b - y @ x.T, beta - y @ y.T
        slope = -4.0 * to_base @ x - 4.0 * to_each @ y
        return float(2.0 * np.square(to_base).sum() + np.square(to_each).sum()), slope.ravel()

    scale = float(np.abs(start).max(initial=1.0))
    found = minimize(misfit, start.ravel(), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9 * scale})
    return np.asarray(found.x).reshape(start.shape)


def _centred_product(squared: NDArray[np.float32], vector: NDArray[Any]) -> NDArray[Any]:
    product = squared @ (vector - vector.mean()).astype(np.float32)
    return np.asarray(-0.5 * (product - product.mean()))
