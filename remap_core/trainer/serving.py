"""The daemon's loop and its signals: tick, publish, beat, wait."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from remap_core.errors import FolderUnusable
from remap_core.trainer.worker import Worker

log = logging.getLogger(__name__)

PAUSE = 0.05
"""Seconds between ticks: how late a command or an epoch is noticed."""


class Maps(Protocol):
    """Keeps the maps of the models up to date, elsewhere."""

    def tick(self) -> None:
        """Store what is new and begin what is missing, without waiting."""


class Publisher(Protocol):
    """Makes what the store holds visible to readers; raises FolderUnusable where it cannot."""

    def publish_if_due(self, now: float) -> None:
        """Publish what is new, not more often than is good."""

    def publish(self) -> object:
        """Publish now."""


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; they do nothing else."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def parent_is_gone(parent: int | None) -> bool:
    """Whether the process that started this one has ended; False where there is none to watch."""
    return parent is not None and os.getppid() != parent


def serve(
    worker: Worker,
    publisher: Publisher,
    beat: Callable[[float, str], None],
    stop: threading.Event,
    *,
    maps: Maps | None = None,
    parent: int | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Tick until `stop` is set or the `parent` process is gone; then leave cleanly.

    What cannot be written (a full disk) is said in the log and with the next heartbeat, and tried again.
    """
    trouble = ""
    while not stop.is_set() and not parent_is_gone(parent):
        now = clock()
        actions: list[Callable[[], object]] = [partial(worker.tick, now), partial(publisher.publish_if_due, now)]
        troubles = [_trouble_of(action) for action in (*actions, *([maps.tick] if maps else []))]
        trouble = _tell(trouble, next(filter(None, [worker.trouble, *troubles]), ""))
        _trouble_of(partial(beat, now, trouble))
        stop.wait(PAUSE)
    _trouble_of(partial(worker.leave, clock()))  # what is not written is found RUNNING by the next trainer
    _tell(trouble, _trouble_of(publisher.publish))


def _trouble_of(action: Callable[[], object]) -> str:
    """Run the action; returns the sentence of what the folder refused, empty for nothing."""
    try:
        action()
    except FolderUnusable as error:
        return str(error)
    return ""


def _tell(before: str, trouble: str) -> str:
    if trouble and trouble != before:
        log.error("%s", trouble)
    return trouble
