"""The data set in the sidebar: what every page is about, and the choice of another one."""

from __future__ import annotations

import streamlit as st

from remap_core.errors import RemapError
from remap_core.formatting import dataset_title
from remap_core.ui import app_data, drawer_state, view_state
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session

SWITCH = "dataset-switch"


def show_dataset() -> None:
    """The data set that the visitor looks at; a choice where there are several, nothing where there is none."""
    try:
        names = [known.name for known in app_data.known_datasets()]
        shown = app_data.looked_at()
    except RemapError:  # no catalogue can be read, which the page itself says
        return
    if shown is None:
        return
    if len(names) == 1:
        st.markdown(escape_markdown(dataset_title(shown)))
        return
    st.selectbox(
        "Data set",
        names,
        index=names.index(shown),
        format_func=dataset_title,
        label_visibility="collapsed",
        key=view_state.bind(SWITCH, shown),
        on_change=_switch,
    )


def switch_to(name: str) -> None:
    """Look at another data set on every page."""
    current_session().url_warnings.pop("dataset", None)
    drawer_state.look_at(name, app_data.looked_at())


def _switch() -> None:
    switch_to(st.session_state[SWITCH])
