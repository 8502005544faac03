import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderInUse, FolderUnusable

HOLDER = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from remap_core.data_folder.folder import DataFolder
with DataFolder(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_new_data_folder_has_folders_but_no_files(tmp_path):
    folder = DataFolder(tmp_path / "deep" / "data")
    made = {str(path.relative_to(folder.home)) for path in folder.home.rglob("*")}
    assert made == {"snapshots", "artifacts", "inbox", "inbox/tmp", "inbox/rejected"}


def test_a_relative_home_stays_the_same_when_the_working_folder_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = DataFolder(Path(".remap"))
    assert folder.home == tmp_path / ".remap"
    assert folder == DataFolder(tmp_path / ".remap")


def test_a_tilde_is_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert DataFolder(Path("~/data")).home == tmp_path / "data"


@pytest.mark.parametrize("name", ["file", "file/below", "nul\0l"])
def test_a_folder_that_cannot_be_created_is_named(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable) as caught:
        DataFolder(tmp_path / name)
    assert str(caught.value).startswith(f"The data folder {tmp_path / name} cannot be created: ")
    assert str(caught.value).endswith(".")


def test_a_second_trainer_is_refused_with_the_holders_pid(tmp_path):
    folder = DataFolder(tmp_path)
    with folder.lock():
        refused = pytest.raises(FolderInUse, match=rf"A trainer \(pid {os.getpid()}\) already works in {tmp_path}")
        with refused, DataFolder(tmp_path).lock():
            pytest.fail("both hold it")
    with folder.lock():
        assert folder.lock_file.read_text() == str(os.getpid())


def test_the_lock_is_released_when_its_block_fails(tmp_path):
    folder = DataFolder(tmp_path)
    with pytest.raises(ZeroDivisionError), folder.lock():
        raise ZeroDivisionError
    with folder.lock():
        pass


def test_the_lock_is_released_when_its_holder_is_killed(tmp_path):
    folder = DataFolder(tmp_path)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUse, match=rf"\(pid {holder.pid}\)"), folder.lock():
            pytest.fail("both hold it")
        holder.send_signal(signal.SIGKILL)
    with folder.lock():
        pass


def test_child_processes_do_not_inherit_the_lock(tmp_path):
    folder = DataFolder(tmp_path)
    with folder.lock():
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with folder.lock():
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_lock_that_cannot_be_taken_for_another_reason_is_an_unusable_folder(tmp_path):
    folder = DataFolder(tmp_path)
    folder.lock_file.mkdir()
    refused = pytest.raises(FolderUnusable, match=f"The data folder {tmp_path} cannot be used: Is a directory")
    with refused, folder.lock():
        pytest.fail("it was taken")


def test_a_file_is_replaced_in_one_step(tmp_path):
    folder = DataFolder(tmp_path)
    folder.write(folder.trainer, b"old")
    folder.write(folder.trainer, b"new")
    assert folder.trainer.read_bytes() == b"new"
    assert list(tmp_path.glob("*.tmp")) == []


def test_a_failed_replacement_keeps_the_old_file_and_leaves_no_other(tmp_path):
    folder = DataFolder(tmp_path)
    folder.write(folder.trainer, b"old")
    with pytest.raises(ZeroDivisionError), folder.replacing(folder.trainer) as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert folder.trainer.read_bytes() == b"old"
    assert list(tmp_path.glob("*.tmp")) == []


def test_a_file_that_cannot_be_replaced_is_an_unusable_folder(tmp_path):
    folder = DataFolder(tmp_path)
    folder.trainer.mkdir()
    with pytest.raises(FolderUnusable, match=f"The data folder {tmp_path} cannot be used: Is a directory"):
        folder.write(folder.trainer, b"{}")
    assert list(tmp_path.glob("*.tmp")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_reported_in_words(tmp_path):
    said = pytest.raises(FolderUnusable, match=f"The data folder {tmp_path} has no space left on its disk")
    with said, DataFolder(tmp_path).errors_as_unusable():
        Path("/dev/full").write_bytes(b"x")


def test_a_read_only_file_system_is_named_as_such(tmp_path):
    folder = DataFolder(tmp_path)
    with (
        pytest.raises(FolderUnusable, match="is on a read-only file system: its models can be viewed"),
        folder.errors_as_unusable(),
    ):
        raise OSError(errno.EROFS, "Read-only file system", "x")


def test_low_disk_space_is_reported_before_the_disk_is_full(tmp_path, monkeypatch):
    folder = DataFolder(tmp_path)
    assert folder.disk_space_warning() == ""
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=150_400_000))
    assert folder.disk_space_warning() == (
        f"Training is paused: the disk of {tmp_path} has less than 200 MB left. It resumes when there is enough space."
    )


def test_a_deleted_data_folder_pauses_training_too(tmp_path):
    folder = DataFolder(tmp_path / "home")
    shutil.rmtree(folder.home)
    assert (
        folder.disk_space_warning()
        == f"The data folder {folder.home} cannot be used: No such file or directory ({folder.home})."
    )
