"""Parts of a page that update by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from remap_core.catalogue.reader import Catalogue
from remap_core.errors import NoCatalogue, RemapError
from remap_core.trials.trial import TrialState
from remap_core.ui import app_data
from remap_core.ui.markdown import escape_markdown
from remap_core.ui.news import news, note_sources
from remap_core.ui.server.app_endpoint import open_sessions
from remap_core.ui.session import current_session

POLL = 1.0
"""Seconds between updates of each part of a page while something moves."""
POLL_EACH = 0.1
"""Seconds more for each open page from the tenth on: all together are given a small share of the process (TimerBudget),
and asking costs, too."""
IDLE_POLL = 3.0
"""Seconds between looks for something new while nothing does: one look for the whole page, which sends nothing."""


def begin_run() -> None:
    """Look what there is now, once for a whole run of a page: all of its parts are drawn from that."""
    note_sources()
    app_data.look()
    current_session().moves = is_moving()


def is_moving() -> bool:
    """Whether what pages show changes by itself: trainings run or wait, or this visitor waits for an answer."""
    found = app_data.newest()
    if found is None:
        return True
    if app_data.trainer() is None:
        return False
    counts = found.counts()
    unfinished = counts[TrialState.RUNNING] + counts[TrialState.WAITING]
    return bool(unfinished or current_session().unannounced)


def timer() -> float | None:
    """Seconds between updates of a part of the page; None while nothing moves, as `follow` then looks for all parts."""
    session = current_session()
    if not session.moves:
        return None
    return POLL if session.unannounced else max(POLL, POLL_EACH * open_sessions())


def follow(also: Callable[[], object]) -> None:
    """While nothing moves, look for something new, and rerun the page once there is. `also`: what else may change.

    Without this, each part of the page would be drawn every few seconds to show what it shows already.
    """
    if current_session().moves:
        return
    drawn = (news(), also())
    is_first = True

    @st.fragment(run_every=IDLE_POLL)
    def look() -> None:
        nonlocal is_first
        if not is_first and (news(), also()) != drawn:
            rerun_page()
        is_first = False

    look()


def watch(look: Callable[[], object], seen: object) -> None:
    """Rerun the page as soon as `look()` differs from `seen`. While nothing moves, `follow` does so."""
    if not current_session().moves:
        return
    is_first = True

    @st.fragment(run_every=timer())
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
    if not current_session().is_toasting():
        st.rerun()


def part(key: str, body: Callable[[], None]) -> None:
    """A part of the page that can be drawn again without the rest of it: `st.rerun(key)` in a callback does so."""

    @st.fragment(key=key)
    def draw() -> None:
        with errors_as_sentences():
            body()

    draw()


def live(body: Callable[[Catalogue], None], key: str | None = None) -> None:
    """Draw `body` now and, while something moves, again and again, each time with the newest catalogue.

    key: as for `part`.
    """
    is_first = True

    @st.fragment(run_every=timer(), key=key)
    def redraw() -> None:
        nonlocal is_first
        if not is_first:  # the page has just looked
            app_data.look()
        is_first = False
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
