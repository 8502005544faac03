"""The frame of every page: configuration, navigation, sidebar, errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import streamlit as st

from remap_core.errors import RemapError
from remap_core.system.memory import leave_out_of_collections
from remap_core.ui import app_data, url
from remap_core.ui.data.first_models import require_models
from remap_core.ui.live import errors_as_sentences, update_on_the_present_page
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.overview.objective_panel import objective_line
from remap_core.ui.server_shutdown import limit_shutdown_time
from remap_core.ui.sidebar.dataset_switch import show_dataset
from remap_core.ui.sidebar.drawer_rows import show_drawer
from remap_core.ui.sidebar.trainer_status import show_trainer_status, started_trainers

PAGES = {
    "overview": ("Overview", ":material/scatter_plot:"),
    "drawer": ("Drawer", ":material/inventory_2:"),
    "inspect": ("Inspect", ":material/search:"),
    "generate": ("Generate", ":material/call_split:"),
    "queue": ("Queue", ":material/format_list_numbered:"),
    "data": ("Data", ":material/photo_library:"),
}

ABOUT_MODELS = ("overview", "inspect", "generate")
"""Pages that have nothing to show of a data set without models."""

NO_CHART_BUTTONS_ON_TOUCH = "<style>@media (pointer: coarse) { .js-plotly-plot .modebar { display: none } }</style>"
"""Fingers zoom with the browser; a chart's buttons would only cover it."""


@contextmanager
def page(name: str) -> Iterator[None]:
    """The frame around a page's body; a RemapError that the body raises is shown as its sentence."""
    title, _ = PAGES[name]
    st.set_page_config(page_title=f"{title} - REMAP", page_icon="🧩", layout="wide")
    _require_usable_settings(title)
    limit_shutdown_time()
    update_on_the_present_page()
    leave_out_of_collections(name)
    started_trainers()
    url.sync_url()
    with st.sidebar:
        _navigation()
        objective_line()
        show_trainer_status()
        show_drawer()
    st.title(title)
    st.html(NO_CHART_BUTTONS_ON_TOUCH)
    if name in ABOUT_MODELS:
        with suppress(RemapError):  # the body raises it, too
            require_models()
    with errors_as_sentences():
        yield


def _require_usable_settings(title: str) -> None:
    """Without usable settings and a data folder the page shows only the reason."""
    try:
        app_data.folder()
    except RemapError as error:
        st.title(title)
        st.error(escape_markdown(str(error)))
        st.stop()


def _navigation() -> None:
    st.markdown("### REMAP")
    show_dataset()
    for name, (title, icon) in PAGES.items():
        st.page_link(f"pages/{name}.py", label=title, icon=icon)
