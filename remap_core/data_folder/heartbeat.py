"""The trainer's heartbeat: a small file that it rewrites every second and that any process may read."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import FolderUnusable

FRESH_SECONDS = 10.0
"""Age from which on a heartbeat means that the trainer died or hangs."""


@dataclass(frozen=True)
class TrainerStatus:
    """A trainer's report on itself. started, heartbeat: seconds since 1970 (UTC). workers: trainings at a time.

    is_closed: whether it takes signed commands only.
    """

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    started: float
    heartbeat: float
    version: str
    device: str
    workers: int
    message: str = ""
    host: str = field(default_factory=socket.gethostname)
    is_closed: bool = False

    def is_alive(self, now: float) -> bool:
        """Whether the heartbeat is fresh and, for a trainer on this host, its process exists.

        A heartbeat from the future is as stale as one from the past: a clock was changed.
        """
        if abs(now - self.heartbeat) >= FRESH_SECONDS:
            return False
        is_remote = self.host != socket.gethostname()
        return is_remote or _process_exists(self.pid)


_FORM = TypeAdapter(TrainerStatus)
_BYTES = 2_000
"""Of the file, whatever it says, so that it can be written again in its place when the disk is full."""
_MAX_MESSAGE = 500


def write_trainer(folder: DataFolder, status: TrainerStatus) -> None:
    """Replace the heartbeat file in one step, or in its place where the disk has no room for two.

    Raises FolderUnusable.
    """
    shortened = replace(status, message=status.message[:_MAX_MESSAGE])
    content = _FORM.dump_json(shortened).ljust(_BYTES)
    try:
        folder.write(folder.trainer, content)
    except FolderUnusable:
        with folder.errors_as_unusable(), folder.trainer.open("r+b", buffering=0) as file:
            file.write(content)


def read_trainer(folder: DataFolder, now: float) -> TrainerStatus | None:
    """Return the status of the trainer that is running at `now`; None where none is, or its file is unreadable."""
    status = last_status(folder)
    if status and status.is_alive(now):
        return status
    return None


def last_status(folder: DataFolder) -> TrainerStatus | None:
    """Return the last trainer's status, running or not; None before the first, or where its file is unreadable."""
    try:
        return _FORM.validate_json(folder.trainer.read_bytes())
    except (OSError, ValidationError):
        return None


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
