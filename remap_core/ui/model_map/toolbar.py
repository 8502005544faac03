"""Above the map: metrics or a map of distances, the axes, the filter, and where the map is."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from remap_core.access.roles import Role
from remap_core.drawing.charts.captions import metric_title
from remap_core.trials.commands import RecomputeLayout
from remap_core.trials.model_maps import Relation
from remap_core.ui import sent_commands, view_state
from remap_core.ui.dataset_view import DatasetView
from remap_core.ui.model_map.filter_panel import filter_panel
from remap_core.ui.people import visitor
from remap_core.ui.session import Dock, current_session
from remap_core.views.metrics import OBJECTIVE, metrics
from remap_core.views.view import View

_METRICS = "metrics"
_TITLES = {_METRICS: "Metrics", Relation.STRUCTURE: "Structure", Relation.PREDICTION: "Predictions"}
_KEY = "projection"


def show_toolbar(dataset: DatasetView, view: View) -> None:
    """One row of controls."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="map-toolbar"):
        _projection(view)
        if view.map is None:
            _axis("x", dataset, view)
            _axis("y", dataset, view)
        elif visitor.may(Role.BUILDER):
            _recompute_layout(dataset.name, view.map)
        filter_panel()
        fold_button(Dock.FOLDED)


def fold_button(dock: Dock) -> None:
    """Fold the map to a strip, or open it."""
    is_open = dock is Dock.OPEN
    st.button(
        "Open the map" if is_open else "Fold",
        key=f"dock-{dock}",
        icon=":material/left_panel_open:" if is_open else ":material/left_panel_close:",
        type="tertiary",
        on_click=_set_dock,
        args=(dock,),
    )


def _set_dock(dock: Dock) -> None:
    current_session().dock = dock


def _projection(view: View) -> None:
    shown = view.map or _METRICS
    st.segmented_control(
        "Projection",
        list(_TITLES),
        default=shown,
        format_func=_TITLES.__getitem__,
        key=view_state.bind(_KEY, shown),
        required=True,
        label_visibility="collapsed",
        on_change=_choose_projection,
    )


def _choose_projection() -> None:
    chosen = st.session_state[_KEY]
    relation = None if chosen == _METRICS else Relation(chosen)
    view_state.change_view(lambda view: replace(view, map=relation))


def _axis(name: str, dataset: DatasetView, view: View) -> None:
    names = dataset.class_names
    titles = {key: metric_title(metric, view.objective, names) for key, metric in metrics(names).items()}
    titles[OBJECTIVE] = "Objective"
    shown = getattr(view, name)
    st.selectbox(
        f"{name.upper()} axis",
        list(titles),
        index=list(titles).index(shown),
        format_func=lambda key: f"{name}: {titles[key]}",
        key=view_state.bind(f"axis-{name}", shown),
        on_change=_choose_axis,
        args=(name,),
        label_visibility="collapsed",
        width=132,
    )


def _choose_axis(name: str) -> None:
    metric = st.session_state[f"axis-{name}"]
    view_state.change_view(lambda view: replace(view, **{name: metric}))


def _recompute_layout(dataset: str, relation: Relation) -> None:
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
