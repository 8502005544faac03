"""What open pages do by themselves: one look for the whole page while nothing is trained, else each part updates."""

import os
import time

import pytest
import streamlit as st
from apps import opened
from catalogues import changed, write_catalogue, write_learnt

from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.search_file import create_search
from remap_core.trials.annotations import Annotation
from remap_core.trials.commands import Pause
from remap_core.ui import app_data, live, news, sent_commands
from remap_core.ui.session import SESSION, Session
from remap_core.ui.suggest import present_outlook
from remap_core.version import __version__

PAGES = ("overview", "drawer", "inspect", "generate", "queue", "data")


@pytest.fixture
def timers(monkeypatch):
    """The seconds between updates, of each part of a page that updates by itself."""
    seconds, fragment = [], st.fragment

    def noted(*args, run_every=None, **options):
        if run_every:
            seconds.append(run_every)
        return fragment(*args, run_every=run_every, **options)

    monkeypatch.setattr("streamlit.fragment", noted)
    return seconds


@pytest.fixture
def visitor(home, monkeypatch):
    """A visitor whose page was drawn just now, from a catalogue of five models."""
    folder = write_catalogue(home)
    monkeypatch.setattr("streamlit.session_state", {SESSION: Session()})
    monkeypatch.setattr("remap_core.ui.app_data.folder", lambda: folder)
    news.note_sources()
    return folder


def beat(folder, now=None, version=__version__):
    write_trainer(folder, TrainerStatus(os.getpid(), 0.0, now or time.time(), version, "cpu", 1))


@pytest.mark.parametrize("page", PAGES)
def test_while_nothing_is_trained_one_timer_looks_for_the_whole_page(home, timers, page):
    beat(write_catalogue(home))
    opened(page, selected=1)
    assert timers == [live.IDLE_POLL]


def test_without_a_trainer_waiting_trainings_do_not_move(home, timers):
    write_catalogue(home, waiting=2)
    opened("queue")
    assert timers == [live.IDLE_POLL]


def test_while_trainings_wait_for_a_trainer_that_runs_each_part_updates_every_second(home, timers):
    beat(write_catalogue(home, waiting=2))
    opened("queue")
    assert len(timers) == 3  # map, trainer, queue
    assert set(timers) == {live.POLL}


def test_whoever_waits_for_an_answer_of_the_trainer_sees_it_within_a_second(home, timers):
    beat(write_catalogue(home))
    app = opened("queue")
    app.session_state[SESSION].sent.append("a command")
    timers.clear()
    app.run()
    assert set(timers) == {live.POLL}


def test_a_new_snapshot_is_news(visitor):
    before = news.news()
    assert news.news() == before
    changed(visitor.home, lambda store: store.annotate(1, Annotation(note="odd")))
    assert news.news() != before


def test_a_trainer_that_comes_is_news_and_its_next_heartbeat_is_not(visitor):
    before = news.news()
    beat(visitor)
    assert news.news() != before
    news.note_sources()
    before = news.news()
    beat(visitor, now=time.time() + 1)
    assert news.news() == before


def test_a_search_that_begins_is_news(visitor):
    before = news.news()
    create_search(visitor, {"name": "search"})
    assert news.news() != before


def test_a_data_set_that_is_added_is_news(visitor):
    before = news.news()
    (visitor.home / "data").mkdir()
    assert news.news() != before


def test_what_a_visitor_sends_from_one_part_of_the_page_is_news_for_the_others(visitor):
    before = news.news()
    sent_commands.send(Pause())
    assert news.news() != before


def test_suggestions_are_not_computed_again_while_nothing_changes(home, monkeypatch):
    write_learnt(home)
    computed, outlook = [], present_outlook.outlook
    monkeypatch.setattr(
        present_outlook, "outlook", lambda *args, **options: computed.append(1) or outlook(*args, **options)
    )
    app = opened("overview")
    app.run()
    opened("overview", selected=2)
    assert len(computed) == 1


def test_where_many_look_pages_keep_to_a_catalogue_for_some_seconds(visitor, monkeypatch):
    app_data.published()
    monkeypatch.setattr("remap_core.ui.app_data.open_sessions", lambda: 20)
    first = app_data.published()
    changed(visitor.home, lambda store: store.annotate(1, Annotation(note="odd")))
    assert app_data.published() == first
    monkeypatch.setattr("remap_core.ui.app_data.MAX_PATIENCE", 0.0)
    assert app_data.published() == first + 1


def test_who_waits_for_an_answer_sees_the_newest_catalogue_however_many_look(visitor, monkeypatch):
    monkeypatch.setattr("remap_core.ui.app_data.open_sessions", lambda: 20)
    first = app_data.published()
    changed(visitor.home, lambda store: store.annotate(1, Annotation(note="odd")))
    st.session_state[SESSION].sent.append("a command")
    assert app_data.published() == first + 1
