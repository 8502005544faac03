"""What one training may take, its time and its process's memory: looked at before every batch.

Memory is watched, not limited by the system: what the system refuses ends libraries in the middle of their work, and
not always with an error. A worker process keeps what a batch frees, so a look between batches sees the batch's peak.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from remap_core.errors import TrainingFailed
from remap_core.system.memory import give_memory_back
from remap_core.trainer.ports import TrainFunction, Training
from remap_core.trials.trial import Trial

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Limits:
    """seconds: of training, over all epochs; megabytes: of main memory that its process holds. 0: no limit."""

    seconds: float = 0
    megabytes: float = 0


def train_within(
    limits: Limits,
    train: TrainFunction,
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    held: Callable[[], float] | None = None,
) -> Training:
    """Train as `train` does; raises TrainingFailed with the limit and the value where one is exceeded.

    The time of epochs before an interruption counts, that of an epoch which is done again counts once, and what is
    done before the first batch (the data set is loaded) does not count. held: megabytes that the process holds.
    """
    watch = _Watch(limits, clock, held or held_megabytes)
    if limits.megabytes:
        give_memory_back()  # what earlier trainings have freed shall not count

    def stops() -> bool:
        if should_stop():
            return True
        watch.look()
        return False

    with closing(train(trial, stops)) as training:
        while True:
            try:
                result = next(training)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            watch.finish_epoch(result.seconds)
            yield result


class _Watch:
    """How much a training has taken so far."""

    def __init__(self, limits: Limits, clock: Callable[[], float], held: Callable[[], float]) -> None:
        self._limits, self._clock, self._held = limits, clock, held
        self._spent, self._epoch = 0.0, 1
        self._began: float | None = None

    def finish_epoch(self, seconds: float) -> None:
        self._spent, self._epoch, self._began = self._spent + seconds, self._epoch + 1, None

    def look(self) -> None:
        if self._limits.seconds:
            now = self._clock()
            self._began = now if self._began is None else self._began
            self._require_time(self._spent + now - self._began)
        if self._limits.megabytes:
            self._require_memory(self._held())

    def _require_time(self, seconds: float) -> None:
        if seconds > self._limits.seconds:
            raise TrainingFailed(
                f"The training takes longer than the {self._limits.seconds:g} seconds that it may (REMAP_TIME_LIMIT): "
                f"it was ended after {seconds:.1f} seconds, in epoch {self._epoch}."
            )

    def _require_memory(self, megabytes: float) -> None:
        if megabytes > self._limits.megabytes:
            raise TrainingFailed(
                f"The training needs more memory than the {self._limits.megabytes:,g} MB that it may hold "
                f"(REMAP_MEMORY_LIMIT): its process held {megabytes:,.0f} MB in epoch {self._epoch}."
            )


def held_megabytes() -> float:
    """Main memory that this process holds now, in 10**6 bytes; 0 where the system does not say (not Linux)."""
    try:
        pages = int(_STATM.read_bytes().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
