"""A worker process: trials in, events out, over a pipe. Everything here but the messages runs in that process."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from remap_core.errors import RemapError, TrainingStopped
from remap_core.system.priority import step_back
from remap_core.trainer.executors.base import (
    EpochDone,
    Event,
    Failed,
    Finished,
    Run,
    Scored,
    Stopped,
    failure_sentence,
)
from remap_core.trainer.ports import ScoreFunction, TrainFunction
from remap_core.trials.trial import Trial

BEAT_SECONDS = 5.0
"""Seconds between signs of life during a training. They are sent between batches."""

Prepare = Callable[[], str]
"""Runs once in a new worker process; returns what it trains on, for people."""


@dataclass(frozen=True)
class Stop:
    """To the process: stop this training."""

    run: Run


@dataclass(frozen=True)
class Score:
    """To the process: score this trial."""

    trial: Trial


@dataclass(frozen=True)
class Ready:
    """From the process: it can take a job, and trains on this device."""

    device: str


@dataclass(frozen=True)
class StillAlive:
    """From the process: sent between batches."""


@dataclass(frozen=True)
class Leaving:
    """From the process: it exits after its next event."""


Message = Event | Ready | StillAlive | Leaving | RemapError
"""What a worker process sends. An error means that it cannot train at all."""


def run_worker(connection: Connection, train: TrainFunction, prepare: Prepare, score: ScoreFunction) -> None:
    """Main function of a worker process: work until told to exit or until the trainer has ended.

    Ctrl-C is for the trainer, which then tells this process.
    """
    _end_with_the_trainer()
    if multiprocessing.parent_process():  # not where the trainer's thread trains
        step_back()
    try:
        connection.send(_prepare(prepare))
        while (message := connection.recv()) is not None:
            if isinstance(message, Trial) and _train_one(connection, train, message):
                return
            if isinstance(message, Score):
                connection.send(_score(score, message.trial))
    except (EOFError, OSError):
        _end_at_once()  # the trainer has ended; the next one resumes from the last checkpoint


def _end_with_the_trainer() -> None:
    """In the middle of a batch, too: the pipe is looked at between batches, which may take seconds."""
    trainer = multiprocessing.parent_process()
    if trainer is None:
        return

    def wait() -> None:
        trainer.join()
        _end_at_once()

    threading.Thread(target=wait, name="trainer-watch", daemon=True).start()


def _end_at_once() -> None:
    """Without the second or two that torch takes to leave. Nothing is half written: files are replaced in one step."""
    if multiprocessing.parent_process():
        os._exit(1)


def _prepare(prepare: Prepare) -> Ready | RemapError:
    try:
        return Ready(prepare())
    except RemapError as error:
        return error


def _score(score: ScoreFunction, trial: Trial) -> Event:
    run = Run.of(trial)
    try:
        return Scored(run, score(trial))
    except Exception as error:
        return Failed(run, failure_sentence(error))


def _train_one(connection: Connection, train: TrainFunction, trial: Trial) -> bool:
    """Train one trial and send its events; returns whether the process must exit.

    It exits after an unexpected error too: if memory ran out in the middle of an import, say, the next training would
    fail with an odd sentence. A new process takes its place.
    """
    run = Run.of(trial)
    orders = _Orders(connection, run)
    training = train(trial, should_stop=orders.should_stop)
    try:
        while True:
            connection.send(EpochDone(run, next(training)))
    except StopIteration as end:
        connection.send(Finished(run, end.value))
    except (EOFError, OSError):
        raise
    except Exception as error:
        if orders.is_stopped or isinstance(error, TrainingStopped):
            connection.send(Stopped(run))
            return orders.must_exit
        if not isinstance(error, RemapError):
            connection.send(Leaving())
            connection.send(Failed(run, failure_sentence(error)))
            return True
        connection.send(Failed(run, failure_sentence(error)))
    return orders.must_exit


class _Orders:
    """Reads what the trainer sends during one training, and gives signs of life."""

    def __init__(self, connection: Connection, run: Run) -> None:
        self._connection = connection
        self._run = run
        self._last_sign = time.monotonic()
        self.is_stopped = False
        self.must_exit = False

    def should_stop(self) -> bool:
        if time.monotonic() - self._last_sign > BEAT_SECONDS:
            self._last_sign = time.monotonic()
            self._connection.send(StillAlive())
        while self._connection.poll():
            message = self._connection.recv()
            if message is None:
                self.must_exit = True
                self.is_stopped = True
            elif message == Stop(self._run):
                self.is_stopped = True
        return self.is_stopped
