"""The label of a model's circle: on hover, and next to charts that are too large for hover labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.charts.captions import metric_text, weights_text
from remap_core.drawing.charts.style import escape_html
from remap_core.drawing.snac.strip import strip_html
from remap_core.formatting import accuracy_over_seeds, model_tag, percent, pluralize
from remap_core.trials.population import Floats, Population
from remap_core.views.metrics import OBJECTIVE, PARAMETERS, Metric, metrics
from remap_core.views.target_fit import target_shares, verdict_on
from remap_core.views.targets import Target
from remap_core.views.view import View

_IN_EVERY_LABEL = (OBJECTIVE, PARAMETERS, "accuracy", "train-accuracy")


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of n models under a view.

    value: (n,) objective. allowed: (n,) within the objective's caps. weights: the objective's, empty where all classes
    count alike. axes: further metrics to show, each with its (n,) values. target: the objective's.
    """

    population: Population
    value: Floats
    allowed: NDArray[np.bool_]
    weights: str
    axes: tuple[tuple[Metric, Floats], ...]
    target: Target | None = None

    @classmethod
    def of(cls, population: Population, view: View) -> Labels:
        """The labels of all models of a population."""
        objective = view.objective
        weights = ""
        if not objective.is_unweighted:
            weights = weights_text(objective, population.class_names)
        by_key = metrics(population.class_names)
        keys = dict.fromkeys((view.x, view.y))
        shown = [by_key[key] for key in keys if key not in _IN_EVERY_LABEL]
        return cls(
            population=population,
            value=objective.value(population),
            allowed=objective.allows(population),
            weights=weights,
            axes=tuple((metric, metric.values(population, objective)) for metric in shown),
            target=objective.target,
        )

    def lines(self, row: int) -> list[str]:
        """A model's numbers, a few of them a line; class names are as typed."""
        return list(self._lines(row))

    def html(self, row: int) -> str:
        """The hover label: number and SNAC strip, the layers in words, the numbers."""
        layers = self.population.text[row]
        model = model_tag(int(self.population.id[row]))
        lines = [f"<b>{model}</b>  {strip_html(layers)}"]
        lines += map(escape_html, wrap(layers, 48))
        lines += (escape_html(line, 60) for line in self.lines(row))
        return "<br>".join(lines)

    def _lines(self, row: int) -> Iterator[str]:
        columns = self.population
        if self.weights:
            yield f"{self.weights}: {percent(self.value[row])}"
        seeds = int(columns.seeds[row])
        validation = accuracy_over_seeds(columns.accuracy[row], columns.deviation[row], seeds)
        yield f"validation {validation}, training {percent(columns.train_accuracy[row])}"
        parameters = pluralize(int(columns.parameters[row]), "parameter")
        epochs = pluralize(int(columns.epochs[row]), "epoch")
        yield f"{parameters}, {epochs}"
        for metric, values in self.axes:
            yield f"{metric.title}: {metric_text(metric, values[row])}"
        if columns.suggested[row]:
            yield "suggested by the machine"
        config = columns.config[row]
        if config.start is not None:
            yield f"started from the weights of {model_tag(config.start)}"
            yield "not compared with full trainings"
        if not self.allowed[row]:
            yield self._reason(row)

    def _reason(self, row: int) -> str:
        """Why the objective does not allow a model."""
        if self.target and target_shares(self.target, self.population)[row] > 1:
            return verdict_on(self.target, self.population, row)
        return "over a cap of the objective"
