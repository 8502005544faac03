"""Where to start: a few models of a population that are worth a look before any other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from remap_core.trials.population import Floats, Ints, Population, pareto_front
from remap_core.views.view import View

MOST_ACCURATE = "Most accurate"
KNEE = "Knee of the front"
SMALLEST = "Smallest within 2 points of the best"

NEAR = 0.02
"""Accuracy (0..1) that the smallest model may lack."""


@dataclass(frozen=True)
class StartingPoint:
    """A row of a population, and why to start there: one reason or several."""

    row: int
    reasons: tuple[str, ...]


def starting_points(population: Population, view: View) -> list[StartingPoint]:
    """The most accurate model, the knee of the front and the smallest model nearly as accurate as the best, each once.

    Of the models that the view's filter shows and its caps allow, by its objective; empty where none is left.
    """
    eligible = view.counts(population)
    value = np.where(eligible, view.objective.value(population), np.nan)
    front = pareto_front(population.parameters, value)
    if not len(front):
        return []
    best = int(front[-1])
    near = front[value[front] >= value[best] - NEAR]
    chosen = {MOST_ACCURATE: best, KNEE: knee(population.parameters, value, front), SMALLEST: int(near[0])}
    rows = dict.fromkeys(chosen.values())
    return [StartingPoint(row, tuple(reason for reason, at in chosen.items() if at == row)) for row in rows]


def knee(parameters: Ints, value: Floats, front: Ints) -> int:
    """The row of the front from which on more parameters bring little.

    parameters, value: (n,). front: (k,) rows by increasing parameters. It is the point highest above the line between
    the ends of the front, with the logarithm of the parameters and the value both scaled to 0..1 (Satopaa et al.,
    Finding a "kneedle" in a haystack, 2011); the first row of a front of one or two.
    """
    if len(front) < 3:
        return int(front[0])
    across = _scaled(np.log(parameters[front].astype(np.float64)))
    up = _scaled(value[front])
    return int(front[np.argmax(up - across)])


def _scaled(values: Floats) -> Floats:
    return np.asarray((values - values[0]) / (values[-1] - values[0]))
