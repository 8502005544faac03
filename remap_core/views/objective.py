"""The objective: what a model is good for, so that one number ranks models, and what it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidView
from remap_core.trials.population import Floats, Population


@dataclass(frozen=True)
class Objective:
    """How much each class counts, and caps on what a model may cost. Raises InvalidView with the rule and the value.

    weights: one a class in the data set's order, at least 0 and not all 0; none at all (the default) where every
    validation image counts alike. max_parameters: count. max_latency_ms: milliseconds, batch of 1.
    """

    weights: tuple[float, ...] = ()
    max_parameters: int | None = None
    max_latency_ms: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(map(float, self.weights)))
        wrong = next((weight for weight in self.weights if not (isfinite(weight) and weight >= 0)), None)
        if wrong is not None:
            raise InvalidView(f"A class's weight must be a number of at least 0, but got {wrong:g}.")
        if self.weights and not any(self.weights):
            raise InvalidView(f"At least one of the {len(self.weights)} classes must count, but all weights are 0.")
        if self.max_parameters is not None and (type(self.max_parameters) is not int or self.max_parameters < 1):
            raise InvalidView(
                f"The parameter cap must be a whole number of at least 1, but got {self.max_parameters!r}."
            )
        if self.max_latency_ms is not None and not (isfinite(self.max_latency_ms) and self.max_latency_ms > 0):
            raise InvalidView(f"The latency cap must be above 0 ms, but got {self.max_latency_ms:g}.")

    @property
    def counts_alike(self) -> bool:
        """Whether no class counts more than another: then the value is the plain validation accuracy."""
        return len(set(self.weights)) <= 1

    @property
    def counted(self) -> tuple[int, ...]:
        """Indices of the classes that have a weight; none where every class counts alike without one."""
        return tuple(index for index, weight in enumerate(self.weights) if weight)

    def weigh(self, weights: Mapping[int, float], classes: int) -> Objective:
        """The same caps with these weights of `classes` classes, the others 0; without any above 0 all count alike."""
        row = tuple(weights.get(index, 0.0) for index in range(classes))
        return Objective(row if any(row) else (), self.max_parameters, self.max_latency_ms)

    def value(self, population: Population) -> Floats:
        """(n,) float64 weighted mean of class accuracies, in 0..1; raises InvalidView for another count of classes.

        A class that nobody's accuracy is known of (it has no validation images) is left out; a model that lacks
        another weighted class is NaN, and so is everyone where no weighted class is left.
        """
        if self.counts_alike:
            return population.accuracy
        classes = len(population.class_names)
        if len(self.weights) != classes:
            raise InvalidView(
                f"There must be one weight for each of the {classes} classes of {population.dataset}, "
                f"but got {len(self.weights)}."
            )
        weights = np.array(self.weights)
        used = (weights > 0) & ~np.isnan(population.class_accuracy).all(axis=0)
        if not used.any():
            return np.full(len(population), np.nan)
        shares = weights[used] / weights[used].max()  # so that no sum overflows
        return np.asarray(population.class_accuracy[:, used] @ (shares / shares.sum()), dtype=np.float64)

    def allows(self, population: Population) -> NDArray[np.bool_]:
        """(n,) bool: which models keep within both caps; one of unknown latency keeps within no latency cap."""
        allowed = np.ones(len(population), dtype=bool)
        if self.max_parameters is not None:
            allowed &= population.parameters <= self.max_parameters
        if self.max_latency_ms is not None:
            allowed &= population.latency_1_ms <= self.max_latency_ms
        return allowed
