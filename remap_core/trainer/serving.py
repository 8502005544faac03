"""The loops around a worker and their signals: tick, publish, write the heartbeat, wait."""

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

TICK_SECONDS = 0.05
"""Seconds between ticks: how late a command or an epoch is noticed."""


class Background(Protocol):
    """Something that goes on beside the trainings: the maps of the models, a search, forgetting what is old.

    problem: what people should know of it; empty where there is nothing.
    """

    problem: str

    def tick(self) -> None:
        """Take what is finished and start what is missing; returns at once. May raise FolderUnusable."""


class Publisher(Protocol):
    """Makes what the store holds visible to readers; raises FolderUnusable."""

    def publish_if_due(self, now: float) -> None:
        """Publish what is new, unless the last publication is very recent."""

    def publish(self) -> object:
        """Publish now."""


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; they do nothing else."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def parent_has_ended(parent: int | None) -> bool:
    """Whether the process that started this one has ended; False where there is none to watch."""
    return parent is not None and os.getppid() != parent


def _never(_now: float) -> bool:
    return False


def serve(
    worker: Worker,
    publisher: Publisher,
    beat: Callable[[float, str], None],
    stop: threading.Event,
    *,
    maps: Background | None = None,
    search: Background | None = None,
    forgetting: Background | None = None,
    parent: int | None = None,
    is_over: Callable[[float], bool] = _never,
    clock: Callable[[], float] = time.time,
) -> None:
    """Tick until `stop` is set, the `parent` process has ended or it `is_over` by now; then shut down cleanly.

    What cannot be written (a full disk) is logged, shown with the next heartbeat, and tried again.
    """
    last_problem = ""
    while not stop.is_set() and not parent_has_ended(parent):
        now = clock()
        if is_over(now):
            break
        problems = [_problem_of(partial(worker.tick, now)), _problem_of(partial(publisher.publish_if_due, now))]
        for background in (maps, search, forgetting):
            if background:
                problems.append(_problem_of(background.tick) or background.problem)
        problem = next(filter(None, [worker.problem, *problems, worker.inbox_problem]), "")
        _log_if_new(problem, last_problem)
        last_problem = problem
        _problem_of(partial(beat, now, problem))
        stop.wait(TICK_SECONDS)
    _problem_of(partial(worker.shut_down, clock()))  # the next trainer finds what is not written as RUNNING
    _log_if_new(_problem_of(publisher.publish), last_problem)


def run_until_idle(
    worker: Worker,
    publisher: Publisher,
    beat: Callable[[float, str], None],
    on_tick: Callable[[], object],
    clock: Callable[[], float] = time.time,
) -> None:
    """Tick until there is nothing left to do, then shut down; `on_tick` is called after each step.

    Returns with trials still waiting if the queue is paused. Raises FolderUnusable if the data folder cannot be
    written or its disk is full. After an exception (Ctrl-C, too) the trials are requeued with what was recorded.
    """
    try:
        while True:
            now = clock()
            has_changed = worker.tick(now)
            beat(now, worker.problem)
            publisher.publish_if_due(now)
            on_tick()
            if worker.is_idle:
                break
            if not has_changed:
                time.sleep(TICK_SECONDS)
    finally:
        worker.shut_down(clock())
        publisher.publish()
        on_tick()
    if worker.problem:
        raise FolderUnusable(worker.problem)


def _problem_of(action: Callable[[], object]) -> str:
    """Run the action; returns why the data folder refused it, or an empty string."""
    try:
        action()
    except FolderUnusable as error:
        return str(error)
    return ""


def _log_if_new(problem: str, last_problem: str) -> None:
    if problem and problem != last_problem:
        log.error("%s", problem)
