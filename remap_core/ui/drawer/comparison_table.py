"""Models side by side: any number of them as a table, two of them layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan
from typing import Any

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.difference import counts_sentence, difference_alt, difference_svg
from remap_core.drawing.thumbnails import svg_uri
from remap_core.errors import NotFound, RemapError
from remap_core.formatting import NOT_AVAILABLE, count, milliseconds, model_tag, points, signed_count
from remap_core.services.comparison import compare_predictions
from remap_core.space.alignment import difference_sentences
from remap_core.trials.annotations import Annotation
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data
from remap_core.ui.drawer.notes import first_line
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.pictures import picture
from remap_core.ui.tables import (
    MODEL,
    MULTIPLY_ADDS,
    PARAMETERS,
    PERCENT_FORMAT,
    ROW_HEIGHT,
    in_percent,
    model_rows,
    snac_column,
)

MAX_ROWS = 20
"""Models that the table shows without scrolling."""

MAX_CLASSES = 40
"""Classes whose accuracy has a column."""

MILLISECONDS = st.column_config.NumberColumn(format="%.2f ms")
PERCENT = st.column_config.NumberColumn(format=PERCENT_FORMAT)


def comparison_table(catalogue: Catalogue, trials: Sequence[Trial], key: str) -> None:
    """All metrics of the models, with aligned SNACs; a click on a column's head sorts by it."""
    rows = _rows(trials, catalogue.annotations([trial.id for trial in trials]))
    shown_rows = min(len(rows), MAX_ROWS)
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (1 + shown_rows) + 3,
        column_config=_columns(trials, {name for row in rows for name in row}),
        alt="The models in the drawer, side by side.",
    )
    populations = map(_population, {trial.proposal.dataset for trial in trials})
    if any(population and len(population.class_names) > MAX_CLASSES for population in populations):
        st.caption(f"Accuracies by class: those {MAX_CLASSES} in which the models differ the most.")


def _rows(trials: Sequence[Trial], annotations: dict[int, Annotation]) -> list[dict[str, Any]]:
    rows = model_rows(trials)
    classes = _compared_classes(trials)
    for row, trial in zip(rows, trials, strict=True):
        annotation = annotations[trial.id]
        row.update(_measurements(trial, classes.get(trial.proposal.dataset, ())))
        row["Tags"] = list(annotation.tags)
        row["Note"] = first_line(annotation)
    if len({trial.proposal.dataset for trial in trials}) > 1:
        for row, trial in zip(rows, trials, strict=True):
            row["Data set"] = trial.proposal.dataset
    return rows


def _columns(trials: Sequence[Trial], names: set[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "SNAC": snac_column(trial.architecture for trial in trials),
        "Model": MODEL,
        "Parameters": PARAMETERS,
        "Multiply-adds": MULTIPLY_ADDS,
        "Seconds per epoch": st.column_config.NumberColumn(format="%.2f s"),
        "Tags": st.column_config.ListColumn(),
    }
    for name in names:
        if name.lower().endswith("accuracy"):
            columns[name] = PERCENT
        elif name.startswith("Latency"):
            columns[name] = MILLISECONDS
    return columns


def _compared_classes(trials: Sequence[Trial]) -> dict[str, Sequence[int]]:
    """The classes that have a column, by data set: all, or of many those whose accuracies differ the most."""
    models: dict[str, list[TrialId]] = {}
    for trial in trials:
        models.setdefault(trial.proposal.dataset, []).append(trial.id)
    classes = {}
    for dataset, ids in models.items():
        population = _population(dataset)
        if population:
            classes[dataset] = most_different_classes(population, ids)
    return classes


def most_different_classes(population: Population, models: Sequence[TrialId]) -> Sequence[int]:
    """Up to MAX_CLASSES classes, in order: those whose accuracies differ the most between the models.

    For one model, those of its lowest accuracies.
    """
    classes = len(population.class_names)
    if classes <= MAX_CLASSES:
        return range(classes)
    accuracies = np.nan_to_num(population.class_accuracy[np.isin(population.id, models)])
    if not len(accuracies):
        return ()
    difference = np.ptp(accuracies, axis=0)
    lowest_first = np.lexsort((accuracies.min(axis=0), -difference))
    return sorted(lowest_first[:MAX_CLASSES].tolist())


def _population(dataset: str) -> Population | None:
    try:
        return app_data.dataset_view(dataset).population
    except NotFound:
        return None


def _measurements(trial: Trial, classes: Sequence[int]) -> dict[str, float | None]:
    """What is known about a finished model besides its last epoch; empty for other models."""
    population = _population(trial.proposal.dataset)
    row = population.row_of(trial.id) if population else None
    if population is None or row is None:
        return {}
    measurements: dict[str, float | None] = {
        "Latency, batch of 1": float(population.latency_1_ms[row]),
        "Latency, batch of 256": float(population.latency_256_ms[row]),
        "Seconds per epoch": float(population.seconds[row]),
    }
    for label in classes:
        name = population.class_names[label]
        measurements[f"{name}, accuracy"] = in_percent(float(population.class_accuracy[row, label]))
    return measurements


def compare(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """How the second model differs from the first: layers, numbers, and whether the accuracies differ significantly."""
    names = (model_tag(first.id), model_tag(second.id))
    svg = difference_svg(first.architecture, second.architecture, names)
    picture(svg_uri(svg), difference_alt(first.architecture, second.architecture, names))
    counts = counts_sentence(first.architecture, second.architecture)
    st.markdown(f"From {names[0]} to {names[1]}: {counts}.")
    changes = difference_sentences(first.architecture.layers, second.architecture.layers)
    if changes:
        st.markdown("\n".join(f"- {escape_markdown(change)}" for change in changes))
    difference_table(catalogue, first, second)
    _paired_test(catalogue, first, second)


def _paired_test(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    try:
        test = compare_predictions(catalogue, first, second)
    except RemapError as error:
        st.caption(escape_markdown(str(error)))
        return
    result = test.sentence(model_tag(first.id), model_tag(second.id))
    st.markdown(f"On the validation images: {result}")
    if first.score or second.score:
        st.caption("The test compares the first training of each model; the accuracies are means over seeds.")


def difference_table(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """Accuracy, size, cost and latency of both models, and the difference."""
    tags = (model_tag(first.id), model_tag(second.id))
    rows = [_accuracy_row(first, second)]
    rows.append(_count_row("Parameters", first.architecture.parameters, second.architecture.parameters))
    rows.append(_count_row("Multiply-adds", first.architecture.multiply_adds, second.architecture.multiply_adds))
    rows.append(_latency_row(_latency_ms(catalogue, first), _latency_ms(catalogue, second)))
    headings = ("", *tags, "Difference")
    st.dataframe(
        [dict(zip(headings, row, strict=True)) for row in rows],
        hide_index=True,
        key=f"difference-{first.id}-{second.id}",
        alt=f"Differences from {tags[0]} to {tags[1]}.",
    )


Row = tuple[str, str, str, str]
"""What is compared, the first model's value, the second's, the difference."""


def _accuracy_row(first: Trial, second: Trial) -> Row:
    difference = NOT_AVAILABLE
    if first.accuracy is not None and second.accuracy is not None:
        difference = points(second.accuracy - first.accuracy)
    return ("Validation accuracy", first.accuracy_text(), second.accuracy_text(), difference)


def _count_row(name: str, first: int, second: int) -> Row:
    difference = "equal"
    if first != second:
        difference = f"{signed_count(second - first)} ({_ratio_text(second / first)})"
    return (name, count(first), count(second), difference)


def _latency_row(first: float, second: float) -> Row:
    ratio = second / first if first else nan
    difference = _ratio_text(ratio) if isfinite(ratio) else NOT_AVAILABLE
    return ("Latency, batch of 1", milliseconds(first), milliseconds(second), difference)


def _latency_ms(catalogue: Catalogue, trial: Trial) -> float:
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        return nan
    return evaluation.latency.batch_1_ms


def _ratio_text(ratio: float) -> str:
    text = f"{ratio:.2g}"
    if text == "1":
        return "about equal"
    return f"{text} times"
