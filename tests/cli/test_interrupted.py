"""Ctrl-C while `remap` still imports what it needs, or downloads images."""

import os
import subprocess
import sys

import pytest

INTERRUPTED_AT = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "duckdb":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
"""


INTERRUPTED_DOWNLOAD = """
import os, signal, time, urllib.request

def urlopen(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)

urllib.request.urlopen = urlopen
"""


@pytest.mark.parametrize("command", ["trainer", "status", "config"])
def test_ctrl_c_during_the_imports_ends_the_command_silently(tmp_path, command):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_AT)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "REMAP_HOME": str(tmp_path / "home")}
    arguments = [sys.executable, "-m", "remap_core.cli", command]
    ended = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", ["trainer", "sample"])
def test_ctrl_c_during_a_download_ends_the_command_and_deletes_the_download(tmp_path, command):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_DOWNLOAD)
    home = tmp_path / "home"
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "REMAP_HOME": str(home), "REMAP_DATASET": "mnist"}
    arguments = [sys.executable, "-m", "remap_core.cli", command]
    ended = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr) == (130, False)
    assert not (home / "downloads").exists()
