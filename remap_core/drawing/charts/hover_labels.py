"""What is said of a model beside its circle: in hover labels, and in the panel of a chart too large for these."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from remap_core.drawing.charts.captions import metric_text, weights_text
from remap_core.drawing.charts.style import escape_html
from remap_core.drawing.snac.svg import strip_html
from remap_core.formatting import accuracy_over_seeds, percent, pluralize
from remap_core.trials.population import Floats, Population
from remap_core.views.metrics import OBJECTIVE, PARAMETERS, Metric, metrics
from remap_core.views.view import View

_ALWAYS_SAID = (OBJECTIVE, PARAMETERS, "accuracy", "train-accuracy")


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of n models under a view. value: (n,) objective; allowed: (n,) within the caps; axes: what else to say."""

    population: Population
    value: Floats
    allowed: NDArray[np.bool_]
    aim: str
    axes: tuple[tuple[Metric, Floats], ...]

    @classmethod
    def of(cls, population: Population, view: View) -> Labels:
        """The labels of all models of a population."""
        objective, known = view.objective, metrics(population.class_names)
        said = dict.fromkeys(key for key in (view.x, view.y) if key not in _ALWAYS_SAID)
        return cls(
            population,
            objective.value(population),
            objective.allows(population),
            "" if objective.counts_alike else weights_text(objective, population.class_names),
            tuple((known[key], known[key].values(population, objective)) for key in said),
        )

    def lines(self, row: int) -> list[str]:
        """A model's numbers, a few of them a line; class names are as typed."""
        of = self.population
        lines = [f"{self.aim}: {percent(self.value[row])}"] if self.aim else []
        validation = accuracy_over_seeds(of.accuracy[row], of.deviation[row], int(of.seeds[row]))
        lines.append(f"validation {validation}, training {percent(of.train_accuracy[row])}")
        epochs = pluralize(int(of.epochs[row]), "epoch")
        lines.append(f"{pluralize(int(of.parameters[row]), 'parameter')}, {epochs}")
        lines += [f"{metric.title}: {metric_text(metric, values[row])}" for metric, values in self.axes]
        return lines if self.allowed[row] else [*lines, "beyond a cap of the objective"]

    def html(self, row: int) -> str:
        """The hover label: number and SNAC strip, the layers in words, the numbers."""
        text = self.population.text[row]
        numbers = (escape_html(line, 60) for line in self.lines(row))
        head = f"<b>#{self.population.id[row]}</b>  {strip_html(text)}"
        return "<br>".join([head, *map(escape_html, wrap(text, 48)), *numbers])
