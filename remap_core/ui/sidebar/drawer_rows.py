"""The drawer in the sidebar."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Literal

import streamlit as st

from remap_core.drawing.snac.chips import snac_alt
from remap_core.drawing.snac.icon import icon_uri
from remap_core.errors import RemapError
from remap_core.formatting import compact, model_tag, pluralize
from remap_core.trials.trial import Trial
from remap_core.ui import app_data, drawer_state
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.navigation import open_model, show_count
from remap_core.ui.people.own_drawer import keep
from remap_core.ui.session import current_session
from remap_core.ui.tables import snac_blocks

MAX_ROWS = 12
"""Models that the sidebar shows without scrolling."""
MAX_LISTED = 50
"""Models of the sidebar: each is a button that every run of every page makes."""
SCROLLING_HEIGHT = 440
"""Pixels that more models scroll in."""
STEP = 4
"""Blocks: a longer model seldom changes the width of all icons, which would all be sent again."""


def show_drawer() -> None:
    """The drawer's models as rows; a click on one opens it. Where people sign in, it is remembered."""
    keep()
    session = current_session()
    show_count("drawer", len(session.drawer))
    st.markdown("###### Drawer")
    if session.own_drawer is not None:
        _show_link()
    if not session.drawer:
        st.caption("Empty. Click a circle on the map to add a model.")
        return
    listed = session.drawer[-MAX_LISTED:]
    try:
        trials = app_data.catalogue().trials(listed)
    except RemapError as error:
        st.caption(escape_markdown(str(error)))
        return
    if len(listed) < len(session.drawer):
        st.caption(f"The last {MAX_LISTED} of {len(session.drawer)} models; the page Drawer has all of them.")
    missing = len(listed) - len(trials)
    if missing:
        st.caption(f"{pluralize(missing, 'model')} not in this catalogue.")
    _rows(trials)


def _show_link() -> None:
    """That the drawer is that of a link, and the ways to one's own."""
    st.caption(f"From a link: {pluralize(len(current_session().drawer), 'model')}.")
    with st.container(horizontal=True, gap="small"):
        st.button("Add to mine", key="drawer-add-link", type="tertiary", on_click=_add_link_to_own)
        st.button("Back to mine", key="drawer-own", type="tertiary", on_click=_back_to_own)


def _add_link_to_own() -> None:
    drawer_state.add_link_to_own()
    st.rerun()  # the page may show the drawer, too


def _back_to_own() -> None:
    drawer_state.back_to_own()
    st.rerun()


def _rows(trials: Sequence[Trial]) -> None:
    longest = snac_blocks(trial.architecture for trial in trials)
    blocks = STEP * ceil(longest / STEP)
    shown = current_session().selected
    height: int | Literal["content"] = "content"
    if len(trials) > MAX_ROWS:
        height = SCROLLING_HEIGHT
    with st.container(key="drawer-rows", gap=None, border=False, height=height):
        for trial in trials:
            _row(trial, blocks, is_shown=trial.id == shown)


def _row(trial: Trial, blocks: int, *, is_shown: bool) -> None:
    """One button with SNAC, number, accuracy and parameters; it opens the model."""
    tag = model_tag(trial.id)
    style: Literal["secondary", "tertiary"] = "tertiary"
    if is_shown:
        tag = f":primary[**{tag}**]"
        style = "secondary"
    icon = icon_uri(trial.architecture, blocks=blocks)
    accuracy = trial.accuracy_text(otherwise=trial.state.value, brief=True)
    size = compact(trial.architecture.parameters)
    label = f"![]({icon}) {tag} {accuracy} · {size}"
    # Selected by a callback: whoever clicks on a page right after that has this model there.
    if st.button(
        label,
        key=f"open-{trial.id}",
        type=style,
        help=snac_alt(trial.architecture),
        on_click=drawer_state.select,
        args=(trial.id,),
    ):
        open_model(trial.id)
