import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, read_trainer, write_trainer
from remap_core.errors import FolderUnusable

STATUS = TrainerStatus(os.getpid(), 90.0, 100.0, "0.1.0", "cpu", 2, "The disk is full.")


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path)


def ended_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def written(folder, **changes):
    form = json.loads(folder.trainer.read_bytes()) if folder.trainer.exists() else {}
    folder.trainer.write_text(json.dumps(form | changes))


def test_a_status_is_read_back_as_it_was_written(folder):
    write_trainer(folder, STATUS)
    assert read_trainer(folder, now=101.0) == STATUS


def test_a_folder_without_a_heartbeat_has_no_trainer(folder):
    assert read_trainer(folder, now=101.0) is None


@pytest.mark.parametrize(("now", "alive"), [(100.0, True), (109.0, True), (111.0, False), (95.0, True), (80.0, False)])
def test_a_trainer_is_alive_while_its_heartbeat_is_fresh(folder, now, alive):
    write_trainer(folder, STATUS)
    assert STATUS.is_alive(now) is alive
    assert read_trainer(folder, now) == (STATUS if alive else None)


def test_a_trainer_whose_process_has_ended_on_this_host_is_dead():
    assert not TrainerStatus(ended_process(), 90.0, 100.0, "0.1.0", "cpu", 2).is_alive(101.0)


def test_a_trainer_on_another_host_is_judged_by_its_heartbeat_alone():
    assert TrainerStatus(ended_process(), 90.0, 100.0, "0.1.0", "cpu", 2, host="elsewhere").is_alive(101.0)


def test_a_process_of_another_user_is_alive(folder):
    assert TrainerStatus(1, 90.0, 100.0, "0.1.0", "cpu", 2).is_alive(101.0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_an_unreadable_heartbeat_is_no_trainer(folder, content):
    folder.trainer.write_bytes(content)
    assert read_trainer(folder, now=101.0) is None


@pytest.mark.parametrize("change", [{"pid": 0}, {"pid": -1}, {"pid": 10**30}, {"pid": "me"}, {"heartbeat": None}])
def test_an_invalid_status_is_no_trainer(folder, change):
    write_trainer(folder, STATUS)
    written(folder, **change)
    assert read_trainer(folder, now=101.0) is None


def test_unknown_fields_of_a_newer_trainer_are_ignored(folder):
    write_trainer(folder, STATUS)
    written(folder, temperature=80)
    assert read_trainer(folder, now=101.0) == STATUS


def test_on_a_full_disk_the_heartbeat_goes_on_in_its_place(folder, monkeypatch):
    write_trainer(folder, STATUS)
    size = folder.trainer.stat().st_size

    def full(*_):
        raise FolderUnusable(f"The data folder {folder.home} has no space left on its disk.")

    monkeypatch.setattr(DataFolder, "write", full)
    later = replace(STATUS, heartbeat=200.0, message="The disk is full. " * 1_000)
    write_trainer(folder, later)
    assert read_trainer(folder, now=201.0) == replace(later, message=later.message[:500])
    assert folder.trainer.stat().st_size == size
