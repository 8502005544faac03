import os
import subprocess
import sys

import psutil
import pytest

from remap_core.system.linux_processes import (
    descendants,
    has_open_file,
    proportional_bytes,
    running_processes,
)


@pytest.fixture
def child(tmp_path):
    """A process that has a file of tmp_path/inner open, and says so."""
    (tmp_path / "inner").mkdir()
    code = f"file = open({str(tmp_path / 'inner' / 'a file')!r}, 'w'); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code, "a word"], stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        yield process
        process.communicate(b"\n")


def test_processes_are_listed_with_their_parent_and_their_words(child):
    found = running_processes()
    assert found[child.pid].parent == os.getpid()
    assert found[child.pid].command[-1] == "a word"
    assert child.pid in [process.pid for process in descendants(os.getpid(), found)]
    assert os.getpid() in [process.pid for process in descendants(os.getppid(), found)]


def test_open_files_are_found_below_a_folder_alone(child, tmp_path):
    assert has_open_file(child.pid, tmp_path)
    assert has_open_file(child.pid, tmp_path / "inner")
    assert not has_open_file(child.pid, tmp_path / "inn")
    assert not has_open_file(2**22 + 1, tmp_path)


def test_the_proportional_bytes_are_those_of_psutil(child):
    theirs = psutil.Process(child.pid).memory_full_info().pss
    assert proportional_bytes(child.pid) == pytest.approx(theirs, rel=0.2)
    with pytest.raises(OSError, match=str(2**22 + 1)):
        proportional_bytes(2**22 + 1)
