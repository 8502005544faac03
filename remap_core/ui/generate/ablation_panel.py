"""Ablations: which layers shall be taken out, one child each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.space.edits import ablations
from remap_core.trials.trial import Trial
from remap_core.ui.events.chart_events import Point, draw, picked_ids


def choose_ablations(parents: Sequence[Trial]) -> Children:
    """A child without each chosen layer of each parent; every layer where none is chosen."""
    st.caption("Click blocks, or drag over them, to choose the layers that are taken out, one child each.")
    return [(parent, found) for parent in parents for found in ablations(parent.architecture, _layers(parent) or None)]


def _layers(parent: Trial) -> list[int]:
    key, chart = f"generate-layers-{parent.id}", f"generate-snac-{parent.id}"
    texts = [cost.text for cost in parent.architecture.costs]
    chosen = st.session_state.get(key, [])
    place = st.container()
    listed = st.pills(  # sent first: a click on the chart that came before it would undo the last
        f"Layers of #{parent.id} to take out; none chosen means every layer",
        range(len(parent.architecture.layers)),
        selection_mode="multi",
        format_func=lambda index: f"{index + 1} {texts[index]}",
        key=key,
        persist_state="session",
    )
    with place:
        draw(
            snac_figure(parent.architecture, Size.LARGE, chosen=chosen),
            chart,
            snac_alt(parent.architecture),
            on_click=lambda point: _toggle(key, point),
            on_brush=lambda points: _brush(key, points),
            shrinks=False,
        )
    return sorted(listed)


def _toggle(key: str, point: Point) -> None:
    chosen = set(st.session_state.get(key, []))
    st.session_state[key] = sorted(chosen ^ set(picked_ids([point])))


def _brush(key: str, points: list[Point]) -> None:
    st.session_state[key] = sorted(picked_ids(points))
