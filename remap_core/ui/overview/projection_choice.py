"""The choice between metrics and maps on the overview, and laying a map anew."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from remap_core.trials.commands import RecomputeLayout
from remap_core.trials.model_maps import Relation
from remap_core.ui import sent_commands, view_state
from remap_core.views.view import View

_METRICS = "metrics"
_TITLES = {_METRICS: "Metrics", Relation.STRUCTURE: "Structure", Relation.PREDICTION: "Predictions"}
_KEY = "projection"


def projection_choice(view: View) -> None:
    """Metrics, or a map by structure or by prediction."""
    st.segmented_control(
        "Projection",
        list(_TITLES),
        format_func=_TITLES.__getitem__,
        key=view_state.bound(_KEY, view.map or _METRICS),
        required=True,
        on_change=_choose,
    )


def recompute_layout_button(dataset: str, relation: Relation) -> None:
    """Asks the trainer to lay the map anew: circles go to their new places when it is done."""
    st.button(
        "Re-lay the map",
        key="relay-map",
        on_click=sent_commands.send,
        args=(RecomputeLayout(dataset, relation),),
        help="Newcomers were placed among the others, which stayed. This chooses all places anew, near the old ones.",
    )


def _choose() -> None:
    chosen = st.session_state[_KEY]
    view_state.change(lambda view: replace(view, map=None if chosen == _METRICS else Relation(chosen)))
