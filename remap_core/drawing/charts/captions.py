"""Objectives, filters and metrics in words, as they stand beside figures and in the sidebar. Names are as typed."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from remap_core.formatting import NOT_AVAILABLE, count, milliseconds, percent, pluralize
from remap_core.views.metrics import OBJECTIVE, Metric, Unit
from remap_core.views.objective import Objective

NAMED = 3
"""Classes that a caption names before it only counts the rest."""


def objective_text(objective: Objective, class_names: Sequence[str]) -> str:
    """Weights and caps in one line.

    >>> objective_text(Objective((2, 2, 0), max_parameters=100_000), ("bird", "cat", "dog"))
    'bird x2, cat x2; at most 100,000 parameters'
    """
    caps = []
    if objective.max_parameters is not None:
        caps.append(f"at most {pluralize(objective.max_parameters, 'parameter')}")
    if objective.max_latency_ms is not None:
        caps.append(f"at most {objective.max_latency_ms:g} ms")
    return "; ".join([weights_text(objective, class_names), *caps])


def weights_text(objective: Objective, class_names: Sequence[str]) -> str:
    """Which classes count, and how much where not alike.

    >>> weights_text(Objective((0, 1, 0)), ("bird", "cat", "dog")), weights_text(Objective(), ())
    ('cat', 'all classes alike')
    """
    if objective.counts_alike:
        return "all classes alike"
    written = [_weighted(class_names[index], objective.weights[index]) for index in objective.counted[:NAMED]]
    more = len(objective.counted) - NAMED
    return ", ".join([*written, f"{count(more)} more"] if more > 0 else written)


def _weighted(name: str, weight: float) -> str:
    return name if weight == 1 else f"{name} x{weight:g}"


def metric_title(metric: Metric, objective: Objective, class_names: Sequence[str]) -> str:
    """Title of an axis: what the objective is, and otherwise the metric's."""
    if metric.key != OBJECTIVE:
        return metric.title
    if objective.counts_alike:
        return "Validation accuracy"
    return f"Validation accuracy, {weights_text(objective, class_names)}"


def metric_text(metric: Metric, value: float) -> str:
    """A value of a metric with its unit."""
    if not isfinite(value):
        return NOT_AVAILABLE
    match metric.unit:
        case Unit.SHARE:
            return percent(value)
        case Unit.COUNT:
            return count(int(value))
        case Unit.MILLISECONDS:
            return milliseconds(value)
        case Unit.SECONDS:
            return f"{value:.2g} s"
        case Unit.LOSS:
            return f"{value:.3f}"
