"""Models side by side: any number of them as a table, two of them layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.difference import counts_sentence, difference_alt, difference_svg
from remap_core.drawing.thumbnails import svg_uri
from remap_core.errors import NotFound, RemapError
from remap_core.formatting import NOT_AVAILABLE, count, kilobytes, milliseconds, model_tag, points, signed_count
from remap_core.services.comparison import compare_predictions, training_difference
from remap_core.space.alignment import difference_sentences
from remap_core.space.caps import KILOBYTE
from remap_core.space.footprint import footprint
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, view_state
from remap_core.ui.drawer.notes import Notes, notes_of
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.pictures import picture
from remap_core.ui.tables import (
    MULTIPLY_ADDS,
    PARAMETERS,
    PERCENT_FORMAT,
    in_percent,
    model_rows,
    selected_rows,
    snac_column,
)

MAX_ROWS = 20
"""Models that the table shows without scrolling."""

MEDIUM_UP_TO = 10
"""Blocks up to which SNACs are of medium size: there are more columns than in other tables."""

MAX_CLASSES = 40
"""Classes whose accuracy has a row."""

MILLISECONDS = "%.2f ms"
KILOBYTES = "%.1f KB"
_FORMAT_HELP = (
    "In the number format of the target; without one, in int8. Computed from the layers, without the runtime."
)
PERCENT = st.column_config.NumberColumn(format=PERCENT_FORMAT, width="small")

COLUMNS: dict[str, Any] = {
    "Model": st.column_config.NumberColumn("Model", format="#%d", width=56),
    "Validation accuracy": st.column_config.NumberColumn(
        "Accuracy", format=PERCENT_FORMAT, help="Validation accuracy."
    ),
    "Over seeds": st.column_config.TextColumn("Over seeds", width="small"),
    "Train accuracy": st.column_config.NumberColumn("Training", format=PERCENT_FORMAT, help="Training accuracy."),
    "Parameters": PARAMETERS,
    "Multiply-adds": MULTIPLY_ADDS,
    "RAM": st.column_config.NumberColumn("RAM", format=KILOBYTES, width="small", help=_FORMAT_HELP),
    "Flash": st.column_config.NumberColumn("Flash", format=KILOBYTES, width="small", help=_FORMAT_HELP),
    "Target": st.column_config.TextColumn(
        "Target", width=88, help="Whether it fits, or how much of what it needs more."
    ),
    "Latency, batch of 1": st.column_config.NumberColumn("Latency", format=MILLISECONDS, help="Of a batch of 1."),
    "Latency, batch of 256": st.column_config.NumberColumn(
        "Latency, 256", format=MILLISECONDS, help="Of a batch of 256."
    ),
    "Seconds per epoch": st.column_config.NumberColumn("Per epoch", format="%.2f s", help="Seconds per epoch."),
    "Tags": st.column_config.ListColumn("Tags", width="small"),
    "Note": st.column_config.TextColumn("Note", width="small"),
}
"""Short headings: all columns of models of usual depth are in sight on a screen of 1440 pixels."""


def comparison_table(catalogue: Catalogue, trials: Sequence[Trial], key: str) -> list[Trial]:
    """All metrics of the models, with aligned SNACs; returns the models of selected rows."""
    return selected_rows(
        _rows(trials, notes_of(catalogue, [trial.id for trial in trials])),
        trials,
        key,
        columns=COLUMNS | {"SNAC": snac_column((trial.architecture for trial in trials), medium_up_to=MEDIUM_UP_TO)},
        max_rows=MAX_ROWS,
        alt="The models in the drawer, side by side.",
    )


def _rows(trials: Sequence[Trial], notes: Mapping[int, Notes]) -> list[dict[str, Any]]:
    rows = model_rows(trials, MEDIUM_UP_TO)
    for row, trial in zip(rows, trials, strict=True):
        row.pop("Origin", None)
        row.pop("Epochs", None)
        row.update(_memory(trial))
        row.update(_measurements(trial))
    if len({trial.proposal.dataset for trial in trials}) > 1:
        for row, trial in zip(rows, trials, strict=True):
            row["Data set"] = trial.proposal.dataset
    if any(noted.tags for noted in notes.values()):
        for row, trial in zip(rows, trials, strict=True):
            row["Tags"] = notes[trial.id].tags
    if any(noted.line for noted in notes.values()):
        for row, trial in zip(rows, trials, strict=True):
            row["Note"] = notes[trial.id].line
    return rows


def _memory(trial: Trial) -> dict[str, Any]:
    """What a model needs on the target that was chosen for its data set, and whether it fits."""
    target = view_state.target(trial.proposal.dataset)
    needed = footprint(trial.architecture, int8=target is None or target.int8)
    columns: dict[str, Any] = {"RAM": needed.ram_bytes / KILOBYTE, "Flash": needed.flash_bytes / KILOBYTE}
    if target:
        columns["Target"] = target.brief_verdict(needed)
    return columns


def class_table(trials: Sequence[Trial]) -> None:
    """Accuracy by class: a row for each class, a column for each model, in an expander."""
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    classes = _compared_classes(trials)
    for trial in trials:
        dataset = trial.proposal.dataset
        population = _population(dataset)
        place = population.row_of(trial.id) if population else None
        if population is None or place is None:
            continue
        for label in classes[dataset]:
            row = rows.setdefault((dataset, label), {"Class": population.class_names[label]})
            row[model_tag(trial.id)] = in_percent(float(population.class_accuracy[place, label]))
    if not rows:
        return
    with st.expander("Accuracy by class"):
        st.dataframe(
            list(rows.values()),
            key="drawer-classes",
            hide_index=True,
            height="content",
            column_config={model_tag(trial.id): PERCENT for trial in trials},
            alt="Validation accuracy of each model in the drawer, by class.",
        )
        populations = map(_population, classes)
        if any(population and len(population.class_names) > MAX_CLASSES for population in populations):
            st.caption(f"The {MAX_CLASSES} classes in which the models differ the most.")


def _compared_classes(trials: Sequence[Trial]) -> dict[str, Sequence[int]]:
    """The classes that have a row, by data set: all, or of many those whose accuracies differ the most."""
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


def _measurements(trial: Trial) -> dict[str, float]:
    """What is known about a finished model besides its last epoch; empty for other models."""
    population = _population(trial.proposal.dataset)
    row = population.row_of(trial.id) if population else None
    if population is None or row is None:
        return {}
    return {
        "Latency, batch of 1": float(population.latency_1_ms[row]),
        "Latency, batch of 256": float(population.latency_256_ms[row]),
        "Seconds per epoch": float(population.seconds[row]),
    }


def compare(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """How the second model differs from the first: layers, numbers, and whether the accuracies differ significantly."""
    compare_layers(first, second)
    compare_results(catalogue, first, second)


def compare_layers(first: Trial, second: Trial) -> None:
    """The layers of both, aligned, and what has changed in words."""
    names = (model_tag(first.id), model_tag(second.id))
    svg = difference_svg(first.architecture, second.architecture, names)
    picture(svg_uri(svg), difference_alt(first.architecture, second.architecture, names))
    counts = counts_sentence(first.architecture, second.architecture)
    st.markdown(f"From {names[0]} to {names[1]}: {counts}.")
    changes = difference_sentences(first.architecture.layers, second.architecture.layers)
    if changes:
        st.markdown("\n".join(f"- {escape_markdown(change)}" for change in changes))


def compare_results(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """The numbers of both, and whether the accuracies differ significantly."""
    difference_table(catalogue, first, second)
    show_training_difference([first, second])
    _paired_test(catalogue, first, second)


def show_training_difference(trials: Sequence[Trial]) -> None:
    """How the models were trained differently, if they were: then not all is due to their architectures."""
    difference = training_difference(trials)
    if difference:
        st.caption(escape_markdown(difference))


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
    ours, theirs = footprint(first.architecture, int8=True), footprint(second.architecture, int8=True)
    rows.append(_memory_row("RAM in int8", ours.ram_bytes, theirs.ram_bytes))
    rows.append(_memory_row("Flash in int8", ours.flash_bytes, theirs.flash_bytes))
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
        difference = f"{signed_count(second - first)} ({_change_text(second / first)})"
    return (name, count(first), count(second), difference)


def _memory_row(name: str, first: int, second: int) -> Row:
    difference = "equal" if first == second else _change_text(second / first)
    return (name, kilobytes(first), kilobytes(second), difference)


def _latency_row(first: float, second: float) -> Row:
    ratio = second / first if first else nan
    difference = _change_text(ratio) if isfinite(ratio) else NOT_AVAILABLE
    return ("Latency, batch of 1", milliseconds(first), milliseconds(second), difference)


def _latency_ms(catalogue: Catalogue, trial: Trial) -> float:
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        return nan
    return evaluation.latency.batch_1_ms


def _change_text(ratio: float) -> str:
    """A ratio as a change in percent.

    >>> _change_text(0.1), _change_text(3.2), _change_text(1.001)
    ('−90 %', '+220 %', 'about equal')
    """
    change = round(100 * (ratio - 1))
    if not change:
        return "about equal"
    return f"{signed_count(change)} %"
