import pytest
from apps import opened
from catalogues import write_catalogue

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.errors import FolderUnusable
from remap_core.trials.commands import Enqueue, Pause
from remap_core.ui import live, sent_commands
from remap_core.ui.session import SESSION, TOAST_SECONDS, Session
from remap_core.ui.sidebar.batch_toasts import show_receipt_toasts


@pytest.fixture
def sent(home, monkeypatch):
    """What one visitor, whose page is not drawn, has sent."""
    folder = DataFolder(home)
    monkeypatch.setattr("streamlit.session_state", {SESSION: Session()})
    monkeypatch.setattr("remap_core.ui.app_data.folder", lambda: folder)
    return Inbox(folder).pending


def wait(monkeypatch, seconds):
    now = sent_commands.time.monotonic() + seconds
    monkeypatch.setattr("remap_core.ui.sent_commands.time.monotonic", lambda: now)


def test_the_second_half_of_a_double_click_sends_nothing(sent):
    press = sent_commands.press("pause")
    sent_commands.send(Pause(), press)
    sent_commands.send(Pause(), press)  # before the page was drawn again
    sent_commands.send(Pause(), sent_commands.press("pause"))  # after
    assert len(sent()) == 1


def test_a_button_that_was_drawn_again_sends_again(sent, monkeypatch):
    first = sent_commands.press("pause")
    sent_commands.send(Pause(), first)
    wait(monkeypatch, 2)
    sent_commands.send(Pause(), first)
    assert len(sent()) == 1
    sent_commands.send(Pause(), sent_commands.press("pause"))
    assert len(sent()) == 2


def test_a_press_that_waited_until_the_page_was_drawn_again_is_the_second_half_of_a_double_click(sent, monkeypatch):
    sent_commands.send(Pause(), sent_commands.press("pause"))
    sent_commands.current_session().asked = sent_commands.time.monotonic()
    wait(monkeypatch, 5)  # for the run that the first half began
    second = sent_commands.press("pause")
    sent_commands.send(Pause(), second)
    assert len(sent()) == 1
    wait(monkeypatch, 1)
    sent_commands.current_session().asked = sent_commands.time.monotonic()
    sent_commands.send(Pause(), second)
    assert len(sent()) == 2


def test_buttons_do_not_hold_up_one_another(sent):
    sent_commands.send(Pause(), sent_commands.press("one"))
    sent_commands.send(Pause(), sent_commands.press("another"))
    assert len(sent()) == 2


def test_a_press_that_could_not_be_sent_may_be_repeated(sent, monkeypatch):
    press = sent_commands.press("pause")
    with monkeypatch.context() as broken:
        broken.setattr(Inbox, "send", lambda *_: (_ for _ in ()).throw(FolderUnusable("The disk is full.")))
        sent_commands.send(Pause(), press)
    sent_commands.send(Pause(), press)
    assert len(sent()) == 1


def test_a_double_click_on_repeat_trains_once(home, monkeypatch):
    monkeypatch.setattr("remap_core.ui.sent_commands.DOUBLE_CLICK", 60.0)  # a run of the page may take long here
    folder = write_catalogue(home)
    app = opened("inspect", model="1", tab="lineage")
    app.button(key="repeat-train").click().run()
    app.button(key="repeat-train").click().run()
    commands = [command for _, command, _ in Inbox(folder).pending()]
    assert [len(command.proposals) for command in commands if isinstance(command, Enqueue)] == [3]
    assert len(app.session_state[SESSION].batches) == 1


def test_a_page_is_not_run_again_right_after_a_toast_which_it_would_drop(sent, monkeypatch):
    reruns = []
    monkeypatch.setattr("streamlit.rerun", lambda: reruns.append(1))
    live.rerun_page()
    live.current_session().toasted = sent_commands.time.monotonic()
    live.rerun_page()
    assert len(reruns) == 1
    wait(monkeypatch, TOAST_SECONDS)
    live.rerun_page()
    assert len(reruns) == 2


def test_an_answer_whose_toast_was_overtaken_by_another_run_is_said_by_that_one(sent, monkeypatch):
    def overtaken(*_args, **_kwargs):
        raise InterruptedError

    monkeypatch.setattr("remap_core.ui.app_data.newest", lambda: None)
    monkeypatch.setattr("remap_core.data_folder.inbox.Inbox.rejection", lambda _inbox, _command: "no such kind")
    monkeypatch.setattr("streamlit.toast", overtaken)
    sent_commands.send(Pause())
    with pytest.raises(InterruptedError):
        show_receipt_toasts()
    assert len(live.current_session().unannounced) == 1
    monkeypatch.setattr("streamlit.toast", lambda *_args, **_kwargs: None)
    show_receipt_toasts()
    assert live.current_session().unannounced == []
