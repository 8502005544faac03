"""How long trainings will take, from how long those that are finished took on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np

from remap_core.population import Floats, Ints, Population
from remap_core.space.architecture import Architecture
from remap_core.trials import Trial, TrialState

FEWEST = 3
"""Finished trainings that an estimate needs."""


@dataclass(frozen=True)
class TimeEstimate:
    """A line through measured trainings: seconds of an epoch = `fixed` + `per_multiply_add` * multiply-adds.

    trainings: how many it was fitted to. error: median of how far these are from the line, as a share of it.
    """

    fixed: float
    per_multiply_add: float
    trainings: int
    error: float

    def epoch_seconds(self, architecture: Architecture) -> float:
        """Expected seconds of one epoch."""
        return self.fixed + self.per_multiply_add * architecture.multiply_adds

    def remaining_seconds(self, trial: Trial) -> float:
        """Expected seconds until a trial that waits or runs is finished; 0 for one that is."""
        if trial.state.is_finished():
            return 0.0
        epochs = trial.proposal.config.epochs - trial.epochs_done
        per_epoch = trial.last.seconds if trial.last else self.epoch_seconds(trial.architecture)
        return epochs * per_epoch


def estimate_time(population: Population) -> TimeEstimate | None:
    """The line through the finished models' mean seconds of an epoch; None where fewer than 3 are known.

    Least squares of the relative errors, neither coefficient below 0, so that small models count as large ones do.
    """
    known = np.isfinite(population.seconds) & (population.seconds > 0)
    if known.sum() < FEWEST:
        return None
    work, seconds = population.multiply_adds[known], population.seconds[known]
    fixed, slope = _line(work, seconds)
    expected = fixed + slope * work
    return TimeEstimate(fixed, slope, len(work), float(np.median(np.abs(seconds / expected - 1))))


def queue_seconds(trials: Iterable[Trial], estimate: TimeEstimate, workers: int) -> float:
    """Expected seconds until all the trials, given in the queue's order, are finished by so many workers.

    Every trial goes to the worker that is free first, as the trainer does it; running ones hold theirs.
    """
    busy = [0.0] * max(1, workers)
    for trial in sorted(trials, key=lambda trial: trial.state is not TrialState.RUNNING):
        soonest = busy.index(min(busy))
        busy[soonest] += estimate.remaining_seconds(trial)
    return max(busy)


def _line(work: Ints, seconds: Floats) -> tuple[float, float]:
    """(intercept, slope), both at least 0, of the smallest sum of squared relative errors."""
    columns = np.stack([1 / seconds, work / seconds], axis=1)  # a row: relative share of each coefficient
    scale = columns.max(axis=0)
    target = np.ones(len(seconds))
    best, error = (0.0, 0.0), inf
    for chosen in ([0, 1], [0], [1]):
        part = columns[:, chosen] / scale[chosen]
        found = np.linalg.lstsq(part, target, rcond=None)[0]
        missed = float(((part @ found - target) ** 2).sum())
        if (found >= 0).all() and missed < error:
            coefficients = np.zeros(2)
            coefficients[chosen] = found / scale[chosen]
            best, error = (float(coefficients[0]), float(coefficients[1])), missed
    return best
