import json
import os
import subprocess
import sys

import pytest

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, read_trainer, write_trainer

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


def test_what_the_trainer_says_is_read_back(folder):
    write_trainer(folder, STATUS)
    assert read_trainer(folder, now=101.0) == STATUS


def test_there_is_no_trainer_where_none_has_written(folder):
    assert read_trainer(folder, now=101.0) is None


@pytest.mark.parametrize(("now", "alive"), [(100.0, True), (109.0, True), (111.0, False), (95.0, True), (80.0, False)])
def test_a_trainer_is_alive_while_its_heartbeat_is_fresh(folder, now, alive):
    write_trainer(folder, STATUS)
    assert STATUS.is_alive(now) is alive
    assert read_trainer(folder, now) == (STATUS if alive else None)


def test_a_trainer_whose_process_has_ended_on_this_host_is_dead():
    assert not TrainerStatus(ended_process(), 90.0, 100.0, "0.1.0", "cpu", 2).is_alive(101.0)


def test_of_a_trainer_on_another_host_only_the_heartbeat_is_known():
    assert TrainerStatus(ended_process(), 90.0, 100.0, "0.1.0", "cpu", 2, host="elsewhere").is_alive(101.0)


def test_a_process_of_somebody_else_is_alive(folder):
    assert TrainerStatus(1, 90.0, 100.0, "0.1.0", "cpu", 2).is_alive(101.0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_a_file_that_is_no_status_is_no_trainer(folder, content):
    folder.trainer.write_bytes(content)
    assert read_trainer(folder, now=101.0) is None


@pytest.mark.parametrize("change", [{"pid": 0}, {"pid": -1}, {"pid": 10**30}, {"pid": "me"}, {"heartbeat": None}])
def test_a_status_with_a_value_that_cannot_be_is_no_trainer(folder, change):
    write_trainer(folder, STATUS)
    written(folder, **change)
    assert read_trainer(folder, now=101.0) is None


def test_what_a_newer_trainer_says_besides_is_passed_over(folder):
    write_trainer(folder, STATUS)
    written(folder, temperature=80)
    assert read_trainer(folder, now=101.0) == STATUS
