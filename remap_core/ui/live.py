"""Parts of a page that update by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NoCatalogue, RemapError
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown

POLL = 1.0
"""Seconds between checks for something new."""


def watch(look: Callable[[], object], seen: object, every: float = POLL) -> None:
    """Rerun the page as soon as `look()` differs from `seen`; checks every so many seconds."""

    @st.fragment(run_every=every)
    def check() -> None:
        if look() != seen:
            st.rerun()

    check()


def live(body: Callable[[Catalogue], None]) -> None:
    """Draw `body` now and every POLL seconds, each time with the newest catalogue."""

    @st.fragment(run_every=POLL)
    def redraw() -> None:
        with errors_as_sentences():
            body(app_data.catalogue())

    redraw()


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Show a RemapError that the block raises as its sentence."""
    try:
        yield
    except NoCatalogue as error:
        st.info(
            f"{error} The trainer samples and trains the first models; they appear here automatically.",
            icon=":material/hourglass_top:",
        )
        watch(app_data.published, None)
    except RemapError as error:
        st.error(escape_markdown(str(error)))
