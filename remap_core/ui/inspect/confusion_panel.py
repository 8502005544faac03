"""Which classes a model confuses: its confusion matrix, its accuracy by class, and the images behind both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.drawing.charts import class_accuracy, confusion
from remap_core.drawing.charts.shown_classes import MAX_IN_FULL, MAX_SHOWN, confused_classes, worst_classes
from remap_core.drawing.image_sheet import Tile, rows_of_cell, sheet_html
from remap_core.errors import RemapError
from remap_core.formatting import count, pluralize
from remap_core.services.comparison import judged_images
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.events.chart_events import Point, draw
from remap_core.ui.markdown import escape_markdown

MAX_IMAGES = 48
"""Images shown at once."""

ANY = -1
"""Stands for every predicted class."""


def show_mistakes(catalogue: Catalogue, trial: Trial, key: str) -> None:
    """Matrix, bars and images; a click on a cell or a bar shows its images. Keys of all widgets start with `key`."""
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        st.info("The confusion matrix and the accuracy by class appear when the training is complete.")
        return
    _panel(evaluation, catalogue.dataset(trial.proposal.dataset), trial, key)


@st.fragment
def _panel(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    """A fragment: a click reruns only this part of the page."""
    try:
        _charts(evaluation, card, trial, key)
    except RemapError as error:
        st.warning(escape_markdown(str(error)))


def _charts(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    names = card.class_names
    cell_key = f"{key}-{trial.id}"
    st.markdown("##### Confusion matrix")
    as_shares = st.toggle("Shares of each row", key=f"{key}-shares")
    chosen = _chosen_classes(names, key)
    confused = chosen or confused_classes(evaluation)
    draw(
        confusion.confusion_figure(evaluation, names, as_shares, confused),
        f"{key}-confusion",
        confusion.confusion_alt(evaluation, names),
        on_click=lambda point: choose_cell(cell_key, point, confused),
    )
    st.markdown("##### Accuracy by class")
    worst = chosen or worst_classes(evaluation)
    draw(
        class_accuracy.class_accuracy_figure(evaluation, names, worst),
        f"{key}-classes",
        class_accuracy.class_accuracy_alt(evaluation, names),
        on_click=lambda point: choose_class(cell_key, point, worst),
    )
    _images(evaluation, card, trial, cell_key)


def _chosen_classes(names: Sequence[str], key: str) -> list[int]:
    """The classes that both charts show; empty for those with the most errors, and where all fit."""
    if len(names) <= MAX_IN_FULL:
        return []
    return st.multiselect(
        f"Classes in the charts, of {count(len(names))}",
        range(len(names)),
        format_func=lambda label: names[label],
        placeholder=f"The {MAX_SHOWN} with the most errors",
        max_selections=MAX_SHOWN,
        key=f"{key}-shown",
    )


def choose_cell(key: str, point: Point, shown: Sequence[int]) -> None:
    """Show the images of the clicked cell of the matrix. shown: the classes of its rows and columns."""
    if isinstance(point.index, tuple):
        row, column = point.index
        _choose(key, shown[row], shown[column])


def choose_class(key: str, point: Point, shown: Sequence[int]) -> None:
    """Show the images of the clicked class, whatever was predicted. shown: the classes of the bars."""
    if isinstance(point.index, int):
        _choose(key, shown[point.index], ANY)


def _choose(key: str, true_class: int, predicted: int) -> None:
    st.session_state[f"{key}-true"] = true_class
    st.session_state[f"{key}-predicted"] = predicted


def _images(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    names = card.class_names
    # Clicks set the key too, so the selectbox may not have a default.
    st.session_state.setdefault(f"{key}-true", _worst_class(evaluation))
    st.markdown("##### Images")
    st.caption("Click a cell of the matrix or a bar, or choose here. Misclassified images have an orange border.")
    with st.container(horizontal=True):
        true_class = st.selectbox(
            "True class",
            range(len(names)),
            format_func=lambda label: names[label],
            key=f"{key}-true",
        )
        predicted = st.selectbox(
            "Predicted",
            [ANY, *range(len(names))],
            format_func=lambda label: "any class, misclassified first" if label == ANY else names[label],
            key=f"{key}-predicted",
        )
    _sheet(card, trial, true_class, predicted)


def _worst_class(evaluation: Evaluation) -> int:
    """The class with the lowest accuracy."""
    accuracies = evaluation.class_accuracy
    if np.isnan(accuracies).all():
        return 0
    return int(np.nanargmin(accuracies))


def _sheet(card: DatasetCard, trial: Trial, true_class: int, predicted: int) -> None:
    """The images of a cell, or of a whole class, each with its prediction."""
    try:
        labels, predictions = judged_images(app_data.catalogue(), trial)
        images = read_validation_images(app_data.folder(), card)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        return
    rows = rows_of_cell(labels, predictions, true_class, None if predicted == ANY else predicted)
    if not len(rows):
        st.caption("No validation images match.")
        return
    shown = pluralize(len(rows), "image")
    if len(rows) > MAX_IMAGES:
        shown = f"{count(MAX_IMAGES)} of {shown}"
    st.caption(f"{shown}, each with its predicted class.")
    names = card.class_names
    tiles = [Tile(images[row], names[labels[row]], names[predictions[row]]) for row in rows[:MAX_IMAGES]]
    st.html(sheet_html(tiles))
