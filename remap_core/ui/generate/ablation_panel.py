"""Ablations: which layers are removed, one per child."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.drawing.snac.chips import snac_alt
from remap_core.drawing.snac.snac_figure import snac_figure
from remap_core.formatting import model_tag
from remap_core.space.edits import ablations
from remap_core.trials.trial import Trial, TrialId
from remap_core.ui.events.chart_events import Point, draw, picked_ids
from remap_core.ui.generate.shared_choice import choose, chosen, show_list, toggle
from remap_core.ui.tables import clickable_size


def choose_ablations(parents: Sequence[Trial]) -> Children:
    """One child without each chosen layer of each parent; all layers of a parent if none is chosen."""
    children = []
    for parent in parents:
        layers = _choose_layers(parent) or None
        children += [(parent, candidate) for candidate in ablations(parent.architecture, layers)]
    return children


def layers_name(parent: TrialId) -> str:
    """The name of the choice of a parent's layers."""
    return f"generate-layers-{parent}"


def _choose_layers(parent: Trial) -> list[int]:
    name = layers_name(parent.id)
    layers = chosen(name)
    draw(
        snac_figure(parent.architecture, clickable_size(parent.architecture), chosen=layers),
        f"generate-snac-{parent.id}",
        snac_alt(parent.architecture),
        on_click=lambda point: _toggle(name, point),
        on_brush=lambda points: choose(name, picked_ids(points)),
        shrinks=False,
    )
    with st.expander(f"Layers of {model_tag(parent.id)} to remove: {_summary(parent, layers)}"):
        texts = [cost.text for cost in parent.architecture.costs]
        show_list(
            name,
            "None selected: each layer in turn",
            range(len(parent.architecture.layers)),
            lambda index: f"{index + 1} {texts[index]}",
        )
    return layers


def _summary(parent: Trial, layers: Sequence[int]) -> str:
    if not layers:
        return "each in turn"
    return ", ".join(f"{index + 1} {parent.architecture.costs[index].text}" for index in layers)


def _toggle(name: str, point: Point) -> None:
    for layer in picked_ids([point]):
        toggle(name, layer)
