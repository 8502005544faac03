"""Models side by side: any number of them as a table, two of them layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import streamlit as st

from remap_core import formatting
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.difference import counts_sentence, difference_alt, difference_svg
from remap_core.drawing.snac.icon import svg_uri
from remap_core.errors import NotFound, RemapError
from remap_core.services.comparison import compare_predictions
from remap_core.space.alignment import difference_sentences
from remap_core.trials.population import Population
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.drawer.notes import first_line
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.pictures import picture
from remap_core.ui.tables import ROW_HEIGHT, model_rows, snac_column

ROWS = 20
"""Models that the table shows before it scrolls."""

MILLISECONDS = st.column_config.NumberColumn(format="%.2f ms")
PERCENT = st.column_config.NumberColumn(format="percent")
WHOLE = st.column_config.NumberColumn(format="localized")


def comparison_table(catalogue: Catalogue, trials: Sequence[Trial], key: str) -> None:
    """All metrics of the models, SNACs under one another; a click on a column's head sorts by it."""
    annotations = catalogue.annotations([trial.id for trial in trials])
    rows = [
        row | _measured(trial) | {"Tags": list(annotation.tags), "Note": first_line(annotation)}
        for row, trial, annotation in zip(model_rows(trials), trials, annotations.values(), strict=True)
    ]
    names = {name for row in rows for name in row}
    if len({trial.proposal.dataset for trial in trials}) > 1:
        for row, trial in zip(rows, trials, strict=True):
            row["Data set"] = trial.proposal.dataset
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (1 + min(len(rows), ROWS)) + 3,
        column_config={
            **{name: PERCENT for name in names if "accuracy" in name},
            **{name: MILLISECONDS for name in names if name.startswith("Latency")},
            "SNAC": snac_column(trial.architecture for trial in trials),
            "Model": st.column_config.NumberColumn(format="#%d", width="small"),
            "Parameters": WHOLE,
            "Multiply-adds": WHOLE,
            "Seconds an epoch": st.column_config.NumberColumn(format="%.2f s"),
            "Tags": st.column_config.ListColumn(),
        },
        alt="The models of the drawer side by side.",
    )


def _measured(trial: Trial) -> dict[str, Any]:
    """What is known of a finished model beside its last epoch; nothing of any other."""
    population = _population(trial)
    row = population.row_of(trial.id) if population else None
    if population is None or row is None:
        return {}
    of_classes = zip(population.class_names, population.class_accuracy[row].tolist(), strict=True)
    return {
        "Latency, batch of 1": float(population.latency_1_ms[row]),
        "Latency, batch of 256": float(population.latency_256_ms[row]),
        "Seconds an epoch": float(population.seconds[row]),
        **{f"{name}, accuracy": share for name, share in of_classes},
    }


def _population(trial: Trial) -> Population | None:
    try:
        return app_data.dataset_view(trial.proposal.dataset).population
    except NotFound:
        return None


def compare(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """What distinguishes two models: their layers, their numbers, and whether the accuracies differ by more than noise.

    First and second are what the signs mean: from the first to the second.
    """
    names = (f"#{first.id}", f"#{second.id}")
    alt = difference_alt(first.architecture, second.architecture, names)
    picture(svg_uri(difference_svg(first.architecture, second.architecture, names)), alt)
    changes = difference_sentences(first.architecture.layers, second.architecture.layers)
    st.markdown(f"From {names[0]} to {names[1]}: {counts_sentence(first.architecture, second.architecture)}.")
    if changes:
        st.markdown("\n".join(f"- {escape_markdown(change)}" for change in changes))
    difference_table(catalogue, first, second)
    try:
        test = compare_predictions(catalogue, first, second)
    except RemapError as error:
        st.caption(escape_markdown(str(error)))
        return
    st.markdown(f"On the validation images: {test.sentence(names[0], names[1])}")
    if first.score or second.score:
        st.caption("The test compares one training of each, with the seed it had first; the accuracies are means.")


def difference_table(catalogue: Catalogue, first: Trial, second: Trial) -> None:
    """Accuracy, size, cost and latency of both, and the difference, in words."""
    rows = [
        {"": name, f"#{first.id}": old, f"#{second.id}": new, "Difference": difference}
        for name, old, new, difference in _differences(catalogue, first, second)
    ]
    alt = f"Differences from #{first.id} to #{second.id}."
    st.dataframe(rows, hide_index=True, key=f"difference-{first.id}-{second.id}", alt=alt)


def _differences(catalogue: Catalogue, first: Trial, second: Trial) -> list[tuple[str, str, str, str]]:
    old, new = (float("nan") if trial.accuracy is None else trial.accuracy for trial in (first, second))
    table = [("Validation accuracy", first.accuracy_text(), second.accuracy_text(), formatting.points(new - old))]
    for name, before, after in (
        ("Parameters", first.architecture.parameters, second.architecture.parameters),
        ("Multiply-adds", first.architecture.multiply_adds, second.architecture.multiply_adds),
    ):
        table.append((name, formatting.count(before), formatting.count(after), _more(before, after)))
    evaluations = [catalogue.evaluation(trial.id) for trial in (first, second)]
    latencies = [found.latency.batch_1_ms if found else float("nan") for found in evaluations]
    ratio = latencies[1] / latencies[0] if latencies[0] else float("nan")
    said = _times(ratio) if isfinite(ratio) else formatting.NOT_AVAILABLE
    old_ms, new_ms = map(formatting.milliseconds, latencies)
    return [*table, ("Latency, batch of 1", old_ms, new_ms, said)]


def _more(before: int, after: int) -> str:
    return "the same" if after == before else f"{after - before:+,} ({_times(after / before)})"


def _times(ratio: float) -> str:
    said = f"{ratio:.2g}"
    return "about the same" if said == "1" else f"{said} times"
