"""What a model says of one image: probabilities, and which parts of the image speak for a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from remap_core.analysis.occlusion import Occlusion, affordable_patches, occlude
from remap_core.drawing.answer_html import Figure, bars_html, figures_html
from remap_core.drawing.occlusion_overlay import enlarged, occlusion_overlay
from remap_core.exports.classifier import Classifier
from remap_core.formatting import percent

_POINT = 0.01
"""A change of probability below this is nothing to show."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A model's answer to an image. pixels: (height, width, channels), as the model sees it."""

    class_names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    occlusion: Occlusion

    @classmethod
    def of(cls, classifier: Classifier, pixels: NDArray[np.uint8]) -> Answer:
        """Ask a model; it also answers with parts of the image hidden."""
        model = classifier.model
        most = affordable_patches(model.architecture.multiply_adds)
        return cls(model.class_names, pixels, occlude(pixels, classifier.probabilities, model.mean, most=most))

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(classes,), of the whole image."""
        return self.occlusion.answer


def show_probabilities(answer: Answer) -> None:
    """A bar for each of the most probable classes."""
    st.html(bars_html(list(answer.probabilities), answer.class_names))


def choose_class(answer: Answer, key: str) -> int:
    """The class whose reasons are shown; the most probable one at first. key: of the widget."""
    order = [int(label) for label in np.argsort(answer.probabilities)[::-1]]
    return st.selectbox(
        "What speaks for",
        order,
        format_func=lambda label: f"{answer.class_names[label]}, {percent(float(answer.probabilities[label]))}",
        key=f"{key}-class-{order[0]}",
        help="Parts of the image are hidden one after the other, and the model answers again.",
        width=220,
    )


def show_reasons(answer: Answer, label: int) -> None:
    """The image, what in it speaks for a class, and how much."""
    drops = answer.occlusion.drop_map(label)
    figures = [
        Figure(enlarged(answer.pixels), "What the model sees"),
        Figure(occlusion_overlay(answer.pixels, drops), f"What speaks for {answer.class_names[label]}"),
    ]
    st.html(figures_html(figures))
    st.caption(_sentence(answer.occlusion, label))


def _sentence(occlusion: Occlusion, label: int) -> str:
    """How much the parts matter, for people."""
    drops = occlusion.drops(label)
    patch = f"a patch of {occlusion.edge} x {occlusion.edge} pixels"
    if abs(drops).max() < _POINT:
        return f"No part matters alone: with {patch} hidden, the probability changes by less than 1 point."
    parts = []
    if drops.max() >= _POINT:
        parts.append(f"Orange: with {patch} hidden there, the probability falls, by up to {_points(drops.max())}.")
    if drops.min() <= -_POINT:
        parts.append(f"Blue: with {patch} hidden there, it rises, by up to {_points(-drops.min())}.")
    return " ".join(parts)


def _points(share: float) -> str:
    return f"{100 * share:.0f} points"
