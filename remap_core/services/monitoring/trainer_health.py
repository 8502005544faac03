"""Whether the trainer of this process is alive, and whether it can train."""

from __future__ import annotations

import time
from collections.abc import Callable

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, last_status
from remap_core.errors import CatalogueError

HANGING_SECONDS = 60.0
"""Age of the last heartbeat from which on the trainer hangs."""


class TrainerHealth:
    """Of the trainer that this process is about to build. clock: seconds since 1970 (UTC)."""

    def __init__(self, folder: DataFolder, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._since = clock()

    def problem(self) -> str:
        """Why it should be restarted: it hangs. Empty while it starts, and where a full disk keeps it silent."""
        status = self._status()
        age = self._clock() - status.heartbeat if status else 0.0
        if age < HANGING_SECONDS or self._folder.disk_space_warning():
            return ""
        return f"The trainer hangs: its last heartbeat is {age:,.0f} s old."

    def obstacle(self) -> str:
        """Why it cannot train what is queued at present."""
        status = self._status()
        if status is None or not status.device:
            return "The trainer is starting."
        obstacle = self._folder.disk_space_warning() or self.problem() or status.message
        if obstacle:
            return obstacle
        try:
            open_snapshot(self._folder).close()
        except CatalogueError as error:
            return str(error)
        return ""

    def _status(self) -> TrainerStatus | None:
        """What it said of itself; None before it did: what is there then is of a trainer before it."""
        status = last_status(self._folder)
        return status if status and status.started >= self._since else None
