"""Variations: how many children with how many edits each, and which kinds of edit are allowed where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.drawing.snac.permissions import WORDS, permissions_alt, permissions_figure
from remap_core.formatting import model_tag
from remap_core.services.sampling import find_space, lineage_space, space_names
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.variations import (
    MAX_CHILDREN,
    MAX_EDITS,
    Allowed,
    VariationRequest,
    everything_allowed,
    variations,
)
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, view_state
from remap_core.ui.data.space_choice import LABEL, shown_space
from remap_core.ui.events.chart_events import Point, draw
from remap_core.ui.generate.shared_choice import choose, chosen, show_list, toggle

SEED = "generate-seed"


@dataclass(frozen=True)
class _Choices:
    """children: per parent. edits: per child. space: where new layers come from."""

    children: int
    edits: int
    space: SearchSpace
    seed: int


def choose_variations(parents: Sequence[Trial]) -> Children:
    """Random neighbours of each parent under the constraints; a warning says why there are fewer than asked for."""
    choices = _choose(parents[0])
    allowed = {parent.id: _permissions(parent) for parent in parents}
    children = []
    for parent in parents:
        sampled = variations(
            parent.architecture,
            choices.space,
            VariationRequest(choices.children, choices.edits, allowed[parent.id]),
            np.random.default_rng([choices.seed, parent.id]),
            caps=view_state.caps(parent.proposal.dataset),
        )
        if sampled.shortfall:
            st.warning(f"{model_tag(parent.id)}: {sampled.shortfall}")
        children += [(parent, candidate) for candidate in sampled.children]
    return children


def _choose(parent: Trial) -> _Choices:
    settings = app_data.settings()
    lineage = lineage_space(settings, parent.proposal)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        children = st.number_input(
            "Children per parent",
            1,
            MAX_CHILDREN,
            10,
            key="generate-children-asked",
            persist_state="session",
            width=124,
        )
        edits = st.number_input(
            "Edits per child", 1, MAX_EDITS, 1, key="generate-edits-asked", persist_state="session", width=110
        )
        spaces = space_names(settings)
        space = st.selectbox(
            LABEL,
            spaces,
            index=spaces.index(lineage.name),
            key=f"generate-space-{lineage.name}",
            persist_state="session",
            help="New layers and values come from this search space.",
            width=140,
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key=SEED, persist_state="session", width=100)
        st.button("Resample", on_click=_next_seed, key="generate-resample", icon=":material/casino:")
        found = find_space(settings, parent.architecture.input_shape, space)
        shown_space("generate-space", [found.name], parent.architecture.input_shape, label="Diagram")
    return _Choices(children, edits, found, seed)


def _next_seed() -> None:
    st.session_state[SEED] += 1


def _permissions(parent: Trial) -> Allowed:
    """The switches under the parent's blocks, and the same choices as lists that the keyboard reaches."""
    on = {kind: chosen(_name(parent, kind), _places(parent, kind)) for kind in WORDS}
    allowed = {
        index: frozenset(kind for kind in WORDS if index in on[kind])
        for index in range(len(parent.architecture.layers) + 1)
    }
    st.caption(f"Edits allowed on {model_tag(parent.id)}: click squares, or a block to allow only edits of that layer.")
    draw(
        permissions_figure(parent.architecture, allowed),
        f"generate-permissions-{parent.id}",
        permissions_alt(parent.architecture, allowed),
        on_click=lambda point: _switch(parent, point),
        shrinks=False,
    )
    labels = [f"{number} {cost.text}" for number, cost in enumerate(parent.architecture.costs, start=1)]
    labels[-1] = "Head"
    with st.expander("Edit as lists"):
        for kind, word in WORDS.items():
            show_list(
                _name(parent, kind),
                f"{word.capitalize()} ({model_tag(parent.id)})",
                _places(parent, kind),
                labels.__getitem__,
            )
    return allowed


def _switch(parent: Trial, point: Point) -> None:
    match point.customdata:
        case ["switch", kind, index]:
            toggle(_name(parent, kind), int(index))
        case ["row", kind, "all"]:
            choose(_name(parent, kind), _places(parent, kind))
        case ["row", kind, _]:
            choose(_name(parent, kind), [])
        case int(index) | [int(index)]:
            for kind in WORDS:
                choose(_name(parent, kind), sorted({index} & set(_places(parent, kind))))


def _places(parent: Trial, kind: str) -> list[int]:
    """Where an edit of this kind is possible."""
    return [index for index, kinds in everything_allowed(parent.architecture).items() if kind in kinds]


def _name(parent: Trial, kind: str) -> str:
    return f"generate-{kind}-{parent.id}"
