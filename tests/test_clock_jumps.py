"""A clock that is set back an hour or ahead a day, while a trainer works."""

import json
import threading
from contextlib import closing

import pytest
from fakes import MemoryStore
from trainer_doubles import ListInbox, describe
from trainings import EVALUATION, epoch, proposal, train_well
from typer.testing import CliRunner

from remap_core import formatting
from remap_core.catalogue.health import examine
from remap_core.catalogue.snapshot import Publisher, current_number
from remap_core.catalogue.store import CatalogueStore
from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.heartbeat_writer import HeartbeatWriter
from remap_core.trainer.serving import serve
from remap_core.trainer.worker import Worker
from remap_core.trials.commands import Enqueue
from remap_core.trials.trial import TrialState
from remap_core.ui.queue.finished_table import _duration

T = 1_700_000_000.0
JUMPS = [-3600.0, 86_400.0, -10 * 365 * 86_400.0]


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path)


@pytest.fixture
def beat(folder):
    beat = HeartbeatWriter(folder)
    beat.executor = InlineExecutor(train_well)
    return beat


@pytest.mark.parametrize("jump", JUMPS)
def test_the_first_heartbeat_after_a_jump_shows_a_running_trainer(folder, beat, jump):
    beat(T, "")
    beat(T + jump, "")
    assert read_trainer(folder, T + jump) is not None


@pytest.mark.parametrize("jump", JUMPS)
def test_trainings_continue_and_are_published_through_a_jump(folder, beat, jump):
    stop, moments = threading.Event(), iter([T, T + 1, T + 2])
    with closing(CatalogueStore.open(folder)) as store:
        inbox = ListInbox()
        inbox.send(Enqueue((proposal(3, epochs=6),)))
        publisher, seen = Publisher(store, folder), []

        def clock():
            now = next(moments, None) or T + jump + len(seen)
            seen.append((current_number(folder), read_trainer(folder, now) is not None))
            if len(seen) == 14:
                stop.set()
            return now

        worker = Worker(store, inbox, InlineExecutor(train_well), describe)
        serve(worker, publisher, beat, stop, clock=clock)
        assert store.trial(1).state is TrialState.COMPLETE
    before, after = seen[3][0], seen[6][0]
    assert after > before
    assert all(alive for _, alive in seen[4:])


def test_no_age_is_negative_with_a_clock_that_is_slightly_ahead(folder, beat, monkeypatch):
    beat(T + 5, "")
    monkeypatch.setattr("time.time", lambda: T)
    ended = CliRunner(env={"REMAP_HOME": str(folder.home)}).invoke(app, ["status", "--json"])
    assert json.loads(ended.output)["trainer"]["heartbeat_seconds_ago"] == 0.0
    with folder.lock():
        assert any(
            "is running" in found.sentence and "last heartbeat 0 s ago" in found.sentence
            for found in examine(folder, T)
        )


def test_a_heartbeat_from_the_future_is_explained(folder, beat):
    beat(T + 3600, "")
    with folder.lock():
        said = [found.sentence for found in examine(folder, T) if "last heartbeat" in found.sentence]
    assert "its last heartbeat is 3,600 s in the future (a clock was changed)" in said[0]


def test_the_duration_of_a_training_that_ended_before_it_started_is_unknown():
    store = MemoryStore()
    store.enqueue([proposal(3)], T)
    store.claim(T)
    store.record_epoch(1, epoch(1))
    store.complete(1, EVALUATION, T - 3600)
    assert _duration(store.trial(1)) == formatting.NOT_AVAILABLE
