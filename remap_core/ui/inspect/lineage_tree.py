"""Where a model comes from and what was made from it: a small tree of SNACs, each with its edit and the effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.drawing.snac.icon import icon_uri
from remap_core.formatting import count, model_tag
from remap_core.services.lineage import ancestors, edit_sentence, effect_sentence
from remap_core.trials.trial import Trial
from remap_core.ui import navigation
from remap_core.ui.tables import snac_blocks

MAX_CHILDREN = 20
INDENT = 28
"""Pixels from one generation to the next."""
MAX_DEPTH = 6
"""Generations that are indented; later ones stay below one another."""


def show_lineage(catalogue: Catalogue, trial: Trial, key: str) -> None:
    """Ancestors above, children below, each generation further to the right; a repeat shows its model's lineage."""
    model = catalogue.trial(trial.model)
    chain = [*ancestors(catalogue, model), model]
    children = catalogue.children(model.id)
    if len(chain) == 1 and not children:
        st.caption("From the initial population, without children yet. Use Generate to make some.")
        return
    blocks = snac_blocks(relative.architecture for relative in [*chain, *children])
    parent = None
    for depth, ancestor in enumerate(chain):
        with _branch(depth):
            _model(catalogue, ancestor, parent, blocks, key, is_shown=ancestor is model)
        parent = ancestor
    for child in children[:MAX_CHILDREN]:
        with _branch(len(chain)):
            _model(catalogue, child, model, blocks, key)
    if len(children) > MAX_CHILDREN:
        st.caption(f"… and {count(len(children) - MAX_CHILDREN)} more children, all listed on the Generate page.")


@contextmanager
def _branch(depth: int) -> Iterator[None]:
    """A part of the tree, indented by so many generations."""
    with st.container(horizontal=True, gap=None):
        if depth:
            st.space(INDENT * min(depth, MAX_DEPTH))
        with st.container(gap=None):
            yield


def _model(
    catalogue: Catalogue,
    trial: Trial,
    parent: Trial | None,
    blocks: int,
    key: str,
    *,
    is_shown: bool = False,
) -> None:
    """SNAC and number, which open the model; its accuracy; below, the edit and its effect."""
    tag = model_tag(trial.id)
    if is_shown:
        tag = f":primary[**{tag}**]"
    icon = icon_uri(trial.architecture, blocks=blocks)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(
            f"![]({icon}) {tag}",
            key=f"{key}-{trial.id}",
            type="tertiary",
        ):
            navigation.open_model(trial.id)
        st.markdown(trial.accuracy_text(), width="content")
    if parent:
        chosen = "Suggested. " if trial.proposal.suggested else ""
        st.caption(f"{chosen}{edit_sentence(parent, trial)}: {effect_sentence(catalogue, parent, trial)}")


def relatives(catalogue: Catalogue, trial: Trial) -> Sequence[Trial]:
    """Parent and children of a model, to compare it with."""
    parents = []
    if trial.proposal.parent is not None:
        parents = catalogue.trials([trial.proposal.parent])
    return [*parents, *catalogue.children(trial.id)[:MAX_CHILDREN]]
