"""The trainer's sign of life: a small file that it rewrites every second and that anybody may read."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from remap_core.data_folder.folder import DataFolder

FRESH_SECONDS = 10.0
"""A heartbeat that is older than this is a trainer that died or hangs."""


@dataclass(frozen=True)
class TrainerStatus:
    """What a trainer says of itself. started, heartbeat: seconds since 1970 (UTC); workers: trainings at once."""

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    started: float
    heartbeat: float
    version: str
    device: str
    workers: int
    message: str = ""
    host: str = field(default_factory=socket.gethostname)

    def is_alive(self, now: float) -> bool:
        """Whether the heartbeat is fresh and, where this host is the trainer's, its process exists.

        A heartbeat from the future is as stale as one from the past: one of the clocks was set.
        """
        fresh = abs(now - self.heartbeat) < FRESH_SECONDS
        return fresh and (self.host != socket.gethostname() or _exists(self.pid))


_FORM = TypeAdapter(TrainerStatus)


def write_trainer(folder: DataFolder, status: TrainerStatus) -> None:
    """Replace the trainer's file in one step; raises FolderUnusable."""
    folder.write(folder.trainer, _FORM.dump_json(status))


def read_trainer(folder: DataFolder, now: float) -> TrainerStatus | None:
    """What the trainer that is alive at `now` says of itself; None where none is, or its file is not understood."""
    status = last_status(folder)
    return status if status and status.is_alive(now) else None


def last_status(folder: DataFolder) -> TrainerStatus | None:
    """What the last trainer said of itself, be it alive or not; None before any, or where that is not understood."""
    try:
        return _FORM.validate_json(folder.trainer.read_bytes())
    except (OSError, ValidationError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
