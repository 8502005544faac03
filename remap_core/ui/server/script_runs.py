"""How Streamlit runs the script of a page, where its own way loses clicks or empties pages."""

from __future__ import annotations

from asyncio import get_running_loop
from functools import cache
from threading import Lock
from time import monotonic, thread_time
from typing import NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType, _coalesce_widget_states

from remap_core.ui.server.timer_runs import TimerBudget
from remap_core.ui.session import SESSION

UNTIL_ALL_IS_SAID = 0.01
"""Seconds until an update is tried again that came before its browser was told all of the run before."""


@cache
def finish_callbacks() -> None:
    """Let the callbacks of a click finish, even when another click follows; once per process.

    Streamlit (1.67) ends a run at its next access to `st.session_state` when there is a newer one, also while it reads
    what a browser has sent and while callbacks run: a second click ends the callback of the first half way, or keeps it
    from being called at all. And it begins the newer run in a thread beside it. With this, a run ends once its
    callbacks have, and the newer one waits for that.
    """
    look = getattr(ScriptRunner, "_maybe_handle_execution_control_request", None)
    run = getattr(ScriptRunner, "_run_script", None)
    if look is None or run is None:  # another Streamlit: nothing that we know of to mend
        return

    def look_once_the_script_runs(self: ScriptRunner) -> None:
        context = get_script_run_ctx(suppress_warning=True)
        if context is None or getattr(context, "has_script_started", True):
            look(self)

    def run_after_the_run_before(self: ScriptRunner, rerun_data: RerunData) -> None:
        with _lock_of(self._pages_manager):
            asked = _asked.get(self._pages_manager)
            began = thread_time()
            run(self, rerun_data)
            if rerun_data.is_auto_rerun:
                timers = [(self._session_id, fragment) for fragment in rerun_data.fragment_id_queue]
                _timers.have_run(timers, thread_time() - began)
            if asked and _asked.get(self._pages_manager) is asked:
                del _asked[self._pages_manager]

    ScriptRunner._maybe_handle_execution_control_request = look_once_the_script_runs  # type: ignore[method-assign]
    ScriptRunner._run_script = run_after_the_run_before  # type: ignore[method-assign]


_locks: WeakKeyDictionary[PagesManager, Lock] = WeakKeyDictionary()
_making = Lock()


def _lock_of(pages: PagesManager) -> Lock:
    """The lock of a visitor, who has pages of their own: one run at a time."""
    with _making:
        return _locks.setdefault(pages, Lock())


@cache
def answer_on_the_present_page() -> None:
    """Answer what a browser asks for on the page that its visitor is on; once per process.

    A browser that has not heard of a change of the page yet asks for updates in the name of the page before. Streamlit
    (1.67) answers in that name, too: the browser empties the page, and fails as the update has no place there. It also
    fails where the answer names the present page, if it hears of the change and of the update at once. So what a timer
    asks for is left out, as the timer asks again; what a visitor asks for is answered in the name of the present page.
    So it is where a click on a link to another page leaves a field: the browser tells of the link first, then of the
    field, in the name of the page that it is still on.

    What a timer asks for changes no widget. A browser that gets a widget shows its default for a moment, before it
    shows what the app has set: a timer would bring that default along, as if the visitor had chosen it.

    All timers of this process together take a small share of a core (see TimerBudget): with many open pages each of
    them runs less often, so that clicks are answered, and what is trained goes on.

    What a visitor asks for in a part of the page that Streamlit does not know (yet, or any more) runs the whole page.
    Streamlit leaves it out.

    For some seconds after a toast no timer runs: the browser takes what a run has sent away when the next one ends, and
    a busy one may not have drawn it yet.

    An update also waits until the browser was told all of the run before. Streamlit forgets what a run that has ended
    still has to say when an update begins: the browser then lacks the place of the update, and empties the page.
    """
    request = getattr(AppSession, "request_rerun", None)
    if request is None:  # another Streamlit: nothing that we know of to mend
        return

    def request_on_the_present_page(self: AppSession, client_state: ClientState | None) -> None:
        if client_state and not client_state.is_auto_rerun:
            _note_moment(self)
        answer(self, client_state)

    def answer(self: AppSession, client_state: ClientState | None) -> None:
        if client_state and _is_of_unknown_part(self, client_state):
            client_state.fragment_id = ""
        if client_state and client_state.fragment_id and _has_more_to_say(self):
            get_running_loop().call_later(UNTIL_ALL_IS_SAID, answer, self, client_state)
            return
        if client_state and _is_of_page_before(self, client_state):
            if client_state.fragment_id and client_state.is_auto_rerun:
                return
            client_state.page_script_hash = _present_page(self)
            if not client_state.fragment_id:
                client_state.query_string = ""
        elif client_state and not client_state.fragment_id:
            given = self._pages_manager.current_page_script_hash
            _asked[self._pages_manager] = _Asked(client_state.page_script_hash, given)
        if client_state and not client_state.fragment_id:
            _bring_what_waits(self, client_state)
        if client_state and client_state.is_auto_rerun:
            if _is_toasting(self) or not _timers.may_run((self.id, client_state.fragment_id), monotonic()):
                return
            client_state.widget_states.CopyFrom(_what_waits(self))
        request(self, client_state)

    AppSession.request_rerun = request_on_the_present_page  # type: ignore[method-assign]


_timers = TimerBudget()


def _is_of_unknown_part(session: AppSession, client_state: ClientState) -> bool:
    """Whether a visitor clicked in a part of the page that is not there yet, as after a restart of the server."""
    if not client_state.fragment_id or client_state.is_auto_rerun:
        return False
    return not session.has_fragment(client_state.fragment_id)


def _note_moment(session: AppSession) -> None:
    """Remember when a visitor has asked for something: it may have to wait for the run before."""
    state = session.session_state
    if SESSION in state:
        state[SESSION].asked = monotonic()


def _is_toasting(session: AppSession) -> bool:
    state = session.session_state
    return SESSION in state and bool(state[SESSION].is_toasting())


def _bring_what_waits(session: AppSession, client_state: ClientState) -> None:
    """Add the clicks that wait for the end of the present run to a request that ends it: Streamlit forgets them."""
    states = _coalesce_widget_states(_waiting_states(session), client_state.widget_states)
    if states:
        client_state.widget_states.CopyFrom(states)


def _what_waits(session: AppSession) -> WidgetStates:
    """What the widgets say in a request that waits, without clicks: Streamlit keeps these by itself."""
    waiting = _waiting_states(session) or WidgetStates()
    return WidgetStates(
        widgets=[state for state in waiting.widgets if "trigger" not in (state.WhichOneof("value") or "")]
    )


def _waiting_states(session: AppSession) -> WidgetStates | None:
    """What the widgets say in the request that waits for the end of the present run; None without one."""
    requests = session._scriptrunner._requests if session._scriptrunner else None
    if requests and requests._state is ScriptRequestType.RERUN:
        return requests._rerun_data.widget_states
    return None


def _has_more_to_say(session: AppSession) -> bool:
    """Whether the last run has ended, and not all that it says has reached its session."""
    runner = session._scriptrunner
    return runner is not None and runner._requests._state is ScriptRequestType.STOP


class _Asked(NamedTuple):
    """A page that a visitor has asked for and not been given yet, and the one that was run when they did."""

    page: str
    before: str


_asked: WeakKeyDictionary[PagesManager, _Asked] = WeakKeyDictionary()


def _present_page(session: AppSession) -> str:
    """The page that a visitor was last given, or has asked for since."""
    given: str = session._pages_manager.current_page_script_hash
    asked = _asked.get(session._pages_manager)
    return asked.page if asked and asked.page and asked.before == given else given


def _is_of_page_before(session: AppSession, client_state: ClientState) -> bool:
    """Whether a browser asks for something while it is on another page than its visitor has gone to.

    Where it asks for a whole page, it then asks for the one that its address names, as links do not, nor Back and
    Forward.
    """
    present = _present_page(session)
    if not present or client_state.page_script_hash in ("", present):
        return False
    if client_state.fragment_id:
        return True
    if client_state.is_history_navigation or not client_state.query_string or not client_state.HasField("context_info"):
        return False
    page = session._pages_manager.get_pages().get(client_state.page_script_hash)
    path: str = urlsplit(client_state.context_info.url).path
    return page is not None and path.endswith(f"/{page['url_pathname']}")
