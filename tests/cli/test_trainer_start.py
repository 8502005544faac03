"""What the trainer logs when it starts, or why it does not start, without any training."""

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
from remap_core.trainer import heartbeat_writer
from remap_core.trainer.executors.inline import InlineExecutor

trainer = sys.modules["remap_core.cli.trainer_command"]


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a trainer that stops at once; returns its log as (level, message)."""
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


def test_it_logs_that_it_starts_what_it_queues_and_that_it_stops(start):
    _, said = start()
    assert [message.split(" in ")[0] for _, message in said] == [
        "trainer started",
        "2 models queued: 1 to 2.",
        "trainer stopped",
    ]
    assert {level for level, _ in said} == {"info"}


def test_while_a_data_set_is_loaded_it_writes_heartbeats(start, monkeypatch, tmp_path):
    load, seen = assembly.load_dataset, []

    def load_slowly(name, home):
        patience = time.monotonic() + 20
        while len({status.heartbeat for status in seen}) < 3 and time.monotonic() < patience:
            status = read_trainer(DataFolder(tmp_path / "home"), time.time())
            seen.extend([status] if status else [])
            time.sleep(0.005)
        return load(name, home)

    monkeypatch.setattr(heartbeat_writer, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(assembly, "load_dataset", load_slowly)
    ended, _ = start()
    assert ended.exit_code == 0
    assert len({status.heartbeat for status in seen}) == 3
    assert {(status.device, status.workers) for status in seen} == {("", 0)}


def test_it_warns_about_a_network_file_system_and_trains_anyway(start, monkeypatch):
    monkeypatch.setattr(filesystem, "_read_mounts", lambda: "box:/ / fuse.sshfs rw 0 0\n")
    ended, said = start()
    assert ended.exit_code == 0
    ((_, warning),) = [line for line in said if line[0] == "warning"]
    assert "is on a network file system (fuse.sshfs)" in warning


def test_the_reason_why_it_stops_is_in_its_log(start, monkeypatch):
    monkeypatch.setenv("REMAP_DATASET", "nowhere.npz")
    ended, said = start()
    assert ended.exit_code == 1
    assert said[-1][0] == "critical"
    assert "nowhere.npz" in said[-1][1]


def test_it_does_not_start_on_a_read_only_file_system(start, monkeypatch, tmp_path):
    start()

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("remap_core.data_folder.folder.os.open", refuse)
    ended, _ = start()
    assert isinstance(ended.exception, FolderUnusable)
    assert "is on a read-only file system" in str(ended.exception)
