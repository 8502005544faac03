"""Would more images help? The answer for a model, or what it needs."""

from __future__ import annotations

import time

import streamlit as st

from remap_core.access.roles import Role
from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.image_curve import ImageCurve, image_curve_alt, image_curve_figure
from remap_core.errors import RemapError
from remap_core.formatting import pluralize
from remap_core.services.data.more_images import MoreImages, more_images, propose_more_images
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui import app_data, sent_commands
from remap_core.ui.events.chart_events import draw
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.time_labels import expected_now, time_caption, with_time


def show_more_images(catalogue: Catalogue, trial: Trial) -> None:
    """The accuracies on 25, 50 and 100 % of the training images, the curve carried on, and a way to train them."""
    try:
        found = _answer(trial.model, catalogue)
    except RemapError as error:
        st.caption(escape_markdown(str(error)))
        return
    if found.measured:
        _draw(found)
    if found.growth:
        st.markdown(found.sentence)
    else:
        st.caption(found.sentence)
    st.caption(
        f"{pluralize(found.epochs, 'epoch')} on each share; on all images with other seeds, as the model was chosen "
        "for its own accuracy. The band holds 80 % of a bootstrap over validation images and trainings."
    )
    if found.missing and visitor.may(Role.BUILDER):
        _offer(catalogue, found)


def _answer(model: TrialId, catalogue: Catalogue) -> MoreImages:
    """Asked again only where trainings have ended or were queued: a curve takes a second."""
    dataset = catalogue.trial(model).proposal.dataset
    trainings = [*catalogue.part_trainings(dataset), *catalogue.repeats(model)]
    states = tuple((training.id, training.state.value, training.attempt) for training in trainings)
    return _kept_answer(str(app_data.folder().home), model, states, catalogue)


@st.cache_data(max_entries=16, show_spinner=False)
def _kept_answer(
    home: str,  # noqa: ARG001 (part of the cache's key)
    model: TrialId,
    states: tuple[tuple[TrialId, str, int], ...],  # noqa: ARG001
    _catalogue: Catalogue,
) -> MoreImages:
    return more_images(_catalogue, model)


def _draw(found: MoreImages) -> None:
    measured = [(one.images, accuracy) for one in found.measured for accuracy in one.accuracies]
    curve = None
    if found.growth:
        growth = found.growth
        columns = (growth.images, growth.accuracy, growth.low, growth.high)
        curve = ImageCurve(*(column.tolist() for column in columns))
    figure = image_curve_figure(measured, curve)
    draw(figure, f"more-images-{found.model}", image_curve_alt(measured, curve))


def _offer(catalogue: Catalogue, found: MoreImages) -> None:
    proposals = propose_more_images(catalogue, found.model, time.time())
    expected = expected_now(catalogue, proposals)
    st.button(
        with_time(f"Train it on 25, 50 and 100 % ({pluralize(len(proposals), 'training')})", expected),
        key="more-images-train",
        icon=":material/stacked_line_chart:",
        on_click=_train,
        args=(found.model, sent_commands.press(f"more-images-{found.model}")),
    )
    time_caption(expected)


def _train(model: TrialId, press: sent_commands.Press) -> None:
    proposals = propose_more_images(app_data.catalogue(), model, time.time())
    if proposals:
        sent_commands.enqueue(proposals, press)
