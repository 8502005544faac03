"""The trainer as a separate process, started by the app."""

from __future__ import annotations

import os
import subprocess
import sys

from remap_core.data_folder.folder import DataFolder
from remap_core.settings import Settings

_LAST_BYTES = 2000


def start_trainer(settings: Settings, folder: DataFolder) -> subprocess.Popen[bytes]:
    """Start a trainer for the data folder; it ends when this process does.

    It keeps its own log; whatever else it prints goes to `folder.trainer_output`. Raises FolderUnusable.
    """
    command = [sys.executable, "-m", "remap_core.cli", "trainer", "--with-parent", str(os.getpid())]
    values = settings.model_dump(mode="json")
    chosen = {f"REMAP_{name.upper()}": str(value) for name, value in values.items() if value is not None}
    environment = os.environ | chosen
    with folder.errors_as_unusable():
        output = folder.trainer_output.open("ab")
    with output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)


def last_words(folder: DataFolder) -> str:
    """The last line that a trainer started by `start_trainer` printed: why it ended. Empty if there is none."""
    try:
        with folder.trainer_output.open("rb") as output:
            size = output.seek(0, os.SEEK_END)
            output.seek(max(0, size - _LAST_BYTES))
            text = output.read().decode(errors="replace")
    except OSError:
        return ""
    last_line = text.strip().rpartition("\n")[2]
    return last_line.removeprefix("Error: ")
