"""The objective on the page: classes with sample images and weights, caps; and its line in the sidebar."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from remap_core.drawing.charts.captions import objective_text
from remap_core.errors import RemapError
from remap_core.formatting import count
from remap_core.ui import app_data, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.markdown import escape_markdown
from remap_core.views.objective import Objective

MAX_CHIPS = 12
"""Up to so many classes all have a chip. Of more classes, only those with a weight; a searchable list chooses them."""

MAX_WEIGHTED = 30
"""Chips at once: every one is an image and a field."""

MAX_TYPED = 1e15
"""Largest weight or cap that can be typed."""


def objective_line() -> None:
    """The objective in force in one line; nothing while there is no data set."""
    try:
        objective = view_state.current_objective()
        names = app_data.dataset_view().class_names
    except RemapError:
        return
    st.text(f"Objective: {objective_text(objective, names)}")


def objective_panel() -> None:
    """Choose and weight classes, cap parameters and latency."""
    objective = view_state.current_objective()
    dataset = app_data.dataset_view()
    names = dataset.class_names
    st.markdown("##### Objective")
    st.caption("Only classes with a weight count. Without weights, all classes are weighted equally.")
    labels = list(range(len(names)))
    if len(names) > MAX_CHIPS:
        _class_list(objective, names)
        labels = list(objective.weighted_classes)
    with st.container(gap="xsmall", key="chips"):
        for label in labels[:MAX_WEIGHTED]:
            _chip(objective, dataset, label)
    if len(labels) > MAX_WEIGHTED:
        st.caption(f"and {count(len(labels) - MAX_WEIGHTED)} more with a weight, all of them in the list above.")
    _parameter_cap(objective)
    _latency_cap(objective)
    if objective != Objective():
        st.button("Clear objective", on_click=view_state.reset, args=("objective",), key="objective-clear")


def _chip(objective: Objective, dataset: DatasetView, label: int) -> None:
    """A class: sample images, name, weight."""
    name = dataset.class_names[label]
    weight = objective.weights[label] if objective.weights else 0.0
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        gap="xsmall",
        key=f"chip-{label}",
    ):
        st.image(
            dataset.sample_images(label),
            width=48,
            alt=f"Images of {name}",
        )
        st.text(name, width=60)
        st.number_input(
            f"Weight of {escape_markdown(name)}",
            min_value=0.0,
            max_value=MAX_TYPED,
            step=1.0,
            format="%g",
            label_visibility="collapsed",
            width=124,
            key=view_state.bind(f"weight-{label}", weight),
            on_change=_change_weight,
            args=(label,),
        )


def _class_list(objective: Objective, names: tuple[str, ...]) -> None:
    st.multiselect(
        "Classes that count",
        range(len(names)),
        format_func=lambda label: names[label],
        placeholder=f"All {count(len(names))} equally",
        key=view_state.bind("objective-classes", list(objective.weighted_classes)),
        on_change=_choose_classes,
    )


def _parameter_cap(objective: Objective) -> None:
    st.number_input(
        "Parameter cap",
        min_value=1,
        max_value=int(MAX_TYPED),
        step=1000,
        value=None,
        placeholder="none",
        key=view_state.bind("cap-parameters", objective.max_parameters),
        on_change=lambda: view_state.change_objective(max_parameters=st.session_state["cap-parameters"]),
    )


def _latency_cap(objective: Objective) -> None:
    st.number_input(
        "Latency cap, ms",
        min_value=0.0,
        max_value=MAX_TYPED,
        step=0.1,
        format="%g",
        value=None,
        placeholder="none",
        help="For a batch of 1 image, measured where the model was trained.",
        key=view_state.bind("cap-latency", objective.max_latency_ms),
        on_change=lambda: view_state.change_objective(max_latency_ms=st.session_state["cap-latency"]),
    )


def _change_weight(label: int) -> None:
    typed = st.session_state[f"weight-{label}"] or 0.0
    _set_weights({**_weights(), label: typed})


def _choose_classes() -> None:
    weights = _weights()
    _set_weights({label: weights.get(label, 1.0) for label in st.session_state["objective-classes"]})


def _set_weights(weights: Mapping[int, float]) -> None:
    classes = len(app_data.dataset_view().class_names)
    objective = view_state.current_objective().with_weights(weights, classes)
    view_state.change_objective(weights=objective.weights)


def _weights() -> dict[int, float]:
    objective = view_state.current_objective()
    return {label: objective.weights[label] for label in objective.weighted_classes}
