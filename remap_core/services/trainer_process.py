"""The trainer as a separate process, started by the app."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import last_status
from remap_core.settings import Settings

MAX_OUTPUT_BYTES = 1_000_000
"""Size of `trainer.out` from which on the next trainer starts a new one; the old one stays as `trainer.out.1`."""
_LAST_BYTES = 2000


@dataclass(frozen=True)
class StartedTrainer:
    """A trainer that this process started. started: seconds since 1970 (UTC)."""

    process: subprocess.Popen[bytes]
    started: float

    def is_running(self) -> bool:
        """Whether its process exists; the trainer may still be preparing."""
        return self.process.poll() is None


def start_trainer(settings: Settings, folder: DataFolder) -> StartedTrainer:
    """Start a trainer for the data folder; it ends when this process does.

    It keeps its own log; whatever else it prints goes to `folder.trainer_output`. Raises FolderUnusable.
    """
    command = [sys.executable, "-m", "remap_core.cli", "trainer", "--with-parent", str(os.getpid())]
    values = settings.model_dump(mode="json")
    chosen = {f"REMAP_{name.upper()}": str(value) for name, value in values.items() if value is not None}
    environment = os.environ | chosen
    started = time.time()
    with folder.errors_as_unusable():
        output = _open_output(folder.trainer_output)
    with output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
    return StartedTrainer(process, started)


def _open_output(path: Path) -> BinaryIO:
    if path.is_file() and path.stat().st_size > MAX_OUTPUT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def why_ended(trainer: StartedTrainer, folder: DataFolder) -> str:
    """Why the folder's last trainer ended, if it was this one; empty where it was another, or stopped on request."""
    code = trainer.process.poll()
    if not code or _another_ran_since(trainer, folder):
        return ""
    if code < 0:  # what it printed before tells nothing: it had no time to say why
        return f"killed by {_signal_name(-code)}."
    return last_words(folder) or f"exit code {code}."


def last_words(folder: DataFolder) -> str:
    """The last line that a trainer started by `start_trainer` printed. Empty if there is none."""
    try:
        with folder.trainer_output.open("rb") as output:
            size = output.seek(0, os.SEEK_END)
            output.seek(max(0, size - _LAST_BYTES))
            text = output.read().decode(errors="replace")
    except OSError:
        return ""
    last_line = text.strip().rpartition("\n")[2]
    return last_line.removeprefix("Error: ")


def _another_ran_since(trainer: StartedTrainer, folder: DataFolder) -> bool:
    status = last_status(folder)
    return status is not None and status.pid != trainer.process.pid and status.heartbeat > trainer.started


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
