"""Objectives, filters and metrics in words, for captions and the sidebar. Names are as typed, not escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from types import MappingProxyType

from remap_core.formatting import NOT_AVAILABLE, count, kilobytes, milliseconds, percent, pluralize
from remap_core.space.caps import KILOBYTE
from remap_core.views.metrics import OBJECTIVE, Metric, Unit
from remap_core.views.objective import Objective

MAX_NAMES = 3
"""Classes that a caption names; it counts the others."""


def objective_text(objective: Objective, class_names: Sequence[str]) -> str:
    """Weights and caps in one line.

    >>> objective_text(Objective((2, 2, 0), max_parameters=100_000), ("bird", "cat", "dog"))
    'bird x2, cat x2; at most 100,000 parameters'
    """
    return weights_text(objective, class_names) + caps_text(objective)


def caps_text(objective: Objective) -> str:
    """The caps in force, each after a semicolon; empty without any.

    >>> caps_text(Objective(max_multiply_adds=2_000_000))
    '; at most 2,000,000 multiply-adds'
    >>> caps_text(Objective(max_parameters=100_000, max_latency_ms=0.5)), caps_text(Objective())
    ('; at most 100,000 parameters; at most 0.5 ms', '')
    """
    text = ""
    if objective.max_parameters is not None:
        text += f"; at most {pluralize(objective.max_parameters, 'parameter')}"
    if objective.max_latency_ms is not None:
        text += f"; at most {objective.max_latency_ms:g} ms"
    if objective.max_multiply_adds is not None:
        text += f"; at most {pluralize(objective.max_multiply_adds, 'multiply-add')}"
    if objective.target:
        text += f"; for {objective.target.name}"
    return text


def weights_text(objective: Objective, class_names: Sequence[str]) -> str:
    """The classes that count, with their weights where these differ from 1.

    >>> weights_text(Objective((0, 1, 0)), ("bird", "cat", "dog")), weights_text(Objective(), ())
    ('cat', 'All classes weighted equally')
    """
    if objective.is_unweighted:
        return "All classes weighted equally"
    classes = objective.weighted_classes
    parts = [_weighted(class_names[index], objective.weights[index]) for index in classes[:MAX_NAMES]]
    unnamed = len(classes) - MAX_NAMES
    if unnamed > 0:
        parts.append(f"{count(unnamed)} more")
    return ", ".join(parts)


def _weighted(name: str, weight: float) -> str:
    if weight == 1:
        return name
    return f"{name} x{weight:g}"


def metric_title(metric: Metric, objective: Objective, class_names: Sequence[str]) -> str:
    """Title of an axis; for the objective it says which classes count."""
    if metric.key != OBJECTIVE:
        return metric.title
    if objective.is_unweighted:
        return "Validation accuracy"
    return f"Validation accuracy, {weights_text(objective, class_names)}"


_TEXTS: Mapping[Unit, Callable[[float], str]] = MappingProxyType(
    {
        Unit.SHARE: percent,
        Unit.COUNT: lambda value: count(int(value)),
        Unit.KILOBYTES: lambda value: kilobytes(KILOBYTE * value),
        Unit.MILLISECONDS: milliseconds,
        Unit.SECONDS: "{:.2g} s".format,
        Unit.LOSS: "{:.3f}".format,
    }
)


def metric_text(metric: Metric, value: float) -> str:
    """A value of a metric with its unit."""
    if not isfinite(value):
        return NOT_AVAILABLE
    return _TEXTS[metric.unit](value)
