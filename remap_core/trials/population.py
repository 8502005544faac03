"""A population: the finished models of one data set as columns, ready to be filtered and drawn."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """n finished models, one row each, in the order in which they finished.

    A model that was trained with several seeds is one row: its accuracies and losses are their means.

    id, parent (0 for none), parameters, multiply_adds, epochs: (n,) int64.
    accuracy, train_accuracy, loss: (n,) float64, of the last epoch, validation unless said.
    class_accuracy: (n, classes) float64. seconds: (n,) float64, mean of an epoch.
    latency_1_ms, latency_256_ms: (n,) float64. text: the layers in words; origin: one of Origin's values.
    seeds: (n,) int64, trainings behind the means. deviation: (n,) float64 sample standard deviation of accuracy over
    them, NaN for a single one.
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
    seeds: Ints
    deviation: Floats
    origin: tuple[str, ...]
    text: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.id)

    def row_of(self, model: int) -> int | None:
        """Row of a model's id, None where it is not (yet) among the finished."""
        found = np.flatnonzero(self.id == model)
        return int(found[0]) if len(found) else None

    def over_seeds(self, model: Ints) -> Population:
        """One row a model, where some rows repeat the training of others with another seed.

        model: (n,) int64, whose training each row is: its own id, or that of the model which it repeats. Accuracies
        and losses become means over the seeds; all else stays as it was measured on the model itself.
        """
        is_own = self.id == model
        if is_own.all():
            return self
        columns = {name: getattr(self, name).copy() for name in _OVER_SEEDS}
        seeds, deviation = self.seeds.copy(), self.deviation.copy()
        for row in np.flatnonzero(is_own & np.isin(self.id, model[~is_own])):
            rows = np.flatnonzero(model == self.id[row])
            for column in columns.values():
                column[row] = column[rows].mean(axis=0)
            seeds[row], deviation[row] = len(rows), self.accuracy[rows].std(ddof=1)
        return replace(self, **columns, seeds=seeds, deviation=deviation)._rows(np.flatnonzero(is_own))

    def _rows(self, rows: Ints) -> Population:
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        parts: dict[str, Any] = {
            name: column[rows] for name, column in columns.items() if isinstance(column, np.ndarray)
        }
        parts |= {name: tuple(columns[name][row] for row in rows) for name in ("origin", "text")}
        return replace(self, **parts)


_OVER_SEEDS = ("accuracy", "train_accuracy", "loss", "class_accuracy")


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
