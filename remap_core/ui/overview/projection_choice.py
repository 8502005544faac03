"""The choice between metrics and maps on the overview, and recomputing a map."""

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
    """Metrics, or a map by structure or by predictions."""
    st.segmented_control(
        "Projection",
        list(_TITLES),
        format_func=_TITLES.__getitem__,
        key=view_state.bind(_KEY, view.map or _METRICS),
        required=True,
        on_change=_choose,
    )


def recompute_layout_button(dataset: str, relation: Relation) -> None:
    """Ask the trainer to recompute the map; circles move when it is done."""
    st.button(
        "Recompute layout",
        key="recompute-layout",
        on_click=sent_commands.send,
        args=(RecomputeLayout(dataset, relation),),
        help=(
            "New models were placed among the others, which did not move. This recomputes all positions, starting "
            "from the present ones."
        ),
    )


def _choose() -> None:
    chosen = st.session_state[_KEY]
    relation = None if chosen == _METRICS else Relation(chosen)
    view_state.change_view(lambda view: replace(view, map=relation))
