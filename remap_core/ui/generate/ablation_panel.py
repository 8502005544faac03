"""Ablations: which layers are removed, one per child."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.drawing.snac.chips import Size, snac_alt
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import model_tag
from remap_core.space.edits import ablations
from remap_core.trials.trial import Trial
from remap_core.ui.events.chart_events import Point, draw, picked_ids


def choose_ablations(parents: Sequence[Trial]) -> Children:
    """One child without each chosen layer of each parent; all layers of a parent if none is chosen."""
    st.caption("Click or drag over blocks to choose the layers to remove, one per child.")
    children = []
    for parent in parents:
        layers = _choose_layers(parent) or None
        children += [(parent, candidate) for candidate in ablations(parent.architecture, layers)]
    return children


def _choose_layers(parent: Trial) -> list[int]:
    key = f"generate-layers-{parent.id}"
    texts = [cost.text for cost in parent.architecture.costs]
    above = st.container()
    # The pills are sent before the chart: a click on a chart sent before them would undo the last choice.
    chosen = st.pills(
        f"Layers of {model_tag(parent.id)} to remove (none selected: each layer in turn)",
        range(len(parent.architecture.layers)),
        selection_mode="multi",
        format_func=lambda index: f"{index + 1} {texts[index]}",
        key=key,
        persist_state="session",
    )
    with above:
        draw(
            snac_figure(parent.architecture, Size.LARGE, chosen=chosen),
            f"generate-snac-{parent.id}",
            snac_alt(parent.architecture),
            on_click=lambda point: _toggle(key, point),
            on_brush=lambda points: _replace(key, points),
            shrinks=False,
        )
    return sorted(chosen)


def _toggle(key: str, point: Point) -> None:
    chosen = set(st.session_state.get(key, []))
    st.session_state[key] = sorted(chosen ^ set(picked_ids([point])))


def _replace(key: str, points: list[Point]) -> None:
    st.session_state[key] = sorted(picked_ids(points))
