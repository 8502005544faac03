"""How long trainings will take, estimated from the finished ones on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from math import inf, nan

import numpy as np

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import cheapest_plan, static_prefix
from remap_core.trials.population import Floats
from remap_core.trials.trial import Proposal, Trial

MIN_TRAININGS = 3
"""Finished trainings that an estimate needs."""

LATEST = 200
"""Finished trainings that an estimate uses, the last ones: the speed of a machine changes."""

HALF_LIFE = 3.0
"""Trainings after which a measurement counts half as much for the machine's present pace."""

MAX_JUDGED = 30
"""Last trainings from which an estimate's error is taken."""


@dataclass(frozen=True)
class Measured:
    """A finished training: architecture, batch size, mean seconds per epoch, and whether its recipe changes images."""

    architecture: Architecture
    batch_size: int
    seconds: float
    changes_images: bool = False


@dataclass(frozen=True)
class TimeEstimate:
    """The cost of an epoch: seconds for each unit of `work_of` a training, at the machine's present pace.

    trainings: number of trainings in the fit. error: median relative error over the last trainings, each predicted
    from the ones before it; NaN while too few were judged.
    """

    costs: tuple[float, ...]
    trainings: int
    error: float

    def epoch_seconds(self, architecture: Architecture, batch_size: int, *, changes_images: bool = False) -> float:
        """Expected seconds of one epoch."""
        return float(np.dot(self.costs, work_of(architecture, batch_size, changes_images=changes_images)))

    def training_seconds(self, proposal: Proposal) -> float:
        """Expected seconds of all epochs of a training."""
        config = proposal.config
        changes_images = bool(config.recipe.augmentation)
        seconds = self.epoch_seconds(proposal.architecture, config.batch_size, changes_images=changes_images)
        return config.epochs * seconds

    def remaining_seconds(self, trial: Trial) -> float:
        """Expected seconds until a trial is finished, at the pace of its own last epoch; 0 for a finished trial."""
        if trial.state.is_finished():
            return 0.0
        if trial.last is None:
            return self.training_seconds(trial.proposal)
        epochs_left = trial.proposal.config.epochs - trial.epochs_done
        return epochs_left * trial.last.seconds


def work_of(architecture: Architecture, batch_size: int, *, changes_images: bool = False) -> Floats:
    """(7,) float64, the quantities with which the time of an epoch grows on a CPU.

    1 (every batch has a fixed cost), operations of the plan (each has a cost per call; a block has several), contracted
    layers (their kernels are computed), multiply-adds, parameters (the optimiser updates all of them), output values,
    and 1 where the recipe changes all images in every epoch. The layers whose output is computed once for each image do
    not count.
    """
    plan = cheapest_plan(architecture, batch_size)
    operations = len(plan.operation_sizes) - static_prefix(architecture)
    contracted = sum(run.stop - run.start for run in plan.runs)
    return np.array(
        [
            1.0,
            operations,
            contracted,
            plan.multiply_adds,
            architecture.parameters,
            plan.values,
            float(changes_images),
        ]
    )


def estimate_time(measured: Sequence[Measured]) -> TimeEstimate | None:
    """The estimate from finished trainings, the oldest first; None for fewer than MIN_TRAININGS."""
    valid = [training for training in measured if 0 < training.seconds < inf]
    latest = valid[-LATEST:]
    if len(latest) < MIN_TRAININGS:
        return None
    work = np.stack(
        [
            work_of(training.architecture, training.batch_size, changes_images=training.changes_images)
            for training in latest
        ]
    )
    seconds = np.array([training.seconds for training in latest])
    costs = _costs(work, seconds)
    return TimeEstimate(
        costs=tuple(costs.tolist()),
        trainings=len(latest),
        error=_error(work, seconds),
    )


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
    """(7,) costs from (n, 7) work and (n,) seconds, none below 0: least squares of relative errors, times the pace.

    The pace is how much slower than this fit the last trainings were, since other programs come and go.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 (takes half a second, which the first page need not wait for)

    trainings = len(seconds)
    relative = work / seconds[:, None]
    smallest = np.finfo(float).tiny
    scale = np.maximum(relative.max(axis=0), smallest)
    scaled_costs, _ = nnls(relative / scale, np.ones(trainings))
    costs = scaled_costs / scale
    age = np.arange(trainings)[::-1]
    weights = 0.5 ** (age / HALF_LIFE)
    expected = work @ costs
    slowdown = np.log(seconds / expected)
    pace = np.exp(np.average(slowdown, weights=weights))
    return np.asarray(costs * pace, dtype=np.float64)


def _error(work: Floats, seconds: Floats) -> float:
    """Median relative error of the last trainings, each predicted from all before it; NaN without any to judge."""
    first = max(MIN_TRAININGS, len(seconds) - MAX_JUDGED)
    errors = []
    for row in range(first, len(seconds)):
        costs = _costs(work[:row], seconds[:row])
        predicted = work[row] @ costs
        errors.append(abs(predicted / seconds[row] - 1))
    if not errors:
        return nan
    return float(np.median(errors))
