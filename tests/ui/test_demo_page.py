"""What visitors of a demo see of it: its first look, and its end of the day."""

import shutil
from datetime import UTC, datetime
from time import monotonic

import pytest
from apps import opened, said

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.services.demo.prepared_models import restored_at
from remap_core.services.trainer_process import StartedTrainer
from remap_core.ui import app_data, frame
from remap_core.ui.session import SESSION
from remap_core.ui.sidebar import trainer_progress

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
DAY = 86_400


@pytest.fixture
def clock(home, monkeypatch):
    """A demo at noon; a function that moves its clock on by so many seconds."""
    monkeypatch.setenv("REMAP_PROFILE", "demo")
    monkeypatch.setattr(frame, "limit_demo_uploads", lambda: None)  # of the whole process
    now = [NOON]

    class Clock:
        time = staticmethod(lambda: now[0])
        monotonic = staticmethod(monotonic)

    def pass_by(seconds):
        now[0] += seconds

    monkeypatch.setattr(app_data, "time", Clock)
    monkeypatch.setattr(trainer_progress, "time", Clock)
    return pass_by


def test_a_demo_opens_with_its_prepared_models_and_says_what_it_is(clock):
    app = opened("overview")
    assert not app.error
    session = app.session_state[SESSION]
    assert sum(session.catalogue.counts().values()) == 80
    captions = [caption.value for caption in app.sidebar.caption]
    assert f":material/person: {session.visitor}" in captions
    assert "A demo for everybody: what is trained here is gone at 04:00 UTC." in captions
    opened("queue")
    opened("generate", selected=1)
    opened("inspect", selected=1, tab="try-it")


def test_a_demo_with_models_of_its_own_does_not_say_that_they_go(home, clock):
    DataFolder(home).live.touch()
    app = opened("overview")
    assert "A demo for everybody." in [caption.value for caption in app.sidebar.caption]


def test_an_open_page_begins_again_on_the_next_day(home, clock):
    app = opened("generate", selected=1, drawer=[1, 2])
    before = app.session_state[SESSION].visitor
    clock(DAY)
    app.run()
    assert not app.exception
    session = app.session_state[SESSION]
    assert (session.visitor == before, session.drawer) == (False, [])
    assert restored_at(DataFolder(home)) == NOON + DAY
    app.run()
    assert app.session_state[SESSION].visitor == session.visitor


def test_what_is_pressed_on_yesterdays_page_is_not_sent(home, clock):
    app = opened("generate", selected=1)
    clock(DAY)
    app.button(key="generate-train").click().run()
    assert not app.exception
    assert Inbox(DataFolder(home)).pending() == []


@pytest.mark.parametrize("page", ["overview", "drawer", "inspect", "generate", "queue", "data"])
def test_on_a_disk_that_was_wiped_every_page_finds_the_prepared_models_again(home, clock, page):
    app = opened(page, selected=1)
    shutil.rmtree(home)
    app.run()
    assert not app.exception
    assert not app.error
    assert sum(app.session_state[SESSION].catalogue.counts().values()) == 80


def test_a_data_folder_that_cannot_be_made_again_is_one_sentence(home, clock):
    app = opened("overview")
    shutil.rmtree(home)
    home.write_text("a file")
    app.run()
    assert not app.exception
    assert "The data folder" in said(app)


class Ended:
    """A trainer's process that was killed, or has ended for the day."""

    pid = 1

    def poll(self):
        return -9


def test_a_demos_trainer_that_has_ended_is_followed_by_another(home, clock, monkeypatch):
    started = []

    def start(_settings, _folder):
        started.append(StartedTrainer(Ended(), trainer_progress.time.time()))
        return started[-1]

    monkeypatch.setenv("REMAP_AUTOSTART", "true")
    monkeypatch.setattr(trainer_progress, "start_trainer", start)
    app = opened("overview")
    app.run()
    assert len(started) == 1, "not with every run of a page"
    clock(31)
    app.run()
    assert len(started) == 2
