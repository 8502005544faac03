"""The tab "Try it": models answer to a picture that is dropped, drawn or taken with the webcam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from remap_core.catalogue.reader import Catalogue
from remap_core.datasets.hand_drawing import pen_like
from remap_core.datasets.photos import photo_steps
from remap_core.datasets.single_picture import picture_notes, pixels_of
from remap_core.errors import DatasetError, RemapError
from remap_core.exports.classifier import Classifier
from remap_core.exports.classify_script import steps_sentence
from remap_core.formatting import model_tag
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui.inspect.finish_panel import choose_weights
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.try_it.answer import Answer, choose_class, show_probabilities, show_reasons
from remap_core.ui.try_it.classifiers import ready_classifier
from remap_core.ui.try_it.picture_ways import Open, choose_way, chosen_picture

UNLIKE = 128
"""Grey values by which the border of a picture differs from the ground of the data set's images, to be said."""


@st.fragment
def show_try_it(catalogue: Catalogue, trials: Sequence[Trial]) -> None:
    """A picture, and what the models say of it. A fragment: a stroke reruns only this part of the page."""
    classifiers = {}
    for trial in trials:
        try:
            classifiers[trial.id] = ready_classifier(catalogue, choose_weights(catalogue, trial))
        except RemapError as error:
            st.info(escape_markdown(str(error)))
    if not classifiers:
        return
    card = catalogue.dataset(trials[0].proposal.dataset)
    try:
        _show_answers(classifiers, card)
    except DatasetError as error:
        st.error(escape_markdown(f"This picture cannot be used: {error}."))


def _show_answers(classifiers: Mapping[TrialId, Classifier], card: DatasetCard) -> None:
    """The picture and the probabilities side by side, and below what speaks for them."""
    way = choose_way(card)
    left, right = st.columns(2, gap="small")
    with left:
        picture = chosen_picture(card, way)
    if picture is None:
        return
    answers = {}
    for model, classifier in classifiers.items():
        with left:
            pixels = _prepared(classifier, card, picture, f"try-{model}")
        answer = Answer.of(classifier, pixels)
        with right:
            _whose(classifiers, model)
            show_probabilities(answer)
            answers[model] = answer, choose_class(answer, f"try-{model}")
    for model, (answer, label) in answers.items():
        _whose(classifiers, model)
        show_reasons(answer, label)
        st.caption(escape_markdown(steps_sentence(classifiers[model].model)))


def _whose(classifiers: Mapping[TrialId, Classifier], model: TrialId) -> None:
    """Of two models, which one answers."""
    if len(classifiers) > 1:
        st.markdown(f"###### {model_tag(model)}")


def _prepared(classifier: Classifier, card: DatasetCard, open_picture: Open, key: str) -> NDArray[np.uint8]:
    """The pixels that the model takes, and what a person should know of how they were made."""
    model = classifier.model
    background = photo_steps(model.recipe, model.architecture.input_shape)["background"]
    picture = open_picture()
    for note in picture_notes(picture, background):
        st.caption(note)
    pixels = pixels_of(picture, classifier.pixels)
    if isinstance(picture, Image.Image) and pixels.shape[-1] == 1:
        return _turned(pixels, card, key)
    return pixels


def _turned(pixels: NDArray[np.uint8], card: DatasetCard, key: str) -> NDArray[np.uint8]:
    """A grey picture, inverted where the visitor wants it: paper is light, and many data sets are light on dark."""
    if st.toggle("Invert light and dark", key=f"{key}-invert"):
        return 255 - pixels
    ground = pen_like(card.examples.reshape(-1, *pixels.shape)).ground
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if abs(np.median(border) - ground) > UNLIKE:
        theirs, ours = ("dark", "light") if ground < UNLIKE else ("light", "dark")
        st.caption(f"The border of this picture is {ours}, that of the data set's images {theirs}: try inverting it.")
    return pixels
