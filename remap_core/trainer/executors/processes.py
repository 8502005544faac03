"""Training in worker processes on this machine: one long-lived process per slot, connected by a pipe."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from remap_core.errors import RemapError, TrainingFailed
from remap_core.trainer.executors.base import EpochDone, Event, Lost, Run, score_nothing
from remap_core.trainer.executors.worker_process import (
    Leaving,
    Message,
    Prepare,
    Ready,
    Score,
    StillAlive,
    Stop,
    run_worker,
)
from remap_core.trainer.ports import ScoreFunction, TrainFunction
from remap_core.trials.trial import Trial

STALE_SECONDS = 120.0
"""A worker process that is silent for this long hangs: during a training it reports every 5 seconds."""
MAX_FAILED_STARTS = 3
"""Worker processes in a row that may end before they are ready."""
ALLOCATOR_VARIABLES = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**32),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""For glibc, in worker processes: they keep what a batch frees for the next one, in large pages. Returning it to the
system and taking it again page by page costs larger networks 30 % of their time, small pages another 10 %."""


SINGLE_THREAD_VARIABLES = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""For the libraries of worker processes: each uses one core, and a fork server must not have threads."""


@dataclass
class _Slot:
    """One worker process, started or about to be. last_message: when it last sent one, by the monotonic clock."""

    process: BaseProcess
    connection: Connection
    last_message: float
    run: Run | None = None
    is_ready: bool = False
    is_leaving: bool = False

    @property
    def is_free(self) -> bool:
        return self.is_ready and self.run is None and not self.is_leaving

    @property
    def is_started(self) -> bool:
        return self.process.pid is not None

    def send(self, message: Trial | Score | Stop | None) -> None:
        with suppress(OSError):  # the process has ended: the next poll notices and returns the reason
            self.connection.send(message)


class LocalExecutor:
    """`slots` worker processes, each with one training or scoring at a time.

    `train`, `prepare` and `score` are sent to the processes, so they are module-level functions or partials of such.
    A process that dies, or is silent for `stale` seconds and is killed, loses its job and is replaced; if none can
    even start, `poll` raises the reason. The processes end when the trainer does, even if it is killed: their pipe
    breaks.

    preload: a module, for processes that are forked from a server which has imported it once, so that they have its
    memory in common. Nothing that it imports may start threads or use a GPU. Empty: each process imports for itself.
    """

    def __init__(
        self,
        train: TrainFunction,
        prepare: Prepare,
        slots: int,
        score: ScoreFunction = score_nothing,
        *,
        stale: float = STALE_SECONDS,
        preload: str = "",
    ) -> None:
        for name, value in (ALLOCATOR_VARIABLES | SINGLE_THREAD_VARIABLES).items():
            os.environ.setdefault(name, value)
        self._context = _context(preload)
        self._starting = threading.Lock()
        self._train = train
        self._prepare = prepare
        self._score = score
        self._stale = stale
        self._failed_starts = 0
        self.slots = slots
        self.device = ""
        self._slots = [self._new_slot() for _ in range(slots)]

    @property
    def free_slots(self) -> int:
        """Processes that are ready and have no job."""
        return sum(slot.is_free for slot in self._slots)

    def start(self, trial: Trial) -> None:
        """Give the trial to a free process."""
        self._assign(trial, trial)

    def score(self, trial: Trial) -> None:
        """Give the scoring to a free process."""
        self._assign(trial, Score(trial))

    def _assign(self, trial: Trial, job: Trial | Score) -> None:
        slot = next(slot for slot in self._slots if slot.is_free)
        slot.run = Run.of(trial)
        slot.last_message = time.monotonic()
        slot.send(job)

    def stop(self, run: Run) -> None:
        """Tell the process of a run, which checks before every batch."""
        for slot in self._slots:
            if slot.run == run:
                slot.send(Stop(run))

    def poll(self) -> list[Event]:
        """The events that the processes sent, and a Lost for each job whose process died or hangs."""
        events: list[Event] = []
        for index, slot in enumerate(self._slots):
            try:
                while slot.connection.poll():
                    events += self._receive(slot)
                if self._hangs(slot):
                    events += self._replace(index, f"The worker process was silent for {self._stale:g} seconds.")
            except (EOFError, OSError):
                events += self._replace(index, self._end_of(slot))
        return events

    def _end_of(self, slot: _Slot) -> str:
        with self._starting:  # whatever starts a process looks at the others' ends, too, and an end is told once
            if slot.is_started:
                slot.process.join(timeout=5)
        return _end_of(slot.process)

    def _hangs(self, slot: _Slot) -> bool:
        return not slot.is_free and time.monotonic() - slot.last_message > self._stale

    def _replace(self, index: int, sentence: str) -> list[Event]:
        """Replace a process that is of no more use; returns the end of its job, if it had one."""
        slot = self._slots[index]
        _kill(slot)
        slot.connection.close()
        if slot.is_ready:
            self._failed_starts = 0
        else:
            self._failed_starts += 1
        if self._failed_starts == MAX_FAILED_STARTS:
            raise TrainingFailed(f"No training can start. {sentence}")
        self._slots[index] = self._new_slot()
        if slot.run is None:
            return []
        return [Lost(slot.run, sentence)]

    def close(self, grace: float) -> list[Event]:
        """Tell all processes to exit, collect their last events, and kill any that need more than `grace` seconds."""
        for slot in self._slots:
            slot.send(None)
        deadline = time.monotonic() + grace
        events: list[Event] = []
        for slot in self._slots:
            events += self._last_events(slot, deadline)
            if slot.is_started:
                slot.process.join(timeout=_seconds_until(deadline))
            _kill(slot)
            slot.connection.close()
        return events

    def _last_events(self, slot: _Slot, deadline: float) -> list[Event]:
        events: list[Event] = []
        with suppress(EOFError, OSError):  # it has exited, as it was told to
            while slot.connection.poll(_seconds_until(deadline)):
                events += self._receive(slot)
        return events

    def _receive(self, slot: _Slot) -> list[Event]:
        message: Message = slot.connection.recv()
        slot.last_message = time.monotonic()
        match message:
            case RemapError():
                raise message
            case StillAlive():
                return []
            case Leaving():
                slot.is_leaving = True
                return []
            case Ready():
                slot.is_ready = True
                self.device = message.device
                return []
        if not isinstance(message, EpochDone):
            slot.run = None
        return [message]

    def _new_slot(self) -> _Slot:
        connection, process_end = self._context.Pipe()
        process = self._context.Process(  # type: ignore[attr-defined]
            target=run_worker,
            args=(process_end, self._train, self._prepare, self._score),
            name="remap-worker",
            daemon=True,
        )
        # a thread, as a fork server answers only once it has imported its modules
        starter = threading.Thread(target=self._start, args=(process, process_end), name="starter", daemon=True)
        starter.start()
        return _Slot(process, connection, last_message=time.monotonic())

    def _start(self, process: BaseProcess, process_end: Connection) -> None:
        try:
            with (
                self._starting,
                _without_interrupts(),
                suppress(EOFError, OSError),
            ):  # the next poll says that it failed
                process.start()
        finally:
            process_end.close()  # then the end of the process is the end of the pipe


def _context(preload: str) -> BaseContext:
    if not preload:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


def _kill(slot: _Slot) -> None:
    """One that has not started yet exits by itself, as its pipe is closed."""
    if slot.is_started:
        slot.process.kill()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started inside, by this thread, never get SIGINT.

    Ctrl-C goes to all processes of a terminal, and one that is still importing would print a stack trace.
    """
    resource_tracker.ensure_running()  # else the first process starts it, and it unblocks signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_of(process: BaseProcess) -> str:
    if process.pid is None:
        return "The worker process could not be started."
    code = process.exitcode
    if code is None or code >= 0:
        return f"The worker process ended unexpectedly with exit code {code}."
    name = signal.Signals(-code).name
    if name == "SIGKILL":
        return "The worker process was ended by SIGKILL, probably because memory ran out."
    return f"The worker process was ended by {name}."


def _seconds_until(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
