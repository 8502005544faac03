"""The objective on the page: classes with sample images and weights, caps; and its one line in the sidebar."""

from __future__ import annotations

import streamlit as st

from remap_core.drawing.charts.captions import objective_text
from remap_core.errors import RemapError
from remap_core.ui import app_data, view_state
from remap_core.ui.markdown import escape_markdown
from remap_core.views.objective import Objective

CHIPS_UP_TO = 12
"""Classes that all have a chip. Of more, only those that count have one, and a searchable list chooses them."""

MOST = 1e15
"""Largest weight or cap that can be typed."""


def objective_line() -> None:
    """The objective in force in one line; nothing while there is no data set."""
    try:
        view, names = view_state.view(), app_data.dataset_view().class_names
    except RemapError:
        return
    st.text(f"Objective: {objective_text(view.objective, names)}")


def objective_panel() -> None:
    """Choose and weigh classes, cap parameters and latency."""
    objective, names = view_state.view().objective, app_data.dataset_view().class_names
    st.markdown("##### Objective")
    st.caption("Give classes a weight, and only these count. Without weights all count alike.")
    if len(names) > CHIPS_UP_TO:
        _class_list(objective, names)
    chips = range(len(names)) if len(names) <= CHIPS_UP_TO else objective.counted
    with st.container(gap="xsmall", key="chips"):
        for index in chips:
            _chip(objective, names, index)
    _caps(objective)
    if objective != Objective():
        st.button("Clear the objective", on_click=view_state.clear, args=("objective",), key="objective-clear")


def _chip(objective: Objective, names: tuple[str, ...], index: int) -> None:
    weight = objective.weights[index] if objective.weights else 0.0
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"chip-{index}"):
        st.image(app_data.dataset_view().sample_images(index), width=48, alt=f"Images of {names[index]}")
        st.text(names[index], width=60)
        st.number_input(
            f"Weight of {escape_markdown(names[index])}",
            min_value=0.0,
            max_value=MOST,
            step=1.0,
            format="%g",
            label_visibility="collapsed",
            width=124,
            key=view_state.bound(f"weight-{index}", weight),
            on_change=_weigh,
            args=(index,),
        )


def _class_list(objective: Objective, names: tuple[str, ...]) -> None:
    st.multiselect(
        "Classes that count",
        range(len(names)),
        format_func=lambda index: names[index],
        placeholder=f"All {len(names)} alike",
        key=view_state.bound("objective-classes", list(objective.counted)),
        on_change=_choose,
    )


def _caps(objective: Objective) -> None:
    st.number_input(
        "Parameter cap",
        min_value=1,
        max_value=int(MOST),
        step=1000,
        value=None,
        placeholder="none",
        key=view_state.bound("cap-parameters", objective.max_parameters),
        on_change=lambda: view_state.change_objective(max_parameters=st.session_state["cap-parameters"]),
    )
    st.number_input(
        "Latency cap, ms",
        min_value=0.0,
        max_value=MOST,
        step=0.1,
        format="%g",
        value=None,
        placeholder="none",
        help="For a batch of 1 image, as measured where the model was trained.",
        key=view_state.bound("cap-latency", objective.max_latency_ms),
        on_change=lambda: view_state.change_objective(max_latency_ms=st.session_state["cap-latency"]),
    )


def _weigh(index: int) -> None:
    typed = st.session_state[f"weight-{index}"] or 0.0
    _change_weights({**_weights(), index: typed})


def _choose() -> None:
    weights = _weights()
    _change_weights({index: weights.get(index, 1.0) for index in st.session_state["objective-classes"]})


def _change_weights(weights: dict[int, float]) -> None:
    classes = len(app_data.dataset_view().class_names)
    view_state.change_objective(weights=view_state.view().objective.weigh(weights, classes).weights)


def _weights() -> dict[int, float]:
    objective = view_state.view().objective
    return {index: objective.weights[index] for index in objective.counted}
