import os

import pytest

from remap_core.data_folder import memory_use as memory_use_module
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.memory_use import memory_use
from remap_core.system import linux_processes

FORK_SERVER = "from multiprocessing.forkserver import main; main(9, 10)"
TRACKER = "from multiprocessing.resource_tracker import main;main(5)"
SPAWN = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=6, pipe_handle=8)"
TRAINER = os.getppid()  # a process that exists


class Proc:
    """A folder in place of /proc."""

    def __init__(self, root):
        self.root = root
        root.mkdir()

    def add(self, pid, parent, *command, kilobytes=0, opened=()):
        entry = self.root / str(pid)
        (entry / "fd").mkdir(parents=True)
        (entry / "stat").write_text(f"{pid} (a (strange) name) S {parent} 1 1 0")
        (entry / "cmdline").write_bytes("\0".join([*command, ""]).encode())
        (entry / "smaps_rollup").write_text(f"ff [rollup]\nRss: 99999 kB\nPss:  {kilobytes} kB\nPss_Dirty: 1 kB\n")
        for number, path in enumerate(opened):
            (entry / "fd" / str(number)).symlink_to(path)


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


@pytest.fixture
def proc(tmp_path, monkeypatch):
    made = Proc(tmp_path / "proc")
    monkeypatch.setattr(linux_processes, "PROC", made.root)
    made.add(1, 0, "init", kilobytes=7)
    return made


def beat(folder, **values):
    write_trainer(
        folder, TrainerStatus(**{"pid": TRAINER, "started": 0.0, "heartbeat": 100.0, "version": "1"} | values)
    )


def roles(use):
    return [(process.role, process.pid) for process in use.processes]


def test_the_app_that_started_the_trainer_and_all_that_this_started_count(folder, proc):
    beat(folder, device="cpu", workers=2)
    proc.add(10, 1, "streamlit", "run", "app.py", kilobytes=200)
    proc.add(11, 10, "onnx", "check", kilobytes=3)
    proc.add(TRAINER, 10, "python", "-m", "remap_core.cli", "trainer", "--with-parent", "10", kilobytes=100)
    proc.add(20, TRAINER, "python", "-c", TRACKER, kilobytes=5)
    proc.add(21, TRAINER, "python", "-c", FORK_SERVER, kilobytes=300)
    proc.add(22, 21, "python", "-c", FORK_SERVER, kilobytes=80)
    proc.add(23, 21, "python", "-c", FORK_SERVER, kilobytes=70)
    proc.add(30, 1, "another", kilobytes=5000)
    use = memory_use(folder, now=101.0)
    assert roles(use) == [
        ("app", 10),
        ("trainer", TRAINER),
        ("fork server", 21),
        ("worker", 22),
        ("worker", 23),
        ("other", 11),
        ("other", 20),
    ]
    assert use.bytes == 1024 * (200 + 3 + 100 + 5 + 300 + 80 + 70)
    assert use.problem == ""


def test_an_app_beside_a_trainer_of_its_own_is_known_by_the_folders_files(folder, proc):
    beat(folder, device="cpu", workers=1)
    proc.add(TRAINER, 1, "remap", "trainer", kilobytes=100)
    proc.add(20, TRAINER, "python", "-c", SPAWN, kilobytes=600)
    proc.add(30, 1, "streamlit", "run", opened=[folder.snapshots / "catalogue-3.duckdb (deleted)"], kilobytes=200)
    proc.add(31, 1, "streamlit", "run", opened=[folder.home.parent / "home-2" / "catalogue-3.duckdb"])
    proc.add(os.getpid(), 1, "remap", "status", opened=[folder.pointer])
    assert roles(memory_use(folder, now=101.0)) == [("app", 30), ("trainer", TRAINER), ("worker", 20)]


def test_without_a_trainer_only_who_has_the_folder_open_counts(folder, proc):
    assert memory_use(folder, now=101.0).processes == ()
    proc.add(30, 1, "streamlit", "run", opened=["socket:[12]", folder.pointer], kilobytes=200)
    assert roles(memory_use(folder, now=101.0)) == [("app", 30)]


def test_what_may_not_be_read_is_a_sentence(folder, proc, monkeypatch):
    def refuse(pid):
        raise PermissionError

    proc.add(30, 1, "streamlit", "run", opened=[folder.pointer])
    monkeypatch.setattr(memory_use_module, "proportional_bytes", refuse)
    use = memory_use(folder, now=101.0)
    assert (use.processes, use.problem) == ((), "The memory of the app (pid 30) may be read by its own user only.")


def test_a_trainer_elsewhere_and_another_system_are_a_sentence(folder, proc, monkeypatch):
    beat(folder, device="cpu", workers=1, host="elsewhere")
    assert memory_use(folder, now=101.0).problem == (
        "The trainer runs on elsewhere, which alone knows how much memory it holds."
    )
    monkeypatch.setattr(memory_use_module, "KNOWN", False)
    assert memory_use(folder, now=101.0).problem == ("Only Linux says how much memory a process holds as its share.")
