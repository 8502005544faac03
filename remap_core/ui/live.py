"""Parts of a page that update by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, get_script_run_ctx

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


@cache
def update_on_the_present_page() -> None:
    """Let parts update on the page that their visitor is on; once per process.

    A browser that has not heard of a change of the page yet asks for updates in the name of the page before. Streamlit
    (1.67) answers in that name, too: the browser empties the page, and fails as the update has no place there. It also
    fails where the answer names the present page, if it hears of the change and of the update at once. So what a timer
    asks for is left out, as the timer asks again; what a visitor asks for is answered in the name of the present page.
    So it is where a click on a link to another page leaves a field: the browser tells of the link first, then of the
    field, in the name of the page that it is still on.
    """
    run = getattr(ScriptRunner, "_run_script", None)
    if run is None:  # another Streamlit: nothing that we know of to mend
        return

    def run_on_the_present_page(self: ScriptRunner, rerun_data: RerunData) -> None:
        context = get_script_run_ctx()
        if context and rerun_data.fragment_id_queue:
            is_of_page_before = rerun_data.page_script_hash not in ("", context.page_script_hash)
            if is_of_page_before and getattr(rerun_data, "is_auto_rerun", False):
                return
            rerun_data = replace(rerun_data, page_script_hash=context.page_script_hash)
        elif _is_of_page_before(self, rerun_data):
            present = self._pages_manager.current_page_script_hash
            rerun_data = replace(rerun_data, page_script_hash=present, query_string="")
        run(self, rerun_data)

    ScriptRunner._run_script = run_on_the_present_page  # type: ignore[method-assign]


def _is_of_page_before(runner: ScriptRunner, rerun_data: RerunData) -> bool:
    """Whether a run is asked for by a browser that is on another page than its visitor has gone to.

    It asks for the page that its address names, as links do not, nor Back and Forward.
    """
    present = runner._pages_manager.current_page_script_hash
    sent_from = getattr(rerun_data, "context_info", None)
    if not present or rerun_data.page_script_hash in ("", present) or not rerun_data.query_string or not sent_from:
        return False
    if getattr(rerun_data, "is_history_navigation", False):
        return False
    page = runner._pages_manager.get_pages().get(rerun_data.page_script_hash)
    if page is None:
        return False
    path: str = urlsplit(sent_from.url).path
    return path.endswith(f"/{page['url_pathname']}")


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
