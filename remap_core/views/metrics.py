"""Metrics: every number of a model that can be an axis, and which direction of it is better."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from remap_core.trials.population import Floats, Ints, Population, pareto_front
from remap_core.views.objective import Objective

OBJECTIVE = "objective"
PARAMETERS = "parameters"
"""Keys of the axes that one starts with."""


class Unit(Enum):
    """What a metric counts in. Amounts span powers of ten and lie on logarithmic axes."""

    SHARE = "share"
    COUNT = "count"
    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"
    LOSS = "loss"

    @property
    def is_amount(self) -> bool:
        """Whether only ratios tell: twice as large is as far everywhere."""
        return self in (Unit.COUNT, Unit.MILLISECONDS, Unit.SECONDS)


@dataclass(frozen=True)
class Metric:
    """One number of each model. `key` names it in addresses, `title` for people; shares are better when larger."""

    key: str
    title: str
    unit: Unit
    column: Callable[[Population, Objective], Floats | Ints]

    @property
    def larger_is_better(self) -> bool:
        """Which direction is better."""
        return self.unit is Unit.SHARE

    def values(self, population: Population, objective: Objective) -> Floats:
        """(n,) float64, NaN where it is not known."""
        return self.column(population, objective).astype(float)


_GENERAL = (
    Metric(OBJECTIVE, "Objective", Unit.SHARE, lambda population, objective: objective.value(population)),
    Metric("accuracy", "Validation accuracy", Unit.SHARE, lambda population, _: population.accuracy),
    Metric("train-accuracy", "Training accuracy", Unit.SHARE, lambda population, _: population.train_accuracy),
    Metric("loss", "Validation loss", Unit.LOSS, lambda population, _: population.loss),
    Metric(PARAMETERS, "Parameters", Unit.COUNT, lambda population, _: population.parameters),
    Metric("multiply-adds", "Multiply-adds", Unit.COUNT, lambda population, _: population.multiply_adds),
    Metric("latency-1", "Latency, batch of 1", Unit.MILLISECONDS, lambda population, _: population.latency_1_ms),
    Metric("latency-256", "Latency, batch of 256", Unit.MILLISECONDS, lambda population, _: population.latency_256_ms),
    Metric("seconds", "Seconds of an epoch", Unit.SECONDS, lambda population, _: population.seconds),
)
_CLASS = re.compile(r"class-(0|[1-9]\d{0,4})")


def metrics(class_names: tuple[str, ...]) -> dict[str, Metric]:
    """All metrics of a data set by their keys: the general ones, then the accuracy of each class."""
    classes = (_class_metric(index, name) for index, name in enumerate(class_names))
    return {metric.key: metric for metric in (*_GENERAL, *classes)}


def is_metric(key: str, classes: int | None = None) -> bool:
    """Whether there is such a metric, in a data set of so many classes where that is given.

    >>> is_metric("class-9"), is_metric("class-9", classes=3), is_metric("beauty")
    (True, False, False)
    """
    found = _CLASS.fullmatch(key)
    if found is None:
        return any(key == metric.key for metric in _GENERAL)
    return classes is None or int(found[1]) < classes


def best_rows(cost: tuple[Metric, Floats], value: tuple[Metric, Floats]) -> Ints:
    """Rows of the Pareto front of two metrics with their (n,) values, from the best of the first on.

    For whichever direction is better on each; see `pareto_front`.
    """
    (across, x), (up, y) = cost, value
    return pareto_front(-x if across.larger_is_better else x, y if up.larger_is_better else -y)


def _class_metric(index: int, name: str) -> Metric:
    return Metric(
        f"class-{index}", f"Accuracy for {name}", Unit.SHARE, lambda population, _: population.class_accuracy[:, index]
    )
