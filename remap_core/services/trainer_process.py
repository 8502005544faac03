"""The trainer as a process of its own, started by the app."""

from __future__ import annotations

import os
import subprocess
import sys

from remap_core.data_folder.folder import DataFolder
from remap_core.settings import Settings


def start_trainer(settings: Settings, folder: DataFolder) -> subprocess.Popen[bytes]:
    """A trainer daemon for the data folder that leaves when this process does.

    It keeps its own log; what else it writes goes into `folder.trainer_output`. Raises FolderUnusable.
    """
    command = [sys.executable, "-m", "remap_core.cli", "trainer", "--with-parent", str(os.getpid())]
    environment = os.environ | {
        f"REMAP_{name.upper()}": str(value) for name, value in settings.model_dump(mode="json").items()
    }
    with folder.errors_as_unusable():
        output = folder.trainer_output.open("ab")
    with output as sink:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment)


def last_words(folder: DataFolder) -> str:
    """Why the last trainer that was started by `start_trainer` ended, in its own words; empty where it said none."""
    try:
        with folder.trainer_output.open("rb") as output:
            output.seek(-min(2000, folder.trainer_output.stat().st_size), os.SEEK_END)
            lines = output.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("Error: ") if lines else ""
