"""How long trainings will take, from how long those that are finished took on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np
from scipy.optimize import nnls

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import cheapest_plan, static_prefix
from remap_core.trials.population import Floats
from remap_core.trials.trial import Proposal, Trial

MIN_TRAININGS = 3
"""Finished trainings that an estimate needs."""

LATEST = 200
"""Finished trainings that an estimate looks at, the last ones: a machine changes."""

HALVED_AFTER = 3.0
"""Trainings after which a measurement says half as much of the machine's present pace."""

JUDGED = 30
"""Last trainings by which an estimate is judged."""


@dataclass(frozen=True)
class Measured:
    """A finished training: what was trained, in batches of how many images, and seconds of an epoch on average."""

    architecture: Architecture
    batch_size: int
    seconds: float


@dataclass(frozen=True)
class TimeEstimate:
    """What an epoch costs: seconds for each unit of `work_of` a training, at the machine's present pace.

    trainings: how many it was fitted to. error: median of how far estimates like it were from those trainings, each
    made from the ones before it, as a share of what they took; NaN while too few were judged.
    """

    costs: tuple[float, ...]
    trainings: int
    error: float

    def epoch_seconds(self, architecture: Architecture, batch_size: int) -> float:
        """Expected seconds of one epoch."""
        return float(np.dot(self.costs, work_of(architecture, batch_size)))

    def training_seconds(self, proposal: Proposal) -> float:
        """Expected seconds of all epochs of a training."""
        config = proposal.config
        return config.epochs * self.epoch_seconds(proposal.architecture, config.batch_size)

    def remaining_seconds(self, trial: Trial) -> float:
        """Expected seconds until a trial is finished, at the pace of its own last epoch; 0 for a finished trial."""
        if trial.state.is_finished():
            return 0.0
        if trial.last is None:
            return self.training_seconds(trial.proposal)
        epochs_left = trial.proposal.config.epochs - trial.epochs_done
        return epochs_left * trial.last.seconds


def work_of(architecture: Architecture, batch_size: int) -> Floats:
    """(6,) float64, what the time of an epoch grows with, as a CPU computes it.

    1 (every batch costs something), steps of the plan (each costs calls, whatever its size), layers that are contracted
    (kernels are made of them), multiply-adds, parameters (the optimiser goes through all of them), values put out.
    What the first layers make of an image is kept, so these count for nothing.
    """
    plan = cheapest_plan(architecture, batch_size)
    steps = len(plan.steps) - static_prefix(architecture)
    contracted = sum(run.stop - run.start for run in plan.runs)
    return np.array([1.0, steps, contracted, plan.multiply_adds, architecture.parameters, plan.values])


def estimate_time(measured: Sequence[Measured]) -> TimeEstimate | None:
    """What the finished trainings, the oldest first, say of the next ones; None where fewer than 3 are known."""
    known = [one for one in measured if np.isfinite(one.seconds) and one.seconds > 0][-LATEST:]
    if len(known) < MIN_TRAININGS:
        return None
    work = np.stack([work_of(one.architecture, one.batch_size) for one in known])
    seconds = np.array([one.seconds for one in known])
    return TimeEstimate(tuple(_costs(work, seconds).tolist()), len(known), _error(work, seconds))


def schedule_seconds(durations: Iterable[float], workers: int) -> float:
    """Seconds until trainings of these durations, in the queue's order, are finished by so many workers.

    The trainer's rule: each training goes to the worker that is free first.

    >>> schedule_seconds([5.0, 1.0, 1.0, 4.0], workers=2)
    6.0
    """
    busy_until = [0.0] * workers
    for seconds in durations:
        heapreplace(busy_until, busy_until[0] + seconds)
    return max(busy_until)


def _costs(work: Floats, seconds: Floats) -> Floats:
    """Costs by (n, 6) work and (n,) seconds, none below 0: the smallest squared relative errors, then the pace.

    The pace is how much slower than that the last trainings were: other programs come and go.
    """
    relative = work / seconds[:, None]
    scale = np.maximum(relative.max(axis=0), np.finfo(float).tiny)
    costs = nnls(relative / scale, np.ones(len(seconds)))[0] / scale
    weights = 0.5 ** (np.arange(len(seconds))[::-1] / HALVED_AFTER)
    pace = np.exp(np.average(np.log(seconds / (work @ costs)), weights=weights))
    return np.asarray(costs * pace, dtype=np.float64)


def _error(work: Floats, seconds: Floats) -> float:
    """Median share by which the last trainings differ from what those before each of them say."""
    judged = range(max(MIN_TRAININGS, len(seconds) - JUDGED), len(seconds))
    missed = [abs(work[row] @ _costs(work[:row], seconds[:row]) / seconds[row] - 1) for row in judged]
    return float(np.median(missed)) if missed else float("nan")
