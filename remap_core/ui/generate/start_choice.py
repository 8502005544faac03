"""Where children start: from new weights, or for fewer epochs from their parent's."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import InvalidTrial
from remap_core.formatting import model_name
from remap_core.services.child_trainings import child_config, full_config, short_epochs
from remap_core.trials.training_config import MAX_EPOCHS
from remap_core.trials.trial import Trial
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown

INHERIT = "generate-inherit"
EPOCHS = "generate-inherit-epochs"


def choose_start(catalogue: Catalogue, parents: Sequence[Trial]) -> int | None:
    """Epochs from the parents' weights; None for full trainings. Where the weights cannot be used, it says why."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        asked = st.toggle(
            "Start from the parent's weights",
            key=INHERIT,
            persist_state="session",
            help="More accuracy in few epochs, but no better ranking of siblings. Such models are triangles on the map "
            "and are not compared with models that were trained in full.",
        )
        if not asked:
            return None
        full = full_config(catalogue, parents[0])
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            epochs = st.number_input(
                "Epochs from the parent's weights",
                1,
                MAX_EPOCHS,
                short_epochs(full),
                key=EPOCHS,
                width=110,
                label_visibility="collapsed",
                persist_state="session",
            )
            st.markdown("epochs", width="content")
    reason = _why_not(catalogue, parents, int(epochs))
    if reason:
        st.info(f"{escape_markdown(reason)} Children are trained in full.")
        return None
    return int(epochs)


def _why_not(catalogue: Catalogue, parents: Sequence[Trial], epochs: int) -> str:
    """Why the children cannot start from their parents' weights, in a sentence; empty where they can."""
    for parent in parents:
        try:
            child_config(catalogue, parent, epochs)
        except InvalidTrial as error:
            return str(error)
        if not app_data.folder().weights(parent.model).exists():
            return f"The weights of {model_name(parent.model)} are gone, so its children cannot start from them."
    return ""
