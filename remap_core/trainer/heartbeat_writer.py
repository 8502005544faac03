"""Writes the trainer's heartbeat into the data folder."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.errors import FolderUnusable
from remap_core.trainer.executors.base import Executor
from remap_core.version import __version__

HEARTBEAT_SECONDS = 1.0
"""Seconds between heartbeats."""


class HeartbeatWriter:
    """Writes the status of a trainer at most once in HEARTBEAT_SECONDS. Without an executor the trainer is starting."""

    def __init__(self, folder: DataFolder, *, is_closed: bool = False) -> None:
        self._is_closed = is_closed
        self.executor: Executor | None = None
        self._folder = folder
        self._started = time.time()
        self._last_beat = 0.0
        self._problem = ""

    def __call__(self, now: float, problem: str) -> None:
        """Say that the trainer is running, and what it cannot do at present; raises FolderUnusable."""
        self._problem = problem
        if abs(now - self._last_beat) < HEARTBEAT_SECONDS:  # abs, or a clock that is set back silences it
            return
        self._last_beat = now
        write_trainer(self._folder, self._status(now))

    def _status(self, now: float) -> TrainerStatus:
        device = ""
        workers = 0
        if self.executor:
            device = self.executor.device
            workers = self.executor.slots
        return TrainerStatus(
            pid=os.getpid(),
            started=self._started,
            heartbeat=now,
            version=__version__,
            device=device,
            workers=workers,
            message=self._problem,
            is_closed=self._is_closed,
        )

    @contextmanager
    def in_background(self) -> Iterator[None]:
        """Write heartbeats from a thread while the block runs, which may take minutes (a download)."""
        done = threading.Event()

        def beat() -> None:
            while not done.is_set():
                with suppress(FolderUnusable):
                    self(time.time(), self._problem)
                done.wait(HEARTBEAT_SECONDS)

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
