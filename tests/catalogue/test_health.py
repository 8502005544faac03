"""What is found in a data folder that is not well, each as one sentence."""

import os
import time
from collections import namedtuple

import duckdb
import pytest
from catalogues import write_catalogue

from remap_core import __version__
from remap_core.catalogue import health
from remap_core.catalogue.health import Level, examine
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.system import filesystem

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folder(tmp_path):
    """Of six finished models, whose weights are there."""
    folder = write_catalogue(tmp_path / "home")
    for trial in range(1, 7):
        folder.weights(trial).parent.mkdir()
        folder.weights(trial).write_bytes(b"")
    return folder


@pytest.fixture
def alive(folder):
    """A trainer that is alive in the folder; gives a function that has it say something else."""

    def says(**more):
        said = {"version": __version__, "device": "CPU, a toy", "heartbeat": time.time()} | more
        write_trainer(folder, TrainerStatus(pid=os.getpid(), started=0.0, workers=2, **said))

    with folder.lock():
        says()
        yield says


def found(folder, level):
    return [finding.sentence for finding in examine(folder, time.time()) if finding.level is level]


def test_a_folder_that_is_well_has_nothing_to_say(folder, alive):
    assert found(folder, Level.WARNING) == []
    assert found(folder, Level.ERROR) == []
    assert "Snapshot 1 is readable: 6 trials, schema" in "\n".join(found(folder, Level.OK))


def test_an_empty_folder_only_lacks_a_trainer(tmp_path):
    (sentence,) = found(DataFolder(tmp_path / "new"), Level.WARNING)
    assert sentence.startswith("No trainer is running: start one")


def test_looking_takes_no_lock_and_leaves_nothing(folder):
    before = sorted(path.name for path in folder.home.rglob("*"))
    list(examine(folder, time.time()))
    assert sorted(path.name for path in folder.home.rglob("*")) == before
    with folder.lock():
        pass


def test_a_trainer_that_hangs_is_named_with_its_process(folder, alive):
    alive(heartbeat=time.time() - 90)
    (sentence,) = found(folder, Level.WARNING)
    assert f"(pid {os.getpid()}) has locked the folder, but its last heartbeat is 90 s old" in sentence


def test_a_trainer_of_another_version_is_an_error(folder, alive):
    alive(version="9.9")
    assert found(folder, Level.ERROR) == [
        f"The trainer's version is 9.9, but this is {__version__}: restart the older of the two."
    ]


def test_what_the_trainer_complains_of_is_said_again(folder, alive):
    alive(message="The disk is full.")
    assert found(folder, Level.WARNING) == ["The trainer reports: The disk is full."]


@pytest.mark.parametrize(("free", "level"), [(1e9, Level.WARNING), (1e8, Level.ERROR)])
def test_a_disk_with_little_room_is_said(folder, alive, monkeypatch, free, level):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: Usage(1e12, 1e12 - free, free))
    assert f"{free / 1e9:.1f} GB are free on its disk: free some space" in found(folder, level)[0]


def test_a_folder_that_cannot_be_written_is_an_error(folder, monkeypatch):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(health.tempfile, "TemporaryFile", refuse)
    assert "cannot be written: Read-only file system" in found(folder, Level.ERROR)[0]


def test_a_network_file_system_is_an_error(folder, monkeypatch):
    monkeypatch.setattr(filesystem, "_read_mounts", lambda: "box:/ / nfs4 rw 0 0\n")
    assert "lies on a network file system (nfs4)" in found(folder, Level.ERROR)[0]


def test_a_snapshot_that_cannot_be_read_is_an_error(folder):
    (folder.snapshots / "catalogue-1.duckdb").write_bytes(b"no database")
    assert "catalogue-1.duckdb cannot be read" in found(folder, Level.ERROR)[0]


def test_a_snapshot_of_a_newer_version_is_an_error(folder):
    with duckdb.connect(folder.snapshots / "catalogue-1.duckdb") as connection:
        connection.execute("INSERT INTO migrations VALUES ('m9999_from_the_future')")
    assert "newer version" in found(folder, Level.ERROR)[0]


def test_commands_that_a_living_trainer_does_not_get_to_are_a_warning(folder, alive):
    (folder.inbox / "1.json").write_text("{}")
    os.utime(folder.inbox / "1.json", (0, 0))
    assert found(folder, Level.WARNING) == [
        "Commands waiting in the inbox: 1; the trainer does not read them, and its log may say why."
    ]


def test_rejected_commands_are_counted(folder, alive):
    (folder.rejected_commands / "1.json").write_text("{}")
    (folder.rejected_commands / "1.reason.txt").write_text("why\n")
    assert found(folder, Level.WARNING)[0].startswith("Commands that were not understood: 1;")


def test_artifacts_of_no_trial_and_missing_weights_are_named_but_not_those_of_trials_to_come(folder, alive):
    folder.weights(3).parent.rename(folder.artifacts / "0")
    (folder.artifacts / "9").mkdir()
    strangers, lacking = found(folder, Level.WARNING)
    assert strangers == f"{folder.artifacts} has artifacts of unknown models: #0; delete them."
    assert lacking.startswith("The weights of these models are missing: #3;")


def test_half_written_files_are_named_once_nobody_can_be_writing_them_any_more(folder, alive):
    partial = folder.artifacts / "1" / "checkpoint.partial"
    partial.write_bytes(b"")
    assert found(folder, Level.WARNING) == []
    os.utime(partial, (0, 0))
    assert found(folder, Level.WARNING) == [f"Partial files were left behind: 1, such as {partial}; delete them."]
