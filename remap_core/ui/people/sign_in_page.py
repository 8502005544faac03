"""What a visitor sees who is not signed in, or has no role; and who is signed in, for the others."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import cycle
from threading import Lock
from typing import NamedTuple

import streamlit as st

from remap_core.access.sign_in import SignIn
from remap_core.errors import NotSignedIn
from remap_core.services.demo.prepared_models import next_reset
from remap_core.ui.markdown import escape_address, escape_markdown
from remap_core.ui.people import visitor
from remap_core.ui.session import current_session

OPEN_TO_ALL = (
    ":material/lock_open: Nobody signs in here, so whoever reaches this address may do everything. "
    "docs/portal.md says how a team signs in."
)

LINK_SECONDS = 600.0
"""For so long a link is kept while its visitor signs in."""
MAX_LINKS = 1_000

_XSRF_COOKIE = "_streamlit_xsrf"
"""Streamlit's cookie that tells browsers apart, whoever is signed in."""

_PROVIDER = "server_metadata_url"
"""A section of [auth] that has this key is a provider."""


class _Link(NamedTuple):
    """What a visitor wanted to see. until: seconds, monotonic clock."""

    page: str
    query: dict[str, str]
    until: float


class _Links:
    """Links of visitors who were not signed in yet, by browser: the identity provider sends them elsewhere."""

    def __init__(self) -> None:
        self._links: OrderedDict[str, _Link] = OrderedDict()
        self._lock = Lock()

    def keep(self, browser: str, page: str, query: dict[str, str]) -> None:
        with self._lock:
            self._links[browser] = _Link(page, query, time.monotonic() + LINK_SECONDS)
            self._links.move_to_end(browser)
            while len(self._links) > MAX_LINKS:
                self._links.popitem(last=False)

    def take(self, browser: str) -> _Link | None:
        with self._lock:
            link = self._links.pop(browser, None)
        return link if link and time.monotonic() < link.until else None


@st.cache_resource(show_spinner=False)
def _links() -> _Links:
    return _Links()


def show_sign_in(page: str, reason: NotSignedIn) -> None:
    """Say why this visitor may not see a page, and offer to sign in.

    page: its name, empty for the address without one.
    """
    _keep_link(page)
    _show(str(reason))


def follow_link() -> None:
    """Go to the link that this browser opened before its visitor signed in, if there is one."""
    browser = _browser()
    link = None
    if browser and not visitor.is_open():
        link = _links().take(browser)
    if link:
        st.switch_page(f"pages/{link.page}.py", query_params=link.query)


def show_account() -> None:
    """Who is signed in, and the way out. In an open app that others can reach, that everybody may do everything."""
    if visitor.is_open():
        if visitor.is_from_elsewhere():
            st.caption(OPEN_TO_ALL)
        return
    name = escape_address(visitor.person().name)
    row = st.container(horizontal=True, vertical_alignment="center", gap="small", key="account")
    row.caption(f":material/person: {name}", help=f"You are {visitor.role().title}.")
    if visitor.sign_in() is SignIn.VISITOR:
        st.caption(_demo_text())
    if visitor.sign_in() is SignIn.OIDC:
        row.button("Sign out", key="sign-out", type="tertiary", on_click=st.logout)


def _demo_text() -> str:
    restored = current_session().restored
    if restored is None:  # somebody's own models
        return "A demo for everybody."
    reset = datetime.fromtimestamp(next_reset(restored), UTC)
    return f"A demo for everybody: what is trained here is gone at {reset:%H:%M} UTC."


def _show(reason: str) -> None:
    st.markdown("#### REMAP")
    if reason:
        st.error(escape_markdown(reason), icon=":material/lock:")
    if visitor.sign_in() is not SignIn.OIDC:
        return
    if st.user.is_logged_in:  # signed in, without a role or for too long
        st.button("Sign out", key="sign-out", on_click=st.logout)
        return
    if not reason:
        st.markdown("Sign in to see the models of your team.")
    for provider in _providers():
        label = f"Sign in with {provider}" if provider else "Sign in"
        key = f"sign-in-{provider}"
        st.button(label, key=key, on_click=st.login, args=(provider,) if provider else ())


def _providers() -> list[str]:
    """The names of the providers in the secrets; an empty one for a provider without a name."""
    auth = st.secrets["auth"]
    named = [name for name, section in auth.items() if isinstance(section, Mapping) and _PROVIDER in section]
    return [""] * (_PROVIDER in auth) + named


def _keep_link(page: str) -> None:
    browser = _browser()
    query = st.query_params.to_dict()
    if browser and page and (query or page != "overview"):
        _links().keep(browser, page, query)


def _browser() -> str:
    """What tells this visitor's browser apart; empty where it is not known.

    The cookie is `2|mask|masked token|time`, with another mask each time it is set.
    """
    try:
        _, mask, token, _ = st.context.cookies.get(_XSRF_COOKIE, "").split("|")
        return bytes(a ^ b for a, b in zip(bytes.fromhex(token), cycle(bytes.fromhex(mask)), strict=False)).hex()
    except ValueError:
        return ""
