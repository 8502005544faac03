"""Training in worker processes on this machine: one long-lived process a slot, spoken to over a pipe."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from remap_core.errors import RemapError, TrainingFailed, TrainingStopped
from remap_core.trainer.executors.base import (
    EpochDone,
    Event,
    Failed,
    Finished,
    Lost,
    Run,
    Scored,
    Stopped,
    failure_sentence,
    score_nothing,
)
from remap_core.trainer.ports import ScoreFunction, TrainFunction
from remap_core.trials.trial import Trial

STALE_SECONDS = 120.0
"""A worker process that says nothing for so long hangs: it speaks at most BEAT_SECONDS apart, between batches."""
BEAT_SECONDS = 5.0
STARTS = 3
"""Worker processes that may end before they are ready, one after another, until it is said that none can start."""
MEMORY_KEPT = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**32),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""For glibc, in worker processes: what a batch frees stays theirs for the next one, in large pages. To give it back and
to take it again page by page costs larger networks 30 % of their time, small pages another 10 %."""

Prepare = Callable[[], str]
"""Run once in a new worker process; returns on what it trains, for people."""


@dataclass(frozen=True)
class _Stop:
    run: Run


@dataclass(frozen=True)
class _Score:
    trial: Trial


@dataclass(frozen=True)
class _Ready:
    device: str


@dataclass(frozen=True)
class _Alive:
    """Sent between batches."""


@dataclass(frozen=True)
class _Leaving:
    """The last message but one: the process ends after its event."""


@dataclass
class _Slot:
    process: BaseProcess
    connection: Connection
    heard: float
    run: Run | None = None
    is_ready: bool = False
    is_leaving: bool = False

    @property
    def is_free(self) -> bool:
        return self.is_ready and self.run is None and not self.is_leaving


class LocalExecutor:
    """`slots` worker processes, each with one training (or scoring) at a time.

    `train`, `prepare` and `score` are sent to the processes, so they are module-level functions (or partials of such).
    A process that dies, or says nothing for `stale` seconds and is killed, loses its job and is replaced; when none
    can even start `poll` raises the reason. Processes end when the daemon does, even when it is killed: the pipe tells
    them.
    """

    def __init__(
        self,
        train: TrainFunction,
        prepare: Prepare,
        slots: int,
        score: ScoreFunction = score_nothing,
        stale: float = STALE_SECONDS,
    ) -> None:
        for name, value in MEMORY_KEPT.items():
            os.environ.setdefault(name, value)
        self._context = multiprocessing.get_context("spawn")
        self._train, self._prepare, self._score = train, prepare, score
        self.slots, self.device = slots, ""
        self._stale, self._failed_starts = stale, 0
        self._slots = [self._new_slot() for _ in range(slots)]

    @property
    def free_slots(self) -> int:
        """Processes that are ready and have no job."""
        return sum(slot.is_free for slot in self._slots)

    def start(self, trial: Trial) -> None:
        """Give the trial to a free process."""
        self._give(trial, trial)

    def score(self, trial: Trial) -> None:
        """Give the scoring to a free process."""
        self._give(trial, _Score(trial))

    def _give(self, trial: Trial, job: Trial | _Score) -> None:
        slot = next(slot for slot in self._slots if slot.is_free)
        slot.run, slot.heard = Run.of(trial), time.monotonic()
        with suppress(OSError):  # the process is gone: the next poll sees that and fails the job with the reason
            slot.connection.send(job)

    def stop(self, run: Run) -> None:
        """Tell the process; it looks at every batch."""
        for slot in self._slots:
            if slot.run == run:
                with suppress(OSError):  # as in start
                    slot.connection.send(_Stop(run))

    def poll(self) -> list[Event]:
        """What the processes have sent, and the ends of those that died or hang."""
        events: list[Event] = []
        for index, slot in enumerate(self._slots):
            try:
                while slot.connection.poll():
                    events += self._received(slot, slot.connection.recv())
                if self._hangs(slot):
                    events += self._replaced(index, f"The worker process said nothing for {self._stale:g} seconds.")
            except (EOFError, OSError):
                slot.process.join(timeout=5)
                events += self._replaced(index, _end_of(slot.process))
        return events

    def _hangs(self, slot: _Slot) -> bool:
        return not slot.is_free and time.monotonic() - slot.heard > self._stale

    def _replaced(self, index: int, sentence: str) -> list[Event]:
        """Put a new process in the place of one that is of no more use; returns the end of its job, if it had one."""
        slot = self._slots[index]
        slot.process.kill()
        slot.connection.close()
        self._failed_starts = 0 if slot.is_ready else self._failed_starts + 1
        if self._failed_starts == STARTS:
            raise TrainingFailed(f"No training can begin. {sentence}")
        self._slots[index] = self._new_slot()
        return [Lost(slot.run, sentence)] if slot.run else []

    def close(self, grace: float) -> list[Event]:
        """Ask all to leave, take their last events, and kill those that stay longer than `grace` seconds."""
        for slot in self._slots:
            with suppress(OSError):  # gone already
                slot.connection.send(None)
        deadline = time.monotonic() + grace
        events: list[Event] = []
        for slot in self._slots:
            events += self._drained(slot, deadline)
            slot.process.join(timeout=max(0.0, deadline - time.monotonic()))
            if slot.process.is_alive():
                slot.process.kill()
            slot.connection.close()
        return events

    def _drained(self, slot: _Slot, deadline: float) -> list[Event]:
        events: list[Event] = []
        with suppress(EOFError, OSError):  # it has left: that is what was asked for
            while slot.connection.poll(max(0.0, deadline - time.monotonic())):
                events += self._received(slot, slot.connection.recv())
        return events

    def _received(self, slot: _Slot, message: Event | _Ready | _Alive | _Leaving | RemapError) -> list[Event]:
        slot.heard = time.monotonic()
        if isinstance(message, RemapError):
            raise message
        if isinstance(message, _Alive):
            return []
        if isinstance(message, _Leaving):
            slot.is_leaving = True
            return []
        if isinstance(message, _Ready):
            slot.is_ready, self.device = True, message.device
            return []
        if not isinstance(message, EpochDone):
            slot.run = None
        return [message]

    def _new_slot(self) -> _Slot:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._train, self._prepare, self._score), name="remap-worker", daemon=True
        )
        with _without_interrupts():
            process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return _Slot(process, ours, heard=time.monotonic())


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that are started inside never get SIGINT, from their first moment on; one that comes is for us, later.

    A Ctrl-C goes to all processes of a terminal, and one that is still importing would show a stack trace.
    """
    resource_tracker.ensure_running()  # else the first process starts it, and it lets signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_of(process: BaseProcess) -> str:
    code = process.exitcode
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        why = ", probably because memory ran out" if name == "SIGKILL" else ""
        return f"The worker process was ended by {name}{why}."
    return f"The worker process ended unexpectedly with exit code {code}."


def _work(connection: Connection, train: TrainFunction, prepare: Prepare, score: ScoreFunction) -> None:
    """Main function of a worker process: trials in, events out, until told to leave or the daemon is gone.

    Ctrl-C is for the daemon, which then tells us.
    """
    try:
        connection.send(_prepared(prepare))
        while (message := connection.recv()) is not None:
            if isinstance(message, Trial) and _train_one(connection, train, message):
                return
            if isinstance(message, _Score):
                connection.send(_scored(score, message.trial))
    except (EOFError, OSError):
        return  # the daemon is gone; its successor continues from the last checkpoint


def _prepared(prepare: Prepare) -> _Ready | RemapError:
    try:
        return _Ready(prepare())
    except RemapError as error:
        return error


def _scored(score: ScoreFunction, trial: Trial) -> Event:
    try:
        return Scored(Run.of(trial), score(trial))
    except Exception as error:
        return Failed(Run.of(trial), failure_sentence(error))


def _train_one(connection: Connection, train: TrainFunction, trial: Trial) -> bool:
    """Train one trial and send its events; returns whether the process shall leave.

    It does so after an error that nobody foresaw: where memory ended in the middle of an import, say, the next training
    would fail with an odd sentence. A new process takes its place.
    """
    run, leave, stopped, said = Run.of(trial), False, False, time.monotonic()

    def should_stop() -> bool:
        nonlocal leave, stopped, said
        if time.monotonic() - said > BEAT_SECONDS:
            said = time.monotonic()
            connection.send(_Alive())
        while connection.poll():
            message = connection.recv()
            leave = leave or message is None
            stopped = stopped or leave or message == _Stop(run)
        return stopped

    training = train(trial, should_stop=should_stop)
    try:
        while True:
            connection.send(EpochDone(run, next(training)))
    except StopIteration as end:
        connection.send(Finished(run, end.value))
    except (EOFError, OSError):
        raise
    except Exception as error:
        has_stopped = stopped or isinstance(error, TrainingStopped)
        if not has_stopped and not isinstance(error, RemapError):
            leave = True
            connection.send(_Leaving())
        connection.send(Stopped(run) if has_stopped else Failed(run, failure_sentence(error)))
    return leave
