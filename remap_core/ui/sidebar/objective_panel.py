"""The objective in the sidebar: classes as chips that are clicked to weigh more, the target, and caps."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from remap_core.errors import RemapError
from remap_core.formatting import count
from remap_core.ui import app_data, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.sidebar.target_choice import choose_target
from remap_core.views.objective import Objective

MAX_CHIPS = 30
"""Up to so many classes all have a chip. Of more classes, only those with a weight; a searchable list chooses them."""

MAX_WEIGHTED = 30
"""Chips at once: every one is a picture and a button."""

MAX_LETTERS = 24
"""Of a class name on a chip."""

MAX_CLICKED = 3
"""The weight after which a click returns to 0."""

CAP_KEYS = {"max_parameters": "cap-parameters", "max_multiply_adds": "cap-multiply-adds"}
"""Keys of the inputs for caps on counts."""

MAX_TYPED = 1e15
"""Largest cap that can be typed."""


def show_objective() -> None:
    """Weigh classes, choose a target, cap parameters, multiply-adds and latency; nothing while there is no data set."""
    try:
        objective = view_state.current_objective()
        dataset = app_data.dataset_view()
    except RemapError:
        return
    st.markdown(
        "###### Objective",
        help="Click a class to weigh it 1, 2, 3, or no more. Without weights, all classes are weighted equally.",
    )
    _chips(objective, dataset)
    choose_target(objective, dataset)
    with st.container(horizontal=True, gap="small", key="caps"):
        _count_cap("max_parameters", "Parameters ≤", objective.max_parameters, step=1000)
        _count_cap("max_multiply_adds", "Multiply-adds ≤", objective.max_multiply_adds, step=100_000)
        _latency_cap(objective)
    if objective != Objective():
        st.button(
            "Clear objective",
            on_click=view_state.reset,
            args=("objective",),
            key="objective-clear",
            type="tertiary",
        )


def _chips(objective: Objective, dataset: DatasetView) -> None:
    names = dataset.class_names
    labels = list(range(len(names)))
    if len(names) > MAX_CHIPS:
        _class_list(objective, names)
        labels = list(objective.weighted_classes)
    with st.container(horizontal=True, gap="xsmall", key="chips"):
        for label in labels[:MAX_WEIGHTED]:
            _chip(objective, dataset, label)
    if len(labels) > MAX_WEIGHTED:
        st.caption(f"and {count(len(labels) - MAX_WEIGHTED)} more with a weight, all of them in the list above.")


def _chip(objective: Objective, dataset: DatasetView, label: int) -> None:
    """A class: a sample image, its name, its weight. A click weighs it one more, after 3 no more."""
    weight = objective.weights[label] if objective.weights else 0.0
    name = dataset.class_names[label]
    text = f"![]({dataset.sample_image(label)}) {escape_markdown(_cut(name))}"
    if weight:
        text += f" **×{weight:g}**"
    st.button(
        text,
        key=f"class-{label}",
        type="primary" if weight else "secondary",
        on_click=_weigh_more,
        args=(label,),
        help=escape_markdown(name) if len(name) > MAX_LETTERS else None,
    )


def _cut(name: str) -> str:
    if len(name) <= MAX_LETTERS:
        return name
    return name[: MAX_LETTERS - 1] + "…"


def _weigh_more(label: int) -> None:
    weights = _weights()
    weight = int(weights.get(label, 0.0)) + 1
    _set_weights({**weights, label: 0.0 if weight > MAX_CLICKED else float(weight)})


def _class_list(objective: Objective, names: tuple[str, ...]) -> None:
    st.multiselect(
        "Classes that count",
        range(len(names)),
        default=list(objective.weighted_classes),
        format_func=lambda label: names[label],
        placeholder=f"All {count(len(names))} equally",
        key=view_state.bind("objective-classes", list(objective.weighted_classes)),
        on_change=_choose_classes,
    )


def _count_cap(name: str, label: str, cap: int | None, step: int) -> None:
    key = CAP_KEYS[name]
    st.number_input(
        label,
        min_value=1,
        max_value=int(MAX_TYPED),
        step=step,
        value=None,  # a field with another default could not be emptied
        placeholder="none",
        key=view_state.bind_emptiable(key, cap),
        on_change=lambda: view_state.change_objective(**{name: st.session_state[key]}),
    )


def _latency_cap(objective: Objective) -> None:
    st.number_input(
        "Latency ≤, ms",
        min_value=0.0,
        max_value=MAX_TYPED,
        step=0.1,
        format="%g",
        value=None,
        placeholder="none",
        help="For a batch of 1 image, measured where the model was trained.",
        key=view_state.bind_emptiable("cap-latency", objective.max_latency_ms),
        on_change=lambda: view_state.change_objective(max_latency_ms=st.session_state["cap-latency"]),
    )


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
