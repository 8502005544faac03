"""Where a model comes from and what was made of it: a small tree of SNACs, each with its edit and what that did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.icon import icon_uri
from remap_core.services.lineage import ancestors, edit_sentence, effect_sentence
from remap_core.trials.trial import Trial
from remap_core.ui import navigation

CHILDREN_SHOWN = 20
INDENT, DEEPEST = 28, 6
"""Pixels from one generation to the next, and how many of them are told apart."""


def show_lineage(catalogue: Catalogue, trial: Trial, key: str) -> None:
    """Ancestors above, children below, each one step further to the right; a repeat has its model's."""
    trial = catalogue.trial(trial.model)
    older, children = ancestors(catalogue, trial), catalogue.children(trial.id)
    if not older and not children:
        st.caption("A model of the initial population, without children yet: make some by Generate.")
        return
    chain = [*older, trial]
    blocks = max(len(one.architecture.layers) for one in [*chain, *children]) + 1
    for depth, one in enumerate(chain):
        with _branch(depth):
            _model(catalogue, one, chain[depth - 1] if depth else None, blocks, key, is_shown=one is trial)
    for child in children[:CHILDREN_SHOWN]:
        with _branch(len(chain)):
            _model(catalogue, child, trial, blocks, key)
    if len(children) > CHILDREN_SHOWN:
        st.caption(f"… and {len(children) - CHILDREN_SHOWN:,} more children; Generate lists them all.")


@contextmanager
def _branch(depth: int) -> Iterator[None]:
    """A part of the tree, so many generations to the right."""
    with st.container(horizontal=True, gap=None):
        if depth:
            st.space(INDENT * min(depth, DEEPEST))
        with st.container(gap=None):
            yield


def _model(
    catalogue: Catalogue, one: Trial, parent: Trial | None, blocks: int, key: str, *, is_shown: bool = False
) -> None:
    """SNAC and number, which open the model; its accuracy; below, what was done to the parent and to what effect."""
    number = f":primary[**#{one.id}**]" if is_shown else f"#{one.id}"
    label = f"![]({icon_uri(one.architecture, blocks=blocks)}) {number}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(label, key=f"{key}-{one.id}", type="tertiary"):
            navigation.open_model(one.id)
        st.markdown(one.accuracy_text(), width="content")
    if parent:
        st.caption(f"{edit_sentence(parent, one)}: {effect_sentence(catalogue, parent, one)}")


def relatives(catalogue: Catalogue, trial: Trial) -> Sequence[Trial]:
    """Parent and children, to be compared with."""
    parent = [] if trial.proposal.parent is None else catalogue.trials([trial.proposal.parent])
    return [*parent, *catalogue.children(trial.id)[:CHILDREN_SHOWN]]
