"""Parts of a page that update by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NoCatalogue, RemapError
from remap_core.trials.trial import TrialState
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.session import current_session

POLL = 1.0
"""Seconds between checks for something new while trainings wait or run."""
IDLE_POLL = 3.0
"""The same while nothing is trained: an open page then costs next to nothing."""
TOAST_SECONDS = 0.5
"""Until a toast has reached the browser."""


def watch(look: Callable[[], object], seen: object, every: float | None = None) -> None:
    """Rerun the page as soon as `look()` differs from `seen`; checks every so many seconds, by default at `pace()`."""

    is_first = True

    @st.fragment(run_every=every or pace())
    def check() -> None:
        nonlocal is_first
        if is_first:  # the page was drawn just now; while much is trained, it would else be drawn without an end
            is_first = False
            return
        app_data.look()
        if look() != seen:
            rerun_page()

    check()


def rerun_page() -> None:
    """Run the whole page again; right after a toast do nothing, as whoever updates asks again.

    A new run drops what the one before has sent and the browser not yet fetched: a toast would never be seen.
    """
    if time.monotonic() - current_session().toasted > TOAST_SECONDS:
        st.rerun()


def pace() -> float:
    """Seconds between checks at present."""
    found = app_data.newest()
    if found is None or app_data.trainer() is None:
        return POLL if found is None else IDLE_POLL
    counts = found.counts()
    if counts[TrialState.RUNNING] or counts[TrialState.WAITING]:
        return POLL
    return IDLE_POLL


def live(body: Callable[[Catalogue], None]) -> None:
    """Draw `body` now and whenever it is time to look, each time with the newest catalogue."""

    @st.fragment(run_every=pace())
    def redraw() -> None:
        app_data.look()
        with errors_as_sentences():
            body(app_data.catalogue())

    redraw()


class PageEnds(Exception):
    """The page ends here. `frame.body` ends it, and the run goes on to its end.

    With `st.stop` Streamlit (1.67) keeps the parts of the page before that update by themselves: they would go on to
    update, at places that this page has not.
    """


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
