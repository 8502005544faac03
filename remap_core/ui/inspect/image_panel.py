"""The validation images of a class or of a cell of the confusion matrix, each with what it was predicted as."""

from __future__ import annotations

import numpy as np
import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.validation_images import read_validation_images
from remap_core.drawing.charts.confusion import none_sentence
from remap_core.drawing.image_sheet import Tile, rows_of_cell, sheet_html
from remap_core.errors import RemapError
from remap_core.formatting import count, pluralize
from remap_core.services.comparison import judged_images
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data
from remap_core.ui.inspect.live_results import missing_sentence
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.try_it.tile_reasons import explain_tile

MAX_IMAGES = 48
"""Images shown at once."""

ANY = -1
"""Stands for every predicted class."""


def show_images(catalogue: Catalogue, trial: Trial, key: str) -> None:
    """The choice of a class or a cell, and its images. key: the keys of all widgets start with it."""
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        st.caption(missing_sentence(trial))
        return
    _panel(evaluation, catalogue.dataset(trial.proposal.dataset), trial, key)


def choose_images(model: TrialId, true_class: int, predicted: int = ANY, key: str = "images") -> None:
    """Let the images tab show a cell, or a class, of a model."""
    st.session_state[f"{key}-{model}-true"] = true_class
    st.session_state[f"{key}-{model}-predicted"] = predicted


@st.fragment
def _panel(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    """A fragment: a choice reruns only this part of the page."""
    names = card.class_names
    key = f"{key}-{trial.id}"
    st.session_state.setdefault(f"{key}-true", _worst_class(evaluation))
    labels = [ANY, *range(len(names))]
    with st.container(horizontal=True):
        true_class = st.selectbox(
            "True class",
            range(len(names)),
            index=st.session_state[f"{key}-true"],
            format_func=lambda label: names[label],
            key=f"{key}-true",
            persist_state="session",
            width=180,
        )
        predicted = st.selectbox(
            "Predicted",
            labels,
            index=labels.index(st.session_state.get(f"{key}-predicted", ANY)),
            format_func=lambda label: "any, errors first" if label == ANY else names[label],
            key=f"{key}-predicted",
            persist_state="session",
            width=180,
        )
    _sheet(card, trial, true_class, predicted, key)


def _worst_class(evaluation: Evaluation) -> int:
    """The class with the lowest accuracy."""
    accuracies = evaluation.class_accuracy
    if np.isnan(accuracies).all():
        return 0
    return int(np.nanargmin(accuracies))


def _sheet(
    card: DatasetCard,
    trial: Trial,
    true_class: int,
    predicted: int,
    key: str,
) -> None:
    """The images of a cell, or of a whole class, each with its prediction."""
    try:
        labels, predictions = judged_images(app_data.catalogue(), trial)
        images = read_validation_images(app_data.folder(), card)
    except RemapError as error:
        st.info(escape_markdown(str(error)))
        return
    names = card.class_names
    rows = rows_of_cell(labels, predictions, true_class, None if predicted == ANY else predicted)
    if not len(rows):
        st.caption(escape_markdown(_none(names[true_class], "" if predicted == ANY else names[predicted])))
        return
    shown = pluralize(len(rows), "image")
    if len(rows) > MAX_IMAGES:
        shown = f"{count(MAX_IMAGES)} of {shown}"
    st.caption(f"{shown}, each with its predicted class. Misclassified images have an orange border.")
    tiles = [Tile(images[row], names[labels[row]], names[predictions[row]]) for row in rows[:MAX_IMAGES]]
    explain_tile(trial, tiles, f"{key}-{true_class}-{predicted}")
    st.html(sheet_html(tiles))


def _none(true_class: str, predicted: str) -> str:
    if predicted:
        return none_sentence(true_class, predicted)
    return f"No validation image is of class {true_class}."
