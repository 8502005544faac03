"""Training in a thread of the trainer's own process, for machines with little memory: PyTorch is imported once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from math import inf
from multiprocessing.connection import Connection

from remap_core.trainer.executors.base import score_nothing
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.trainer.executors.worker_process import Prepare, run_worker
from remap_core.trainer.ports import ScoreFunction, TrainFunction


class ThreadExecutor(LocalExecutor):
    """One worker in a thread, which does what a worker process does.

    Nothing can kill it: a training that hangs is never Lost, and one that memory runs out for may end the trainer.
    """

    def __init__(self, train: TrainFunction, prepare: Prepare, score: ScoreFunction = score_nothing) -> None:
        super().__init__(train, prepare, 1, score, stale=inf)

    def _new_process(self, process_end: Connection) -> WorkerThread:
        def run(connection: Connection) -> None:
            run_worker(connection, self._train, self._prepare, self._score)

        return WorkerThread(run, process_end)


class WorkerThread:
    """A thread with those methods of a process that its executor uses. pid: None until it is started."""

    exitcode = 0

    def __init__(self, run: Callable[[Connection], None], connection: Connection) -> None:
        self._run = run
        self._connection = connection
        self._thread = threading.Thread(target=self._main, name="worker", daemon=True)
        self._own_end = connection
        self.pid: int | None = None

    def start(self) -> None:
        """Start it with an end of the pipe of its own, as a process would have."""
        self._own_end = Connection(os.dup(self._connection.fileno()))
        self._thread.start()
        self.pid = os.getpid()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most so many seconds."""
        self._thread.join(timeout)

    def kill(self) -> None:
        """Nothing: it ends when its pipe does."""

    def _main(self) -> None:
        with self._own_end as connection:  # its end is the end of the pipe
            self._run(connection)
