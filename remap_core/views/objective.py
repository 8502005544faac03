"""The objective: how much each class counts, which ranks models by one number, and caps on what a model may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidView
from remap_core.space.caps import Cap, Caps, Cost
from remap_core.trials.population import Floats, Population
from remap_core.views.target_fit import target_shares
from remap_core.views.targets import Target


@dataclass(frozen=True)
class Objective:
    """Weights of the classes, and caps on what a model may cost. Raises InvalidView with the rule and the value.

    weights: one for each class in the data set's order, at least 0 and not all 0; empty (the default) to weight all
    validation images equally. max_parameters, max_multiply_adds (of one example): counts. max_latency_ms: milliseconds,
    batch of 1. target: a device that models must fit.
    """

    weights: tuple[float, ...] = ()
    max_parameters: int | None = None
    max_latency_ms: float | None = None
    max_multiply_adds: int | None = None
    target: Target | None = None

    def __post_init__(self) -> None:
        weights = tuple(map(float, self.weights))
        object.__setattr__(self, "weights", weights)
        self._require_weights()
        if self.max_parameters is not None:
            _require_count("parameter", self.max_parameters)
        if self.max_multiply_adds is not None:
            _require_count("multiply-add", self.max_multiply_adds)
        if self.max_latency_ms is not None:
            _require_latency(self.max_latency_ms)

    def _require_weights(self) -> None:
        for weight in self.weights:
            if not isfinite(weight) or weight < 0:
                raise InvalidView(f"A class weight must be a number of at least 0, but got {weight:g}.")
        classes = len(self.weights)
        if classes and not any(self.weights):
            raise InvalidView(f"At least one of the {classes} class weights must be above 0, but all are 0.")

    @property
    def is_unweighted(self) -> bool:
        """Whether all classes are weighted equally: then the value is the plain validation accuracy."""
        return len(set(self.weights)) <= 1

    @property
    def weighted_classes(self) -> tuple[int, ...]:
        """Indices of the classes with a weight above 0; empty where there are no weights."""
        indices = np.flatnonzero(self.weights)
        return tuple(indices.tolist())

    def with_weights(
        self,
        weights: Mapping[int, float],
        classes: int,
    ) -> Objective:
        """Return the same caps with these weights by class, 0 for the others; all equal if none is above 0."""
        row = [weights.get(index, 0.0) for index in range(classes)]
        if not any(row):
            row = []
        return replace(self, weights=tuple(row))

    def value(self, population: Population) -> Floats:
        """(n,) float64 weighted mean of class accuracies, in 0..1. Raises InvalidView for another number of classes.

        A class that no model has an accuracy for (it has no validation images) is left out. A model without an
        accuracy for any other weighted class is NaN, and so are all models where no weighted class remains.
        """
        if self.is_unweighted:
            return population.accuracy
        self._require_classes(population)
        weights = np.array(self.weights)
        is_missing = np.isnan(population.class_accuracy)
        weights[is_missing.all(axis=0)] = 0
        used = np.flatnonzero(weights)
        if not len(used):
            return np.full(len(population), np.nan)
        shares = weights[used]
        shares /= shares.max()  # so that the sum cannot overflow
        shares /= shares.sum()
        accuracies = population.class_accuracy[:, used]
        return np.asarray(accuracies @ shares, dtype=np.float64)

    def _require_classes(self, population: Population) -> None:
        classes = len(population.class_names)
        weights = len(self.weights)
        if weights != classes:
            raise InvalidView(
                f"There must be one weight for each of the {classes} classes of {population.dataset}, "
                f"but got {weights}."
            )

    def allows(self, population: Population) -> NDArray[np.bool_]:
        """(n,) bool: which models are within all caps; one of unknown latency or size is within no cap on it."""
        allowed = np.ones(len(population), dtype=bool)
        if self.max_parameters is not None:
            allowed &= population.parameters <= self.max_parameters
        if self.max_latency_ms is not None:
            allowed &= population.latency_1_ms <= self.max_latency_ms
        if self.max_multiply_adds is not None:
            allowed &= population.multiply_adds <= self.max_multiply_adds
        if self.target is not None:
            allowed &= target_shares(self.target, population) <= 1
        return allowed

    @property
    def caps(self) -> Caps:
        """The limits on what architectures cost, as far as that is known before they are trained."""
        counts = {Cost.PARAMETERS: self.max_parameters, Cost.MULTIPLY_ADDS: self.max_multiply_adds}
        own = [Cap(cost, limit, "the objective's cap") for cost, limit in counts.items() if limit is not None]
        return (*own, *(self.target.caps if self.target else ()))


def _require_count(name: str, cap: int) -> None:
    if type(cap) is not int or cap < 1:
        raise InvalidView(f"The {name} cap must be a whole number of at least 1, but got {cap!r}.")


def _require_latency(cap: float) -> None:
    if not isfinite(cap) or cap <= 0:
        raise InvalidView(f"The latency cap must be above 0 ms, but got {cap:g}.")
