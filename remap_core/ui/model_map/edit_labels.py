"""Which edit made a child: a label in the middle of each line between the selected model and its relatives."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, sqrt
from typing import Any

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts.projection import Projection
from remap_core.drawing.charts.style import escape_html
from remap_core.formatting import model_tag, points
from remap_core.services.lineage import edit_sentence
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial, TrialId

MAX_LABELS = 60
"""Lines that are labelled, those to the oldest children."""

LETTERS = 80
"""Of an edit; one with many steps is cut."""


def edit_labels(
    catalogue: Catalogue, population: Population, projection: Projection, selected: TrialId | None
) -> dict[str, list[Any]]:
    """The points of the trace EDITS: middles of the lines, each with the edit and what it changed."""
    labels: dict[str, list[Any]] = {"x": [], "y": [], "hovertext": []}
    for trial in catalogue.trials([selected or 0]):
        for parent, child in _links(catalogue, trial):
            x, y = _middle(population, projection, parent.id, child.id)
            if isfinite(x) and isfinite(y):
                labels["x"].append(x)
                labels["y"].append(y)
                labels["hovertext"].append(_text(parent, child))
    return labels


def _links(catalogue: Catalogue, trial: Trial) -> list[tuple[Trial, Trial]]:
    """(parent, child) of each line at a model."""
    parents = [(parent, trial) for parent in catalogue.trials([trial.proposal.parent or 0])]
    children = [(trial, child) for child in catalogue.children(trial.id)[:MAX_LABELS]]
    return parents + children


def _middle(population: Population, projection: Projection, first: TrialId, second: TrialId) -> tuple[float, float]:
    """Halfway as it looks; NaN where one of the models has no place."""
    rows = population.row_of(first), population.row_of(second)
    if rows[0] is None or rows[1] is None:
        return float("nan"), float("nan")
    (x0, y0), (x1, y1) = projection.places[rows[0]].tolist(), projection.places[rows[1]].tolist()
    return _halfway(x0, x1, projection.x), _halfway(y0, y1, projection.y)


def _halfway(start: float, end: float, axis: Mapping[str, Any]) -> float:
    """Between two values as an axis shows them.

    >>> _halfway(100, 10_000, {"type": "log"}), _halfway(1, 3, {})
    (1000.0, 2.0)
    """
    if axis.get("type") == "log":
        return sqrt(start * end)
    return (start + end) / 2


def _text(parent: Trial, child: Trial) -> str:
    edit = escape_html(edit_sentence(parent, child), LETTERS)
    line = f"{model_tag(parent.id)} to {model_tag(child.id)}: {edit}"
    if child.accuracy is None or parent.accuracy is None:
        return line
    return f"{line}<br>{points(child.accuracy - parent.accuracy)}"
