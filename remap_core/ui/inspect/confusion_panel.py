"""What a model mistakes for what: its confusion matrix, its accuracy by class, and the images behind both."""

from __future__ import annotations

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.drawing.charts import class_accuracy, confusion
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

SHOWN = 48
"""Images at once."""

ANY = -1
"""Stands for every predicted class."""


def show_mistakes(catalogue: Catalogue, trial: Trial, key: str) -> None:
    """Matrix, bars and images; a click on a cell or a bar shows its images. Keys of all widgets begin with `key`."""
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        st.info("The confusion matrix and the accuracy by class are drawn when the training is complete.")
        return
    _living(evaluation, catalogue.dataset(trial.proposal.dataset), trial, key)


@st.fragment
def _living(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    """In a fragment, so that a click draws only this part of the page anew."""
    try:
        _charts(evaluation, card, trial, key)
    except RemapError as error:
        st.warning(escape_markdown(str(error)))


def _charts(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    names = card.class_names
    st.markdown("##### Confusion matrix")
    as_shares = st.toggle("Shares of each row", key=f"{key}-shares")
    chosen = f"{key}-{trial.id}"
    draw(
        confusion.confusion_figure(evaluation, names, shares=as_shares),
        f"{key}-confusion",
        confusion.confusion_alt(evaluation, names),
        on_click=lambda point: choose_cell(chosen, point),
    )
    st.markdown("##### Accuracy by class")
    draw(
        class_accuracy.class_accuracy_figure(evaluation, names),
        f"{key}-classes",
        class_accuracy.class_accuracy_alt(evaluation, names),
        on_click=lambda point: choose_class(chosen, point),
    )
    _images(evaluation, card, trial, chosen)


def choose_cell(key: str, point: Point) -> None:
    """The cell of the matrix whose images are shown from now on."""
    if isinstance(point.index, tuple):
        st.session_state[f"{key}-gold"], st.session_state[f"{key}-predicted"] = point.index


def choose_class(key: str, point: Point) -> None:
    """The class whose images are shown from now on, whatever they are read as."""
    if isinstance(point.index, int):
        st.session_state[f"{key}-gold"], st.session_state[f"{key}-predicted"] = point.index, ANY


def _images(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    names = card.class_names
    accuracies = evaluation.class_accuracy
    worst = int(np.nanargmin(accuracies)) if np.isfinite(accuracies).any() else 0
    st.session_state.setdefault(f"{key}-gold", worst)  # as a click sets it, a selectbox may have no default of its own
    st.markdown("##### Images")
    st.caption("Click a cell of the matrix or a bar, or choose here. Misread images have an orange border.")
    with st.container(horizontal=True):
        gold = st.selectbox(
            "Images of",
            range(len(names)),
            format_func=lambda label: names[label],
            key=f"{key}-gold",
        )
        predicted = st.selectbox(
            "read as",
            [ANY, *range(len(names))],
            format_func=lambda label: "any class, misread ones first" if label == ANY else names[label],
            key=f"{key}-predicted",
        )
    _sheet(card, trial, gold, None if predicted == ANY else predicted)


def _sheet(card: DatasetCard, trial: Trial, gold: int, predicted: int | None) -> None:
    """The images of a cell, or of a whole class, with what each was read as below it."""
    try:
        labels, read_as = judged_images(app_data.catalogue(), trial)
        images = read_validation_images(app_data.folder(), card)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        return
    rows = rows_of_cell(labels, read_as, gold, predicted)
    if not len(rows):
        st.caption("There is no such validation image.")
        return
    shown = f"{count(SHOWN)} of {pluralize(len(rows), 'image')}" if len(rows) > SHOWN else pluralize(len(rows), "image")
    st.caption(f"{shown}, each with what it was read as.")
    st.html(
        sheet_html(
            [Tile(images[row], card.class_names[labels[row]], card.class_names[read_as[row]]) for row in rows[:SHOWN]]
        )
    )
