"""What of a browser's requests reaches a page."""

from math import inf
from time import monotonic
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests

from remap_core.ui.server.script_runs import answer_on_the_present_page
from remap_core.ui.session import SESSION, Session

CAP = WidgetState(id="cap", int_value=8300)
NO_CAP = WidgetState(id="cap", int_value=0)
PRESS = WidgetState(id="train", trigger_value=True)


@pytest.fixture
def ask(monkeypatch):
    """Ask as a browser does while one request waits, and return the widgets that are passed on; None for a request that
    is left out."""
    passed = []
    monkeypatch.setattr(AppSession, "request_rerun", lambda _, state: passed.append(state))
    answer_on_the_present_page.__wrapped__()

    def asked(waiting: list[WidgetState] | None, toasted: float = -inf, **state: object) -> list[WidgetState] | None:
        passed.clear()
        requests = ScriptRequests()
        if waiting is not None:
            requests.request_rerun(RerunData(widget_states=WidgetStates(widgets=waiting)))
        session = SimpleNamespace(
            id="visitor",
            session_state={SESSION: Session(toasted=toasted)},
            _scriptrunner=SimpleNamespace(_requests=requests),
            _pages_manager=Pages(),
            has_fragment=lambda fragment: fragment != "unknown",
        )
        AppSession.request_rerun(session, ClientState(**state))
        return list(passed[-1].widget_states.widgets) if passed else None

    asked.passed = passed

    return asked


class Pages:
    """The pages of a visitor who is on the first."""

    current_page_script_hash = ""


def test_a_timer_changes_no_widget(ask):
    assert ask(None, fragment_id="map", is_auto_rerun=True, widget_states=WidgetStates(widgets=[NO_CAP])) == []


def test_a_timer_keeps_what_a_visitor_chose_while_the_page_ran_and_repeats_no_click(ask):
    states = WidgetStates(widgets=[NO_CAP])
    assert ask([CAP, PRESS], fragment_id="map", is_auto_rerun=True, widget_states=states) == [CAP]


def test_what_a_visitor_chooses_is_passed_on_with_the_clicks_that_wait(ask):
    assert ask([NO_CAP, PRESS], widget_states=WidgetStates(widgets=[CAP])) == [CAP, PRESS]


def test_right_after_a_toast_a_timer_waits_and_a_click_does_not(ask):
    assert ask(None, toasted=monotonic(), fragment_id="news", is_auto_rerun=True) is None
    assert ask(None, toasted=monotonic() - 60, fragment_id="news", is_auto_rerun=True) == []
    assert ask(None, toasted=monotonic(), fragment_id="news", widget_states=WidgetStates(widgets=[PRESS])) == [PRESS]


def test_a_click_in_a_part_that_is_not_there_yet_runs_the_whole_page(ask):
    ask(None, fragment_id="unknown", widget_states=WidgetStates(widgets=[PRESS]))
    assert [(state.fragment_id, list(state.widget_states.widgets)) for state in ask.passed] == [("", [PRESS])]
    ask(None, fragment_id="drawer", widget_states=WidgetStates(widgets=[PRESS]))
    assert [state.fragment_id for state in ask.passed] == ["drawer"]
