"""Classical scaling (Torgerson), and placement of new models on such a map.

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
from remap_core.geometry.embedding.dissimilarities import Floats, positions_of, square_distances, table_of_distances

DENSE_UP_TO = 64
"""Points up to which all axes are computed; beyond, only the two leading ones."""

BISECTIONS = 100

Axes = tuple[NDArray[Any], NDArray[Any]]
"""Eigenvalues (k,) and their eigenvectors (n, k)."""


def classical_scaling(
    distances: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
) -> Floats:
    """(n, 2) float64, centred: the two leading axes of the doubly centred squared distances (n, n).

    rng starts the search for the axes where n is large. Raises InvalidDistances.

    >>> np.abs(classical_scaling([[0, 2], [2, 0]])).round(3).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    if rng is None:
        rng = np.random.default_rng(0)
    return leading_axes(square_distances(distances), rng)


def leading_axes(distances: Floats, rng: np.random.Generator) -> Floats:
    """The same for distances that are already checked."""
    squared = np.square(distances)
    if len(distances) <= DENSE_UP_TO:
        values, vectors = _all_axes(squared)
    else:
        values, vectors = _two_axes(squared, rng)
    lengths = np.sqrt(np.maximum(values, 0.0))
    axes = (vectors * lengths).astype(np.float64)
    missing = 2 - axes.shape[1]
    return np.pad(axes, ((0, 0), (0, missing)))


def _all_axes(squared: Floats) -> Axes:
    """The two largest eigenvalues of the doubly centred squares (fewer for n < 2), and their vectors (n, 2)."""
    n = len(squared)
    centring = np.eye(n) - 1 / max(n, 1)
    gram = -0.5 * centring @ squared @ centring
    values, vectors = np.linalg.eigh(gram)
    return values[-2:], vectors[:, -2:]


def _two_axes(
    squared: Floats,
    rng: np.random.Generator,
) -> Axes:
    """The same for large n, in single precision."""
    n = len(squared)
    product = partial(_centred_product, squared.astype(np.float32))
    operator = LinearOperator((n, n), matvec=product, dtype=np.float32)
    start = rng.standard_normal(n).astype(np.float32)
    values, vectors = eigsh(
        operator,
        k=2,
        which="LA",
        v0=start,
        tol=1e-4,
    )
    return values, vectors


def _centred_product(
    squared: NDArray[np.float32],
    vector: NDArray[Any],
) -> NDArray[Any]:
    centred = vector - vector.mean()
    product = squared @ centred.astype(np.float32)
    product -= product.mean()
    return np.asarray(-0.5 * product)


def place_on_classical(
    to_base: ArrayLike, positions: ArrayLike, distances: ArrayLike, *, between: ArrayLike | None = None
) -> Floats:
    """(m, 2) float64 positions of m new models on a base of classical scaling; the base does not move.

    to_base: (m, n), a; positions: (n, 2), X when centred on its mean; distances: (n, n) of the base, D. With

        b_i = -1/2 (a_i^2 - mean a^2 - mean_j D_ij^2 + mean D^2),   beta = -1/2 (0 - 2 mean a^2 + mean D^2)

    each new model y minimises 2 |b - X y|^2 + (beta - y'y)^2, exactly. With the distances `between` (m, m) of the new
    models from one another all are placed together: 2 |b - X Y'|^2 + |beta - Y Y'|^2, by descent from those positions.
    """
    base = square_distances(distances)
    given = table_of_distances(to_base, "Distances to the base")
    old = positions_of(positions, len(base))
    n = len(base)
    columns = given.shape[1]
    if n == 0 or columns != n:
        raise InvalidDistances(f"New models need distances to each of the {n} models of the base, but got {columns}.")
    centre = old.mean(axis=0)
    x = old - centre  # (n, 2)
    base_squared = np.square(base)
    base_means = base_squared.mean(axis=1)  # (n,)
    mean = base_squared.mean()
    squared = np.square(given)  # (m, n)
    means = squared.mean(axis=1)  # (m,)
    b = -0.5 * (squared - means[:, None] - base_means + mean)
    beta = means - 0.5 * mean
    alone = _best_alone(x, b, beta)
    if between is None:
        return np.asarray(alone + centre)
    between_squared = np.square(square_distances(between))
    beta = -0.5 * (between_squared - means[:, None] - means + mean)  # (m, m)
    together = _best_together(x, b, beta, start=alone)
    return np.asarray(together + centre)


def _best_alone(x: Floats, b: Floats, beta: Floats) -> Floats:
    """(m, 2): (X'X + s I) y = X'b with s = |y|^2 - beta, the largest such s, by bisection above -lambda_min.

    b: (m, n); beta: (m,). s is `excess - lambda_min` here.
    """
    eigenvalues, axes = np.linalg.eigh(x.T @ x)
    lambda_min, lambda_max = eigenvalues
    gap = eigenvalues - lambda_min
    pull = b @ x @ axes  # X'b along the axes, (m, 2)
    squared_pull = np.square(pull).sum(axis=1)
    scale = np.cbrt(squared_pull)
    low = np.zeros(len(b))
    high = scale + np.maximum(lambda_min - beta, 0.0)
    for _ in range(BISECTIONS):
        excess = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = pull / (gap + excess[:, None])
            squared_length = np.square(y).sum(axis=1)
        too_low = squared_length > beta + excess - lambda_min
        low = np.where(too_low, excess, low)
        high = np.where(too_low, high, excess)
    is_regular = high > 1e-12 * (lambda_max + scale)
    excess = np.where(is_regular, high, 0.0)
    divisor = np.maximum(gap + excess[:, None], 1e-300)
    y = pull / divisor
    # without a pull along the shorter axis (the base is a line), |y|^2 = beta + s gives the length along it
    squared_height = beta - lambda_min - np.square(y[:, 1])
    height = np.sqrt(np.maximum(squared_height, 0.0))
    y[:, 0] = np.where(is_regular, y[:, 0], height)
    return np.asarray(y @ axes.T)


def _best_together(
    x: Floats,
    b: Floats,
    beta: Floats,
    start: Floats,
) -> Floats:
    """(m, 2) that minimise 2 |b - X Y'|^2 + |beta - Y Y'|^2, near `start` (m, 2). b: (m, n); beta: (m, m)."""

    def loss_and_gradient(flat: Floats) -> tuple[float, Floats]:
        y = flat.reshape(start.shape)
        to_base = b - y @ x.T
        to_each = beta - y @ y.T
        loss = 2.0 * np.square(to_base).sum()
        loss += np.square(to_each).sum()
        gradient = -4.0 * to_base @ x
        gradient -= 4.0 * to_each @ y
        return float(loss), gradient.ravel()

    scale = float(np.abs(start).max(initial=1.0))
    result = minimize(
        loss_and_gradient,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-9 * scale},
    )
    return np.asarray(result.x).reshape(start.shape)
