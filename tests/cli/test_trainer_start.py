"""What the trainer says when it begins and why it does not, without any training."""

import json
import logging
import sys
import time

import pytest
from typer.testing import CliRunner

from remap_core import assembly
from remap_core.cli.typer_app import app
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import read_trainer
from remap_core.errors import FolderUnusable
from remap_core.system import filesystem
from remap_core.trainer.executors.base import InlineExecutor

trainer = sys.modules["remap_core.cli.trainer_command"]


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """Begin a trainer that leaves at once; gives its log as (level, message)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_POPULATION", "2")
    monkeypatch.setattr(assembly, "LocalExecutor", lambda *_, **__: InlineExecutor(None))
    monkeypatch.setattr(assembly, "serve", lambda *_, **__: None)
    monkeypatch.setattr(trainer, "stop_on_signals", lambda: None)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    def run():
        ended = CliRunner().invoke(app, ["trainer"])
        lines = map(json.loads, DataFolder(tmp_path / "home").trainer_log.read_text().splitlines())
        return ended, [(line["level"], line["message"]) for line in lines]

    return run


def test_it_says_that_it_begins_what_it_enqueues_and_that_it_left(begin):
    _, said = begin()
    assert [message.split(" (")[0].split(" of ")[0] for _, message in said] == [
        "the trainer",
        "2 models enqueued: 1 to 2.",
        "the trainer has left",
    ]
    assert {level for level, _ in said} == {"info"}


def test_while_a_data_set_is_loaded_it_is_alive_and_starting(begin, monkeypatch, tmp_path):
    load, seen = assembly.load_dataset, []

    def load_slowly(name, home):
        patience = time.monotonic() + 20
        while len({status.heartbeat for status in seen}) < 3 and time.monotonic() < patience:
            status = read_trainer(DataFolder(tmp_path / "home"), time.time())
            seen.extend([status] if status else [])
            time.sleep(0.005)
        return load(name, home)

    monkeypatch.setattr(assembly, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(assembly, "load_dataset", load_slowly)
    ended, _ = begin()
    assert ended.exit_code == 0
    assert len({status.heartbeat for status in seen}) == 3
    assert {(status.device, status.workers) for status in seen} == {("", 0)}


def test_it_warns_of_a_network_file_system_and_trains_all_the_same(begin, monkeypatch):
    monkeypatch.setattr(filesystem, "_read_mounts", lambda: "box:/ / fuse.sshfs rw 0 0\n")
    ended, said = begin()
    assert ended.exit_code == 0
    ((_, warning),) = [line for line in said if line[0] == "warning"]
    assert "lies on a network file system (fuse.sshfs)" in warning


def test_the_reason_for_which_it_ends_is_in_its_log(begin, monkeypatch):
    monkeypatch.setenv("REMAP_DATASET", "nowhere.npz")
    ended, said = begin()
    assert ended.exit_code == 1
    assert said[-1][0] == "critical"
    assert "nowhere.npz" in said[-1][1]


def test_it_does_not_begin_on_a_read_only_file_system(begin, monkeypatch, tmp_path):
    begin()

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("remap_core.data_folder.folder.os.open", refuse)
    ended, _ = begin()
    assert isinstance(ended.exception, FolderUnusable)
    assert "is on a read-only file system" in str(ended.exception)
