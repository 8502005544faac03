"""Limits on the time and the memory of one training, checked before every batch.

Memory is watched, not limited by the system: an allocation that the system refuses stops libraries halfway, and not
always with an error. A worker process keeps what a batch frees, so a check between batches sees the batch's peak.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from math import inf
from pathlib import Path

from remap_core.errors import TrainingFailed
from remap_core.formatting import count
from remap_core.system.memory import give_memory_back
from remap_core.trainer.ports import TrainFunction, Training
from remap_core.trials.trial import Trial

SECONDS_BETWEEN_SUMS = 1.0
"""To add up what all processes hold takes some milliseconds."""
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Limits:
    """What one training may take; 0: no limit.

    seconds: of training, over all epochs. megabytes: main memory held by its process. total_megabytes: main memory held
    by app, trainer and workers together.
    """

    seconds: float = 0
    megabytes: float = 0
    total_megabytes: float = 0


def train_within(
    limits: Limits,
    train: TrainFunction,
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    held: Callable[[], float] | None = None,
    held_together: Callable[[], float] = lambda: 0.0,
) -> Training:
    """Train as `train` does; raises TrainingFailed with the limit and the value where one is exceeded.

    Epochs from before an interruption count, a repeated epoch counts once, and what happens before the first batch
    (loading the data set) does not count. held, held_together: return the megabytes that the process holds, and all
    processes together; the latter are asked once a second.
    """
    watch = _Watch(limits, clock, held or held_megabytes, held_together)
    if limits.megabytes or limits.total_megabytes:
        give_memory_back()  # what earlier trainings freed must not count

    def should_stop_or_fail() -> bool:
        if should_stop():
            return True
        watch.check()
        return False

    with closing(train(trial, should_stop_or_fail)) as training:
        while True:
            try:
                result = next(training)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            watch.finish_epoch(result.seconds)
            yield result


class _Watch:
    """Compares what a training has used so far with its limits."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        held: Callable[[], float],
        held_together: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._held = held
        self._held_together = held_together
        self._asked = -inf
        self._epoch = 1
        self._epoch_started: float | None = None
        self._seconds_before = 0.0

    def finish_epoch(self, seconds: float) -> None:
        self._seconds_before += seconds
        self._epoch += 1
        self._epoch_started = None

    def check(self) -> None:
        if self._limits.seconds:
            now = self._clock()
            if self._epoch_started is None:
                self._epoch_started = now
            self._require_time(self._seconds_before + now - self._epoch_started)
        if self._limits.megabytes:
            self._require_memory(self._held())
        if self._limits.total_megabytes and self._clock() - self._asked >= SECONDS_BETWEEN_SUMS:
            self._asked = self._clock()
            self._require_total(self._held_together())

    def _require_time(self, seconds: float) -> None:
        if seconds > self._limits.seconds:
            raise TrainingFailed(
                f"The training exceeded its time limit of {self._limits.seconds:g} seconds (REMAP_TIME_LIMIT): "
                f"it was stopped after {seconds:.1f} seconds, in epoch {self._epoch}."
            )

    def _require_memory(self, megabytes: float) -> None:
        if megabytes > self._limits.megabytes:
            raise TrainingFailed(
                f"The training exceeded its memory limit of {self._limits.megabytes:,g} MB (REMAP_MEMORY_LIMIT): "
                f"its process held {count(round(megabytes))} MB in epoch {self._epoch}."
            )

    def _require_total(self, megabytes: float) -> None:
        if megabytes > self._limits.total_megabytes:
            raise TrainingFailed(
                f"There is not enough memory to train: app, trainer and workers held {count(round(megabytes))} MB in "
                f"epoch {self._epoch}, over the limit of {self._limits.total_megabytes:,g} MB (REMAP_MEMORY_TOTAL)."
            )


def held_megabytes() -> float:
    """Main memory that this process holds now, in 10**6 bytes; 0 where the system does not say (not Linux)."""
    try:
        pages = int(_STATM.read_bytes().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
