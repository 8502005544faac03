"""Models as rows: SNAC, accuracy, parameters and what else was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from remap_core.drawing.snac.chips import Size, chips
from remap_core.drawing.snac.svg import table_size
from remap_core.formatting import count, milliseconds, model_tag, pluralize
from remap_core.lab import notebook_html
from remap_core.lab.recorded_trial import RecordedTrial
from remap_core.lab.workspace import Workspace
from remap_core.space.footprint import footprint
from remap_core.space.text import layers_text
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial

MAX_ROWS = 50
"""Rows of a table in a notebook; the others are only counted."""

MAX_NAMED = 3
"""Models that a line of text names."""

MEASURES = ("accuracy", "deviation", "train_accuracy", "loss", "latency_1_ms", "latency_256_ms", "seconds")
"""Columns of a population that are numbers of a finished model."""


def model_columns(workspace: Workspace, models: Sequence[RecordedTrial]) -> dict[str, list[Any]]:
    """The columns of `Models.to_frame`."""
    population = workspace.population()
    rows = [_row_of(population, model) for model in models]
    architectures = [model.architecture for model in models]
    trials = [model.trial for model in models]
    proposals = [trial.proposal for trial in trials]
    columns: dict[str, list[Any]] = {
        "model": [trial.id for trial in trials],
        "layers": [layers_text(architecture.layers) for architecture in architectures],
        "origin": [proposal.origin.value for proposal in proposals],
        "parent": [proposal.parent for proposal in proposals],
        "edits": ["; ".join(model.edits) for model in models],
        "state": [trial.state.value for trial in trials],
        "epochs": [trial.epochs_done for trial in trials],
        "seeds": [_seeds(trial) for trial in trials],
        "parameters": [architecture.parameters for architecture in architectures],
        "multiply_adds": [architecture.multiply_adds for architecture in architectures],
    }
    for number_format in ("int8", "float32"):
        needed = [footprint(architecture, int8=number_format == "int8") for architecture in architectures]
        columns[f"ram_{number_format}"] = [one.ram_bytes for one in needed]
        columns[f"flash_{number_format}"] = [one.flash_bytes for one in needed]
    for name in MEASURES:
        columns[name] = [_measure(population, name, row) for row in rows]
    return columns


def models_text(models: Sequence[RecordedTrial]) -> str:
    """How many models there are, and the first of them with their accuracies."""
    if not models:
        return "No models"
    named = [_brief(model) for model in models[:MAX_NAMED]]
    if len(models) > MAX_NAMED:
        named.append("…")
    number = pluralize(len(models), "model")
    return f"{number}: {'; '.join(named)}"


def models_html(workspace: Workspace, models: Sequence[RecordedTrial]) -> str:
    """The table that a notebook shows."""
    if not models:
        return notebook_html.framed(notebook_html.heading("No models yet"))
    lengths = [len(model.architecture.layers) for model in models]
    size = table_size(max(lengths) + 1)
    population = workspace.population()
    rows = []
    for model in models[:MAX_ROWS]:
        rows.append(_table_row(model, population, size))
    header = ("", "SNAC", "Accuracy", "Parameters", "Latency", "Epochs", "Origin", "Edits")
    body = notebook_html.table(header, rows, numbers=(0, 2, 3, 4, 5))
    more = []
    if len(models) > MAX_ROWS:
        more.append(pluralize(len(models) - MAX_ROWS, "more model"))
    number = pluralize(len(models), "model")
    title = notebook_html.heading(number, f"of {workspace.dataset}")
    return notebook_html.framed(title, body, notebook_html.lines(more))


def _seeds(trial: Trial) -> int:
    if trial.score is None:
        return 1
    return trial.score.seeds


def _brief(model: RecordedTrial) -> str:
    accuracy = model.trial.accuracy_text(model.trial.state.value, brief=True)
    return f"{model_tag(model.id)} {accuracy}"


def _table_row(model: RecordedTrial, population: Population | None, size: Size) -> tuple[notebook_html.Cell, ...]:
    latency = _measure(population, "latency_1_ms", _row_of(population, model))
    return (
        model_tag(model.id),
        notebook_html.drawing(chips(model.architecture, size), size, model.marks),
        model.trial.accuracy_text(model.trial.state.value, brief=True),
        count(model.architecture.parameters),
        milliseconds(latency),
        count(model.trial.epochs_done),
        model.trial.proposal.origin.capitalize(),
        "; ".join(model.edits),
    )


def _row_of(population: Population | None, model: RecordedTrial) -> int | None:
    if population is None:
        return None
    return population.row_of(model.id)


def _measure(population: Population | None, name: str, row: int | None) -> float:
    if population is None or row is None:
        return float("nan")
    return float(getattr(population, name)[row])
