"""How accurate a model is: curves, confusions and accuracy of each class, the sealed test; of two models, compared."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.charts import class_accuracy, confusion, learning_curves
from remap_core.drawing.charts.shown_classes import MAX_IN_FULL, MAX_SHOWN, confused_classes
from remap_core.errors import RemapError
from remap_core.formatting import count, model_tag
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.evaluation import Evaluation
from remap_core.trials.trial import Trial
from remap_core.ui.events.chart_events import Point, draw
from remap_core.ui.inspect.image_panel import choose_images
from remap_core.ui.inspect.live_results import missing_sentence
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import Tab, current_session

MATRIX_WIDTH = 520
"""Pixels that the confusion matrix and the bars beside it take at most."""


def show_curves(catalogue: Catalogue, trials: Sequence[Trial]) -> None:
    """The learning curves of the models in one figure."""
    curves = catalogue.epoch_curves([trial.id for trial in trials])
    results = {model_tag(model): epochs for model, epochs in curves.items()}
    if not any(results.values()):
        if not all(trial.state.is_finished() for trial in trials):
            st.caption("The learning curves start after the first epoch.")
        return
    figure = learning_curves.learning_curves_figure(results, side_by_side=True)
    draw(figure, "inspect-curves", learning_curves.learning_curves_alt(results))


def show_confusion(catalogue: Catalogue, trial: Trial, key: str) -> None:
    """The matrix, and the accuracy of each class; a click on a cell or a bar opens its images.

    key: the keys of all widgets start with it.
    """
    evaluation = catalogue.evaluation(trial.id)
    if evaluation is None:
        st.caption(missing_sentence(trial))
        return
    try:
        _confusion(evaluation, catalogue.dataset(trial.proposal.dataset), trial, key)
    except RemapError as error:
        st.warning(escape_markdown(str(error)))


def _confusion(evaluation: Evaluation, card: DatasetCard, trial: Trial, key: str) -> None:
    names = card.class_names
    as_shares = st.session_state.get(f"{key}-shares", False)
    shown = _chosen_classes(names, key) or confused_classes(evaluation)
    with st.container(width=MATRIX_WIDTH):  # on a wider page its cells would not grow, but leave the bars behind
        draw(
            confusion.confusion_figure(evaluation, names, as_shares, shown, with_accuracy=True),
            f"{key}-confusion",
            f"{confusion.confusion_alt(evaluation, names)} {class_accuracy.class_accuracy_alt(evaluation, names)}",
            on_click=lambda point: open_images(trial, point, shown),
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle("Shares of each row", key=f"{key}-shares", persist_state="session")
        st.caption("Click a cell or a bar to see its images.", width="content")


def _chosen_classes(names: Sequence[str], key: str) -> list[int]:
    """The rows of the matrix; empty for the classes with the most errors, and where all fit."""
    if len(names) <= MAX_IN_FULL:
        return []
    return st.multiselect(
        f"Classes in the chart, of {count(len(names))}",
        range(len(names)),
        format_func=lambda label: names[label],
        placeholder=f"The {MAX_SHOWN} with the most errors",
        max_selections=MAX_SHOWN,
        key=f"{key}-shown",
    )


def open_images(trial: Trial, point: Point, shown: Sequence[int]) -> None:
    """Open the images of the clicked cell, or of a class, whatever was predicted.

    shown: the classes of the rows and columns.
    """
    if isinstance(point.index, tuple):
        row, column = point.index
        choose_images(trial.id, shown[row], shown[column])
    else:
        choose_images(trial.id, shown[point.index])
    current_session().tab = Tab.IMAGES
