"""Variations: how many children of how many edits, and which kinds of edit are allowed where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from remap_core.analysis.previews import Children
from remap_core.drawing.snac.permissions import WORDS, permissions_alt, permissions_figure
from remap_core.space.search_spaces import SPACES, SearchSpace
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
from remap_core.ui.events.chart_events import Point, draw

SEED = "generate-seed"


def choose_variations(parents: Sequence[Trial]) -> Children:
    """Random neighbours of each parent under the constraints; where there are too few, why is said."""
    children, edits, space, seed = _choices()
    allowed = {parent.id: _permissions(parent) for parent in parents}
    made = []
    for parent in parents:
        request = VariationRequest(children, edits, allowed[parent.id])
        rng = np.random.default_rng([seed, parent.id])
        cap = view_state.parameter_cap(parent.proposal.dataset)
        found = variations(parent.architecture, space, request, rng, max_parameters=cap.most)
        if found.shortfall:
            st.warning(f"#{parent.id}: {found.shortfall}")
        made += [(parent, child) for child in found.children]
    return made


def _choices() -> tuple[int, int, SearchSpace, int]:
    """Children, edits of each, where the layers put in come from, the seed."""
    columns = st.columns(5, vertical_alignment="bottom")
    children = columns[0].number_input(
        "Children of each parent", 1, MAX_CHILDREN, 10, key="generate-children-asked", persist_state="session"
    )
    edits = columns[1].number_input(
        "Edits per child", 1, MAX_EDITS, 1, key="generate-edits-asked", persist_state="session"
    )
    spaces = list(SPACES)
    space = columns[2].selectbox(
        "Layers from",
        spaces,
        index=spaces.index(app_data.settings().space),
        key="generate-space",
        persist_state="session",
        help="The search space whose layers and values children are given.",
    )
    seed = columns[3].number_input("Seed", 0, 2**31 - 1, 0, key=SEED, persist_state="session")
    columns[4].button("Draw others", on_click=_next_seed, key="generate-redraw", icon=":material/casino:")
    return children, edits, SPACES[space], seed


def _next_seed() -> None:
    st.session_state[SEED] += 1


def _permissions(parent: Trial) -> Allowed:
    """The switches under the parent's blocks, and the same as lists that the keyboard reaches."""
    places = {kind: _places(parent, kind) for kind in WORDS}
    for kind in WORDS:
        st.session_state.setdefault(_key(parent, kind), places[kind])
    allowed = {
        index: frozenset(kind for kind in WORDS if index in st.session_state[_key(parent, kind)])
        for index in range(len(parent.architecture.layers) + 1)
    }
    chart, figure = f"generate-permissions-{parent.id}", permissions_figure(parent.architecture, allowed)
    place = st.container()
    with st.expander("The same as lists"):  # sent first: a click on the chart that came before them would undo the last
        for kind in WORDS:
            _list(parent, kind, places[kind])
    with place:
        st.caption(f"Edits allowed on #{parent.id}: click the squares.")
        alt = permissions_alt(parent.architecture, allowed)
        draw(figure, chart, alt, on_click=lambda point: _switch(parent, point), shrinks=False)
    return allowed


def _list(parent: Trial, kind: str, places: list[int]) -> None:
    texts = [cost.text for cost in parent.architecture.costs]
    st.pills(
        f"{WORDS[kind].capitalize()} (#{parent.id})",
        places,
        selection_mode="multi",
        format_func=lambda index: f"{index + 1} {texts[index]}" if index < len(texts) - 1 else "Head",
        key=_key(parent, kind),
        persist_state="session",
    )


def _switch(parent: Trial, point: Point) -> None:
    match point.customdata:
        case ["switch", kind, index]:
            key = _key(parent, kind)
            st.session_state[key] = sorted(set(st.session_state[key]) ^ {int(index)})
        case ["row", kind, word]:
            st.session_state[_key(parent, kind)] = _places(parent, kind) if word == "all" else []


def _places(parent: Trial, kind: str) -> list[int]:
    return [index for index, kinds in everything_allowed(parent.architecture).items() if kind in kinds]


def _key(parent: Trial, kind: str) -> str:
    return f"generate-{kind}-{parent.id}"
