"""From page to page: what a visitor looks at goes with them."""

from __future__ import annotations

import streamlit as st

from remap_core.trials.trial import TrialId
from remap_core.ui.session import current_session
from remap_core.ui.url import address


def open_model(model: TrialId, page: str = "inspect") -> None:
    """Select a model and go to a page about it."""
    current_session().selected = model
    go_to(page)


def go_to(page: str) -> None:
    """Go to a page; selection and view stay."""
    st.switch_page(f"pages/{page}.py", query_params=address())


def show_count(page: str, number: int) -> None:
    """A number behind the name of a page; the name itself stays. Nothing for 0."""
    st.html(f"<style>{_COUNT.format(page=page, number=number) if number else ''}</style>")


_COUNT = 'nav a[href$="/{page}"] p::after {{ content: " {number}"; font-weight: 600 }}'
