"""The drawer in the sidebar."""

from __future__ import annotations

from typing import Any

import streamlit as st

from remap_core import formatting
from remap_core.drawing.snac.chips import snac_alt
from remap_core.drawing.snac.icon import icon_uri
from remap_core.errors import RemapError
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, url_state
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.navigation import open_model
from remap_core.ui.session import current_session

DRAWER_ROWS, DRAWER_HEIGHT = 12, 440
"""Models that the sidebar shows at once, and the pixels that it scrolls more of them in."""


def show_drawer() -> None:
    """The drawer's models as rows; a click on one opens it."""
    st.markdown("#### Drawer")
    state_of = current_session()
    if state_of.complaint:
        st.warning(escape_markdown(state_of.complaint))
    if not state_of.drawer:
        st.caption("Click a circle on the overview: the model is kept here.")
        return
    try:
        kept = app_data.catalogue().trials(state_of.drawer)
    except RemapError as error:
        st.caption(str(error))
        return
    if len(kept) < len(state_of.drawer):
        st.caption(f"{formatting.pluralize(len(state_of.drawer) - len(kept), 'model')} of it not in this catalogue.")
    blocks = max((len(trial.architecture.layers) for trial in kept), default=0) + 1
    height: Any = DRAWER_HEIGHT if len(kept) > DRAWER_ROWS else "content"
    with st.container(key="drawer-rows", gap=None, border=False, height=height):
        for trial in kept:
            _drawer_row(trial, blocks, selected=trial.id == url_state.shown_model())


def _drawer_row(trial: Trial, blocks: int, selected: bool) -> None:
    """One button: SNAC, number, accuracy and parameters in a line; it opens the model."""
    accuracy = trial.accuracy_text(otherwise=trial.state.value, brief=True)
    number = f":primary[**#{trial.id}**]" if selected else f"#{trial.id}"
    picture = f"![]({icon_uri(trial.architecture, blocks=blocks)})"
    size = formatting.compact(trial.architecture.parameters)
    if st.button(
        f"{picture} {number} {accuracy} · {size}",
        key=f"open-{trial.id}",
        type="secondary" if selected else "tertiary",
        help=snac_alt(trial.architecture),
    ):
        open_model(trial.id)
