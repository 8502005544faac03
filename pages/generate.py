"""New models from the selected one: here ablations, the same chain without one of its layers."""

import time

import streamlit as st

from remap_core import services
from remap_core.catalogue.reader import Catalogue
from remap_core.commands import Enqueue
from remap_core.drawing import words
from remap_core.drawing.snac import Size, snac_alt
from remap_core.drawing.snac_figure import snac_figure
from remap_core.space.edits import Candidate
from remap_core.trials import Origin, Trial
from remap_core.ui import shell, state
from remap_core.ui.events import Point, draw, listen, picked_ids
from remap_core.ui.tables import children_table, preview_table

SNAC = "generate-snac"


def toggle(key: str, point: Point) -> None:
    chosen = set(st.session_state.get(key, []))
    st.session_state[key] = sorted(chosen ^ set(picked_ids([point])))


def brush(key: str, points: list[Point]) -> None:
    st.session_state[key] = sorted(picked_ids(points))


def choose_layers(parent: Trial) -> list[int]:
    """Layers chosen by clicking or brushing the SNAC, or by the pills below it."""
    key = f"generate-layers-{parent.id}"
    texts = [cost.text for cost in parent.architecture.costs]
    chosen = st.session_state.get(key, [])
    draw(snac_figure(parent.architecture, Size.LARGE, chosen=chosen), SNAC, snac_alt(parent.architecture))
    listen(SNAC, on_click=lambda point: toggle(key, point), on_brush=lambda points: brush(key, points))
    return st.pills(
        "Layers to remove, one child each; none chosen means every layer",
        range(len(parent.architecture.layers)),
        selection_mode="multi",
        format_func=lambda index: f"{index + 1} {texts[index]}",
        key=key,
    )


def train(parent: Trial, candidates: list[Candidate]) -> None:
    state.send(Enqueue(services.propose_children(parent, Origin.ABLATION, candidates, time.time())))


def show_children(catalogue: Catalogue, parent: Trial) -> None:
    shell.show_receipts(catalogue)
    children = catalogue.children(parent.id)
    if children:
        children_table(parent, children, catalogue.epoch_curves([child.id for child in children]), "generate-children")
    else:
        st.caption("No children yet.")


with shell.page("generate"):
    catalogue = state.catalogue()
    parent = shell.asked_trial(catalogue)
    if parent is None:
        st.info("Children are made from a selected model. Click a circle on the overview first.")
        st.page_link("pages/overview.py", label="To the overview")
        st.stop()

    accuracy = words.percent(parent.last.validation_accuracy) if parent.last else parent.state.value
    st.subheader(f"Ablations of #{parent.id}")
    st.caption(f"{accuracy}, {words.counted(parent.architecture.parameters, 'parameter')}.")
    previewed = services.preview_ablations(parent, choose_layers(parent))
    known = catalogue.fingerprints(parent.proposal.dataset)
    fresh = [found for found in previewed if found.child and services.existing_model(found, known) is None]
    preview_table(parent, previewed, known, key="generate-preview")
    st.button(
        f"Train {words.counted(len(fresh), 'ablation')}",
        type="primary",
        disabled=not fresh,
        on_click=train,
        args=(parent, fresh),
        key="generate-train",
    )
    st.markdown("##### Children")
    shell.live(lambda newest: show_children(newest, parent))
