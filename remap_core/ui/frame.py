"""The frame of every page: navigation, sidebar and map, which stay while the page beside them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from remap_core.errors import NotSignedIn, RemapError, SettingsError
from remap_core.system.memory import leave_out_of_collections
from remap_core.ui import app_data, live
from remap_core.ui.events import chart_events
from remap_core.ui.live import PageEnds, begin_run, errors_as_sentences
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.model_map.docked_map import show_map
from remap_core.ui.model_map.toolbar import fold_button
from remap_core.ui.people import visitor
from remap_core.ui.people.sign_in_page import follow_link, show_account, show_sign_in
from remap_core.ui.server.app_endpoint import page_run, start_endpoint
from remap_core.ui.server.run_costs import keep_the_theme
from remap_core.ui.server.script_runs import answer_on_the_present_page, finish_callbacks
from remap_core.ui.server.server_shutdown import limit_shutdown_time
from remap_core.ui.server.upload_limits import limit_demo_uploads, limit_uploads
from remap_core.ui.session import Dock, current_session
from remap_core.ui.sidebar.dataset_switch import show_dataset
from remap_core.ui.sidebar.drawer_rows import show_drawer
from remap_core.ui.sidebar.objective_panel import show_objective
from remap_core.ui.sidebar.tour import show_tour
from remap_core.ui.sidebar.trainer_progress import keep_a_trainer, show_progress
from remap_core.ui.url import read_url, write_url

PAGES = {
    "overview": "Overview",
    "drawer": "Drawer",
    "inspect": "Inspect",
    "generate": "Generate",
    "queue": "Queue",
    "data": "Data",
}

SIDEBAR_WIDTH = 248
"""Pixels; the map takes two fifths of a screen of 1440 x 900 with it."""

FOLDED_ON = ("drawer", "queue", "data")
"""Pages of wide tables, where the map is folded until the visitor opens it."""

_STYLES = {
    name: Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
    for name in ("frame", "folded", "mapless", "unheard")
}

_IN_FRAME: ContextVar[bool] = ContextVar("in_frame", default=False)
"""Whether the page is run by the frame."""


def show(place: DeltaGenerator | None = None) -> None:
    """Draw everything that stays, then the page. place: where map and page go, by default below what is there."""
    st.set_page_config(page_icon="🧩", layout="wide", initial_sidebar_state=SIDEBAR_WIDTH)
    limit_uploads()
    refusal = _refusal()
    page = _navigate("hidden" if refusal else "top")
    name = page.url_path
    _require_usable_settings()
    if app_data.settings().is_demo:
        limit_demo_uploads()
    if refusal:
        with place.container() if place else st.container():
            show_sign_in(name if name in PAGES else "", refusal)
        return
    if name not in PAGES:  # the address without a page
        follow_link()
        st.switch_page("pages/overview.py", query_params=st.query_params.to_dict())
    st.set_page_config(page_title=f"{PAGES[name]} - REMAP")
    _require_usable_catalogue()
    with page_run(name):
        _show(page, place)


def _show(page: StreamlitPage, place: DeltaGenerator | None) -> None:
    name = page.url_path
    _begin_run(name)
    st.html(f"<style>{_style(name)}</style>")
    with place.container(key="frame") if place else st.container(key="frame"):
        left, right = st.columns([3, 2], gap="small")
    with st.sidebar:
        st.markdown("**REMAP**")  # a sidebar without content is closed, and the map would change its width
        show_account()
        chart_events.load()  # before the map, which can be clicked once it is seen
    _show_map(left)  # before the rest: the browser takes longest to draw it
    with st.sidebar:
        _sidebar()
    write_url()  # before the page, which may end the run
    _show_page(page, right)
    leave_out_of_collections(name)


@contextmanager
def body() -> Iterator[None]:
    """The frame around a page's body; a RemapError that the body raises is shown as its sentence."""
    _require_frame()
    with suppress(PageEnds), errors_as_sentences():
        _show_warnings()
        yield


def _refusal() -> NotSignedIn | None:
    """Why this visitor may not see a page; None where they may, or where the settings are at fault."""
    try:
        visitor.welcome()
    except NotSignedIn as reason:
        return reason
    except SettingsError:  # `_require_usable_settings` says so
        return None
    return None


def _navigate(position: Literal["top", "hidden"] = "top") -> StreamlitPage:
    home = st.Page(lambda: None, title="REMAP", url_path="home", default=True, visibility="hidden")
    pages = [st.Page(f"pages/{name}.py", title=title, url_path=name) for name, title in PAGES.items()]
    return st.navigation([home, *pages], position=position)


def _require_frame() -> None:
    """Start over with the entry point where Streamlit ran a page without it.

    A server that has just started does so for the first visitor of a page's address: it knows the folder `pages`, but
    not yet that the entry point has a navigation of its own.
    """
    if not _IN_FRAME.get():
        _navigate()
        st.rerun()


def _require_usable_settings() -> None:
    """Without usable settings the page shows only the reason."""
    _require(lambda: start_endpoint(app_data.settings()), visitor.sign_in, visitor.roles)


def _require_usable_catalogue() -> None:
    """Without a usable data folder and catalogue the page shows only the reason."""
    _require(app_data.folder, app_data.restored, app_data.look)


def _require(*looks: Callable[[], object]) -> None:
    try:
        for look in looks:
            look()
    except RemapError as error:
        st.error(escape_markdown(str(error)))
        st.stop()


def _begin_run(name: str) -> None:
    limit_shutdown_time()
    finish_callbacks()
    keep_the_theme()
    answer_on_the_present_page()
    begin_run()
    keep_a_trainer()
    read_url(name)


def _sidebar() -> None:
    show_dataset()
    show_objective()
    live.part("drawer", show_drawer)
    show_progress()
    show_tour()


def _show_map(place: DeltaGenerator) -> None:
    """Without models there is no map."""
    with place, st.container(key="map", height="stretch", gap="xsmall"):
        fold_button(Dock.OPEN)
        if _has_models():
            show_map()


def _show_page(page: StreamlitPage, place: DeltaGenerator) -> None:
    with place, st.container(key="page"):
        token = _IN_FRAME.set(True)
        try:
            page.run()
        finally:
            _IN_FRAME.reset(token)


def _style(name: str) -> str:
    """The rules of the frame, and where the map is on this page."""
    frame = _STYLES["frame"]
    if not chart_events.in_frames():
        frame += _STYLES["unheard"]
    if not _has_models():
        return frame + _STYLES["mapless"]
    dock = current_session().dock or (Dock.FOLDED if name in FOLDED_ON else Dock.OPEN)
    if dock is Dock.FOLDED:
        return frame + _STYLES["folded"]
    return frame


def _has_models() -> bool:
    try:
        app_data.dataset_view()
    except RemapError:
        return False
    return True


def _show_warnings() -> None:
    """Which parts of the URL, or of an entry, are ignored, and why."""
    session = current_session()
    for sentence in (*session.url_warnings.values(), *session.warnings):
        st.warning(escape_markdown(sentence), icon=":material/info:")
