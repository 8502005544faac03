"""A population: the finished models of one data set as columns, ready to be filtered and drawn."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidArchitecture
from remap_core.space.architecture import Architecture
from remap_core.space.footprint import footprint
from remap_core.space.text import parse_layers
from remap_core.trials.training_config import TrainingConfig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """n finished models, one row each, in the order in which they finished.

    A model that was trained with several seeds is one row: its accuracies and losses are means over the seeds.

    input_shape: of the data set's images: channels, height, width.
    id, parent (0 for none), parameters, multiply_adds, epochs: (n,) int64.
    accuracy, train_accuracy, loss: (n,) float64, of the last epoch, on validation images unless named otherwise.
    class_accuracy: (n, classes) float64. seconds: (n,) float64, mean of an epoch.
    latency_1_ms, latency_256_ms: (n,) float64. text: the layers in words. origin: values of Origin.
    seeds: (n,) int64, trainings behind the means. deviation: (n,) float64, sample standard deviation of accuracy over
    the seeds, NaN for a single one. config: (n,) how each was trained. suggested: (n,) bool, chosen by the machine.
    """

    dataset: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
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
    suggested: NDArray[np.bool_]
    origin: tuple[str, ...]
    text: tuple[str, ...]
    config: tuple[TrainingConfig, ...]

    def __len__(self) -> int:
        return len(self.id)

    def ram(self, int8: bool) -> Floats:
        """(n,) float64 bytes of RAM for images of `input_shape`, see `footprint`; NaN for other models."""
        return self._footprints[:, 0 if int8 else 2]

    def flash(self, int8: bool) -> Floats:
        """(n,) float64 bytes of flash for images of `input_shape`, see `footprint`; NaN for other models."""
        return self._footprints[:, 1 if int8 else 3]

    @cached_property
    def _footprints(self) -> Floats:
        """(n, 4) RAM and flash in int8, then in float32."""
        classes = len(self.class_names)
        rows = [_footprint_row(self.input_shape, classes, text) for text in self.text]
        return np.array(rows, dtype=np.float64).reshape(-1, 4)

    def row_of(self, model: int) -> int | None:
        """Return the row of a model, or None where it is not (yet) finished."""
        rows = np.flatnonzero(self.id == model)
        if not len(rows):
            return None
        return int(rows[0])

    def trained_like(self, config: TrainingConfig) -> Ints:
        """The rows that were trained like this, in their order: accuracies compare architectures only among these."""
        return np.array([row for row, other in enumerate(self.config) if other.is_like(config)], dtype=np.int64)

    @property
    def in_full(self) -> NDArray[np.bool_]:
        """(n,) bool: which began with new weights. Others started from their parent's and are never on a front."""
        return np.array([config.start is None for config in self.config], dtype=bool)

    def front(self) -> Ints:
        """The rows of the Pareto front of accuracy against parameters, by increasing parameters."""
        return pareto_front(self.parameters, np.where(self.in_full, self.accuracy, np.nan))

    def over_seeds(self, model: Ints) -> Population:
        """Merge the rows that repeat a model's training with other seeds into the model's own row.

        model: (n,) int64, the model that each row is a training of: the row's own id, or that of the model it
        repeats. Accuracies and losses become means over the seeds; the other columns stay those of the model itself.
        """
        is_model = self.id == model
        if is_model.all():
            return self
        columns = {name: getattr(self, name).copy() for name in _AVERAGED}
        seeds = self.seeds.copy()
        deviation = self.deviation.copy()
        is_repeated = is_model & np.isin(self.id, model[~is_model])
        for row in np.flatnonzero(is_repeated):
            trainings = np.flatnonzero(model == self.id[row])
            for column in columns.values():
                column[row] = column[trainings].mean(axis=0)
            seeds[row] = len(trainings)
            deviation[row] = self.accuracy[trainings].std(ddof=1)
        averaged = replace(self, **columns, seeds=seeds, deviation=deviation)
        return averaged._rows(np.flatnonzero(is_model))

    def _rows(self, rows: Ints) -> Population:
        selected: dict[str, Any] = {}
        for field in fields(self):
            column = getattr(self, field.name)
            if isinstance(column, np.ndarray):
                selected[field.name] = column[rows]
        for name in ("origin", "text", "config"):
            column = getattr(self, name)
            selected[name] = tuple(column[row] for row in rows)
        return replace(self, **selected)


@lru_cache(maxsize=100_000)
def _footprint_row(input_shape: tuple[int, int, int], classes: int, text: str) -> tuple[float, float, float, float]:
    try:
        architecture = Architecture(input_shape, classes, parse_layers(text))
    except InvalidArchitecture:
        return nan, nan, nan, nan
    small, large = footprint(architecture, int8=True), footprint(architecture, int8=False)
    return small.ram_bytes, small.flash_bytes, large.ram_bytes, large.flash_bytes


_AVERAGED = ("accuracy", "train_accuracy", "loss", "class_accuracy")


def pareto_front(cost: NDArray[np.number], value: Floats) -> Ints:
    """Return the rows that no other row beats, by costing at most as much and being worth more, or less and as much.

    cost, value: (n,); smaller cost and larger value are better. Rows with a NaN are never on the front.
    Returns (k,) int64, by increasing cost. Of equal rows, the first is kept. O(n log n).

    >>> pareto_front(np.array([1, 2, 3]), np.array([0.5, 0.4, 0.9])).tolist()
    [0, 2]
    """
    usable = np.flatnonzero(~np.isnan(value) & ~np.isnan(cost))
    by_value_and_cost = np.lexsort((-value[usable], cost[usable]))
    order = usable[by_value_and_cost]
    best_so_far = np.maximum.accumulate(value[order])
    best_before = np.concatenate(([-np.inf], best_so_far[:-1]))[: len(order)]
    is_better = value[order] > best_before
    return order[is_better].astype(np.int64)
