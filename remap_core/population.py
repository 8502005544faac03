"""A population: the finished models of one data set as columns, ready to be filtered and drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """n finished models, one row each, in the order in which they finished.

    id, parent (0 for none), parameters, multiply_adds, epochs: (n,) int64.
    accuracy, train_accuracy, loss: (n,) float64, of the last epoch, validation unless said.
    class_accuracy: (n, classes) float64. seconds: (n,) float64, mean of an epoch.
    latency_1_ms, latency_256_ms: (n,) float64. text: the layers in words; origin: one of Origin's values.
    """

    dataset: str
    class_names: tuple[str, ...]
    id: Ints
    parent: Ints
    parameters: Ints
    multiply_adds: Ints
    epochs: Ints
    accuracy: Floats
    train_accuracy: Floats
    loss: Floats
    class_accuracy: Floats
    seconds: Floats
    latency_1_ms: Floats
    latency_256_ms: Floats
    origin: tuple[str, ...]
    text: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.id)

    def row_of(self, model: int) -> int | None:
        """Row of a model's id, None where it is not (yet) among the finished."""
        found = np.flatnonzero(self.id == model)
        return int(found[0]) if len(found) else None


def pareto_front(cost: NDArray[np.number], value: Floats) -> Ints:
    """Rows that no other row beats: none costs at most as much and is worth more, or less and as much.

    cost, value: (n,); smaller cost and larger value are better; a row with a NaN is never on the front.
    Returns (k,) int64, by rising cost. Of equal rows the first is kept. O(n log n).

    >>> pareto_front(np.array([1, 2, 3]), np.array([0.5, 0.4, 0.9])).tolist()
    [0, 2]
    """
    usable = np.flatnonzero(~np.isnan(value) & ~np.isnan(cost))
    order = usable[np.lexsort((-value[usable], cost[usable]))]
    ranked = value[order]
    best_before = np.concatenate(([-np.inf], np.maximum.accumulate(ranked)[:-1])) if len(ranked) else ranked
    return order[ranked > best_before].astype(np.int64)
