"""Problems of a data folder, each reported in one sentence."""

import os
import time
from collections import namedtuple

import duckdb
import pytest
from catalogues import write_catalogue

from remap_core.catalogue import health
from remap_core.catalogue.health import Level, examine
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.system import filesystem
from remap_core.version import __version__

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folder(tmp_path):
    """A data folder of six finished models with their weights."""
    folder = write_catalogue(tmp_path / "home")
    for trial in range(1, 7):
        folder.weights(trial).parent.mkdir()
        folder.weights(trial).write_bytes(b"")
    return folder


@pytest.fixture
def trainer(folder):
    """A running trainer; yields a function that changes its heartbeat."""

    def beat(**changes):
        status = {"version": __version__, "device": "CPU, a toy", "heartbeat": time.time()} | changes
        write_trainer(folder, TrainerStatus(pid=os.getpid(), started=0.0, workers=2, **status))

    with folder.lock():
        beat()
        yield beat


def sentences(folder, level):
    return [finding.sentence for finding in examine(folder, time.time()) if finding.level is level]


def test_a_healthy_folder_has_no_warnings(folder, trainer):
    assert sentences(folder, Level.WARNING) == []
    assert sentences(folder, Level.ERROR) == []
    assert "Snapshot 1 is readable: 6 trials, schema" in "\n".join(sentences(folder, Level.OK))


def test_an_empty_folder_only_lacks_a_trainer(tmp_path):
    (sentence,) = sentences(DataFolder(tmp_path / "new"), Level.WARNING)
    assert sentence.startswith("No trainer is running: start one")


def test_checking_takes_no_lock_and_leaves_no_files(folder):
    before = sorted(path.name for path in folder.home.rglob("*"))
    list(examine(folder, time.time()))
    assert sorted(path.name for path in folder.home.rglob("*")) == before
    with folder.lock():
        pass


def test_a_hanging_trainer_is_reported_with_its_process_id(folder, trainer):
    trainer(heartbeat=time.time() - 90)
    (sentence,) = sentences(folder, Level.WARNING)
    assert f"(pid {os.getpid()}) has locked the folder, but its last heartbeat is 90 s old" in sentence


def test_a_trainer_of_another_version_is_an_error(folder, trainer):
    trainer(version="9.9")
    assert sentences(folder, Level.ERROR) == [
        f"The trainer's version is 9.9, but this is {__version__}: restart the older of the two."
    ]


def test_the_trainers_own_message_is_reported(folder, trainer):
    trainer(message="The disk is full.")
    assert sentences(folder, Level.WARNING) == ["The trainer reports: The disk is full."]


@pytest.mark.parametrize(("free", "level"), [(1e9, Level.WARNING), (1e8, Level.ERROR)])
def test_low_disk_space_is_reported(folder, trainer, monkeypatch, free, level):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: Usage(1e12, 1e12 - free, free))
    assert f"{free / 1e9:.1f} GB are free on its disk: free some space" in sentences(folder, level)[0]


def test_a_folder_that_cannot_be_written_is_an_error(folder, monkeypatch):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(health.tempfile, "TemporaryFile", refuse)
    assert "cannot be written: Read-only file system" in sentences(folder, Level.ERROR)[0]


def test_a_network_file_system_is_an_error(folder, monkeypatch):
    monkeypatch.setattr(filesystem, "_read_mounts", lambda: "box:/ / nfs4 rw 0 0\n")
    assert "is on a network file system (nfs4)" in sentences(folder, Level.ERROR)[0]


def test_a_snapshot_that_cannot_be_read_is_an_error(folder):
    (folder.snapshots / "catalogue-1.duckdb").write_bytes(b"no database")
    assert "catalogue-1.duckdb cannot be read" in sentences(folder, Level.ERROR)[0]


def test_a_snapshot_of_a_newer_version_is_an_error(folder):
    with duckdb.connect(folder.snapshots / "catalogue-1.duckdb") as connection:
        connection.execute("INSERT INTO migrations VALUES ('m9999_from_the_future')")
    assert "newer version" in sentences(folder, Level.ERROR)[0]


def test_commands_that_a_running_trainer_does_not_read_are_a_warning(folder, trainer):
    (folder.inbox / "1.json").write_text("{}")
    os.utime(folder.inbox / "1.json", (0, 0))
    assert sentences(folder, Level.WARNING) == [
        "Commands waiting in the inbox: 1; the trainer does not read them, and its log may say why."
    ]


def test_rejected_commands_are_counted(folder, trainer):
    (folder.rejected_commands / "1.json").write_text("{}")
    (folder.rejected_commands / "1.reason.txt").write_text("why\n")
    assert sentences(folder, Level.WARNING)[0].startswith("Commands that were not understood: 1;")


def test_artifacts_of_unknown_models_and_missing_weights_are_listed_but_not_those_of_unpublished_trials(
    folder, trainer
):
    folder.weights(3).parent.rename(folder.artifacts / "0")
    (folder.artifacts / "9").mkdir()
    unknown, missing = sentences(folder, Level.WARNING)
    assert unknown == f"{folder.artifacts} has artifacts of unknown models: #0; delete them."
    assert missing.startswith("The weights of these models are missing: #3;")


def test_partial_files_are_reported_when_they_are_too_old_to_be_in_progress(folder, trainer):
    partial = folder.artifacts / "1" / "checkpoint.partial"
    partial.write_bytes(b"")
    assert sentences(folder, Level.WARNING) == []
    os.utime(partial, (0, 0))
    assert sentences(folder, Level.WARNING) == [f"Partial files were left behind: 1, such as {partial}; delete them."]
