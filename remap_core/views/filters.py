"""The filter: which models are shown at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidView
from remap_core.space.layers import KINDS
from remap_core.space.text import parse_layers
from remap_core.trials.population import Population
from remap_core.trials.trial import Origin

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`, both included and at least 0; None is open. Raises InvalidView.

    >>> Span(high=10).holds(np.array([3, 10, 11, np.nan])).tolist(), bool(Span())
    ([True, True, False, False], False)
    """

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            bound = getattr(self, name)
            if bound is not None and not (isfinite(bound) and bound >= 0):
                raise InvalidView(f"An end of a range must be a number of at least 0, but got {bound:g}.")
            object.__setattr__(self, name, None if bound is None else float(bound))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InvalidView(f"A range must begin below its end, but got {self.low:g} to {self.high:g}.")

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return self.low is not None or self.high is not None

    def holds(self, values: NDArray[np.number]) -> Mask:
        """(n,) bool: which of (n,) values lie in it; NaN does only where it is open on both sides."""
        held = np.ones(len(values), dtype=bool)
        if self.low is not None:
            held &= values >= self.low
        if self.high is not None:
            held &= values <= self.high
        return held


@dataclass(frozen=True)
class Filter:
    """Models of these sizes, speeds and accuracies, with and without these layer kinds, made in these ways.

    latency_ms: milliseconds, batch of 1. accuracy: of all validation images, 0..1. present, absent: layer kinds that
    a chain must and must not have. origins: none means any. Raises InvalidView with the rule and the value.
    """

    parameters: Span = Span()
    latency_ms: Span = Span()
    accuracy: Span = Span()
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    origins: frozenset[Origin] = frozenset()

    def __post_init__(self) -> None:
        unknown = sorted((self.present | self.absent) - KINDS.keys())
        if unknown:
            raise InvalidView(f"A layer kind must be one of {', '.join(KINDS)}, but got {unknown[0]!r}.")
        both = sorted(self.present & self.absent)
        if both:
            raise InvalidView(f"A layer kind cannot be both present and absent, but {both[0]} is asked for as both.")
        wrong = next((end for end in (self.accuracy.low, self.accuracy.high) if end is not None and end > 1), None)
        if wrong is not None:
            raise InvalidView(f"Accuracies must lie between 0 and 100 %, but got {100 * wrong:g} %.")

    def __bool__(self) -> bool:
        """Whether it could leave anything out."""
        return self != Filter()

    def mask(self, population: Population) -> Mask:
        """(n,) bool: which models pass."""
        passed = self.parameters.holds(population.parameters)
        passed &= self.latency_ms.holds(population.latency_1_ms)
        passed &= self.accuracy.holds(population.accuracy)
        if self.present or self.absent:
            passed &= np.fromiter(map(self._fits, population.text), dtype=bool, count=len(population))
        if self.origins:
            passed &= np.isin(np.array(population.origin, dtype=str), sorted(self.origins))
        return passed

    def _fits(self, text: str) -> bool:
        kinds = layer_kinds(text)
        return self.present <= kinds and not self.absent & kinds


@lru_cache(maxsize=100_000)
def layer_kinds(text: str) -> frozenset[str]:
    """Kinds of the layers of a chain, given in words.

    >>> sorted(layer_kinds("Conv 32x3, ReLU, Conv 16x1"))
    ['activation', 'conv2d']
    """
    return frozenset(kind for layer in text.split(", ") for kind in _kind(layer))


@lru_cache(maxsize=10_000)
def _kind(text: str) -> tuple[str, ...]:
    return tuple(layer.kind for layer in parse_layers(text))
