"""Parts of a page that are drawn again by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NoCatalogue, RemapError
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown

POLL = 1.0
"""Seconds between looks for something new."""


def watch(look: Callable[[], object], seen: object, every: float = POLL) -> None:
    """Draw the page anew once `look` no longer gives what was `seen`; looks after so many seconds each time."""

    @st.fragment(run_every=every)
    def watching() -> None:
        if look() != seen:
            st.rerun()

    watching()


def live(body: Callable[[Catalogue], None]) -> None:
    """Draw `body` now and every POLL seconds, each time with the newest catalogue."""

    @st.fragment(run_every=POLL)
    def living() -> None:
        with errors_as_sentences():
            body(app_data.catalogue())

    living()


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Show an error of ours that the block raises as its sentence."""
    try:
        yield
    except NoCatalogue as error:
        st.info(
            f"{error} The trainer samples a first population and trains it; models appear here by themselves.",
            icon=":material/hourglass_top:",
        )
        watch(app_data.published, None)
    except RemapError as error:
        st.error(escape_markdown(str(error)))
