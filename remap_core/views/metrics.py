"""Metrics: the numbers of a model that can be an axis, and which direction is better."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from remap_core.trials.population import Floats, Ints, Population, pareto_front
from remap_core.views.filters import MEMORY, memory
from remap_core.views.objective import Objective

PARAMETERS = "parameters"
OBJECTIVE = "objective"
"""Keys of the default axes."""

Column = Callable[[Population, Objective], Floats | Ints]
"""Returns the (n,) values of a population's models."""

_CLASS_KEY = re.compile(r"class-(0|[1-9]\d{0,4})")


class Unit(Enum):
    """The unit of a metric. Amounts span orders of magnitude and use logarithmic axes."""

    SHARE = "share"
    COUNT = "count"
    KILOBYTES = "kilobytes"
    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"
    LOSS = "loss"

    @property
    def is_amount(self) -> bool:
        """Whether ratios matter rather than differences."""
        return self in (Unit.COUNT, Unit.KILOBYTES, Unit.MILLISECONDS, Unit.SECONDS)


@dataclass(frozen=True)
class Metric:
    """One number of each model. `key` names it in URLs, `title` for people; larger shares are better."""

    key: str
    title: str
    unit: Unit
    column: Column

    @property
    def larger_is_better(self) -> bool:
        """Which direction is better."""
        return self.unit is Unit.SHARE

    def values(self, population: Population, objective: Objective) -> Floats:
        """(n,) float64, NaN where the number is not known."""
        return self.column(population, objective).astype(float)


MetricValues = tuple[Metric, Floats]
"""A metric with the (n,) values of a population's models."""


def metrics(class_names: tuple[str, ...]) -> dict[str, Metric]:
    """All metrics of a data set by key: the general ones, then the accuracy of each class."""
    by_key = dict(_GENERAL)
    for index, name in enumerate(class_names):
        metric = _class_metric(index, name)
        by_key[metric.key] = metric
    return by_key


def is_metric(key: str, classes: int | None = None) -> bool:
    """Whether there is such a metric; with `classes`, in a data set of so many classes.

    >>> is_metric("class-9"), is_metric("class-9", classes=3), is_metric("beauty")
    (True, False, False)
    """
    match = _CLASS_KEY.fullmatch(key)
    if match is None:
        return key in _GENERAL
    if classes is None:
        return True
    return int(match[1]) < classes


def best_rows(cost: MetricValues, value: MetricValues) -> Ints:
    """The rows of the Pareto front of two metrics with their (n,) values, starting with the best of the first metric.

    Respects the better direction of each metric; see `pareto_front`.
    """
    cost_metric, costs = cost
    value_metric, values = value
    if cost_metric.larger_is_better:
        costs = -costs
    if not value_metric.larger_is_better:
        values = -values
    return pareto_front(costs, values)


def _objective(population: Population, objective: Objective) -> Floats:
    return objective.value(population)


def _column(name: str) -> Column:
    def column(population: Population, _: Objective) -> Floats | Ints:
        values: Floats | Ints = getattr(population, name)
        return values

    return column


def _memory(name: str) -> Column:
    def column(population: Population, _: Objective) -> Floats:
        return memory(population, name)

    return column


def _class_metric(index: int, name: str) -> Metric:
    def column(population: Population, _: Objective) -> Floats:
        return population.class_accuracy[:, index]

    return Metric(
        key=f"class-{index}",
        title=f"Accuracy for {name}",
        unit=Unit.SHARE,
        column=column,
    )


_METRICS = (
    Metric(OBJECTIVE, "Objective", Unit.SHARE, _objective),
    Metric("accuracy", "Validation accuracy", Unit.SHARE, _column("accuracy")),
    Metric("train-accuracy", "Training accuracy", Unit.SHARE, _column("train_accuracy")),
    Metric("loss", "Validation loss", Unit.LOSS, _column("loss")),
    Metric(PARAMETERS, "Parameters", Unit.COUNT, _column("parameters")),
    Metric("multiply-adds", "Multiply-adds", Unit.COUNT, _column("multiply_adds")),
    Metric(MEMORY["ram_int8"], "RAM, int8", Unit.KILOBYTES, _memory("ram_int8")),
    Metric(MEMORY["flash_int8"], "Flash, int8", Unit.KILOBYTES, _memory("flash_int8")),
    Metric(MEMORY["ram_float"], "RAM, float32", Unit.KILOBYTES, _memory("ram_float")),
    Metric(MEMORY["flash_float"], "Flash, float32", Unit.KILOBYTES, _memory("flash_float")),
    Metric("latency-1", "Latency, batch of 1", Unit.MILLISECONDS, _column("latency_1_ms")),
    Metric("latency-256", "Latency, batch of 256", Unit.MILLISECONDS, _column("latency_256_ms")),
    Metric("seconds", "Seconds per epoch", Unit.SECONDS, _column("seconds")),
)

_GENERAL = {metric.key: metric for metric in _METRICS}
