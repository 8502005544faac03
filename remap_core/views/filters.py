"""The filter: which models are shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidView
from remap_core.formatting import percent
from remap_core.space.architecture import Architecture
from remap_core.space.caps import KILOBYTE
from remap_core.space.footprint import footprint
from remap_core.space.layers import KINDS
from remap_core.space.text import parse_layers
from remap_core.trials.population import Floats, Population
from remap_core.trials.training_recipe import is_recipe_name
from remap_core.trials.trial import Origin

Mask = NDArray[np.bool_]

MEMORY = MappingProxyType(
    {"ram_int8": "ram-int8", "flash_int8": "flash-int8", "ram_float": "ram-float", "flash_float": "flash-float"}
)
"""Keys of the metrics that say what a model needs on a device, by the names of the filter's ranges."""


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`, both included and at least 0; None leaves an end open. Raises InvalidView.

    >>> Span(high=10).holds(np.array([3, 10, 11, np.nan])).tolist(), bool(Span())
    ([True, True, False, False], False)
    """

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            end = getattr(self, name)
            if end is None:
                continue
            if not isfinite(end) or end < 0:
                raise InvalidView(f"The ends of a range must be numbers of at least 0, but got {end:g}.")
            object.__setattr__(self, name, float(end))
        if self.low is None or self.high is None:
            return
        if self.low > self.high:
            span = f"{self.low:g} to {self.high:g}"
            raise InvalidView(f"A range must start at or below its end, but got {span}.")

    def __bool__(self) -> bool:
        """Whether it excludes any number."""
        return self != Span()

    def holds(self, values: NDArray[np.number]) -> Mask:
        """(n,) bool: which of the (n,) values are in the range; NaN is only if both ends are open."""
        held = np.ones(len(values), dtype=bool)
        if self.low is not None:
            held &= values >= self.low
        if self.high is not None:
            held &= values <= self.high
        return held


@dataclass(frozen=True)
class Filter:
    """Ranges of numbers, layer kinds and origins that a model must match. Raises InvalidView with the rule and value.

    latency_ms: milliseconds, batch of 1. accuracy: on all validation images, 0..1. present, absent: layer kinds that
    a model must and must not contain. origins, recipes (names of training recipes): an empty set allows any.
    multiply_adds: of one example. ram_int8, flash_int8 and so on: KB, see `footprint`.
    """

    parameters: Span = Span()
    latency_ms: Span = Span()
    accuracy: Span = Span()
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    origins: frozenset[Origin] = frozenset()
    recipes: frozenset[str] = frozenset()
    multiply_adds: Span = Span()
    ram_int8: Span = Span()
    flash_int8: Span = Span()
    ram_float: Span = Span()
    flash_float: Span = Span()

    def __post_init__(self) -> None:
        self._require_kinds()
        self._require_accuracy(self.accuracy.low)
        self._require_accuracy(self.accuracy.high)
        for name in self.recipes:
            if not is_recipe_name(name):
                raise InvalidView(f"The name of a training recipe has only a-z, 0-9 and -, but got {name!r:.60}.")

    def _require_kinds(self) -> None:
        kinds = self.present | self.absent
        unknown = sorted(kinds - KINDS.keys())
        if unknown:
            known = ", ".join(KINDS)
            raise InvalidView(f"A layer kind must be one of {known}, but got {unknown[0]!r}.")
        contradictory = sorted(self.present & self.absent)
        if contradictory:
            kind = contradictory[0]
            raise InvalidView(f"A layer kind cannot be both required and excluded, but {kind} is.")

    @staticmethod
    def _require_accuracy(end: float | None) -> None:
        if end is not None and end > 1:
            raise InvalidView(f"Accuracies must be between 0 and 100 %, but got {percent(end)}.")

    def __bool__(self) -> bool:
        """Whether it can exclude any model."""
        return self != Filter()

    def mask(self, population: Population) -> Mask:
        """(n,) bool: which models pass."""
        passed = self.parameters.holds(population.parameters)
        passed &= self.multiply_adds.holds(population.multiply_adds)
        passed &= self.latency_ms.holds(population.latency_1_ms)
        passed &= self._memory_mask(population)
        passed &= self.accuracy.holds(population.accuracy)
        if self.present or self.absent:
            passed &= self._kinds_mask(population)
        if self.origins:
            origins = np.array(population.origin, dtype=str)
            passed &= np.isin(origins, sorted(self.origins))
        if self.recipes:
            recipes = np.array([config.recipe.name for config in population.config], dtype=str)
            passed &= np.isin(recipes, sorted(self.recipes))
        return passed

    def _memory_mask(self, population: Population) -> Mask:
        passed = np.ones(len(population), dtype=bool)
        for name in MEMORY:
            span = getattr(self, name)
            if span:
                passed &= span.holds(memory(population, name))
        return passed

    def _kinds_mask(self, population: Population) -> Mask:
        matches = map(self._matches_kinds, population.text)
        return np.fromiter(matches, dtype=bool, count=len(population))

    def _matches_kinds(self, text: str) -> bool:
        kinds = layer_kinds(text)
        if self.absent & kinds:
            return False
        return self.present <= kinds


def memory(population: Population, name: str) -> Floats:
    """(n,) KB of one of `MEMORY`."""
    kind, _, number_format = name.partition("_")
    column = population.ram if kind == "ram" else population.flash
    return column(int8=number_format == "int8") / KILOBYTE


def memory_of(architecture: Architecture, metric: str) -> float:
    """KB of one of the metrics of `MEMORY` for an architecture."""
    kind, _, number_format = metric.partition("-")
    needed = footprint(architecture, int8=number_format == "int8")
    return (needed.ram_bytes if kind == "ram" else needed.flash_bytes) / KILOBYTE


@lru_cache(maxsize=100_000)
def layer_kinds(text: str) -> frozenset[str]:
    """The kinds of the layers in an architecture's text.

    >>> sorted(layer_kinds("Conv 32x3, ReLU, Conv 16x1"))
    ['activation', 'conv2d']
    """
    kinds: set[str] = set()
    for layer in text.split(", "):
        kinds.update(_kinds(layer))
    return frozenset(kinds)


@lru_cache(maxsize=10_000)
def _kinds(text: str) -> tuple[str, ...]:
    layers = parse_layers(text)
    return tuple(layer.kind for layer in layers)
