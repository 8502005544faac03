"""How long trainings will take: the one answer that every page, command and notebook shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan

from remap_core.analysis.durations import MIN_TRAININGS, TimeEstimate, estimate_time, schedule_seconds
from remap_core.catalogue.reader import Catalogue
from remap_core.data_folder.heartbeat import TrainerStatus
from remap_core.datasets.naming import split_part
from remap_core.formatting import duration, pluralize, relative_error
from remap_core.trials.trial import Proposal, Trial, TrialState

UNKNOWN_TIME = f"Expected time: not known yet, needs {MIN_TRAININGS} finished trainings."


FIRST_WAITING = 200
"""Waiting trainings that pages read, the first of the queue: those behind them are expected to take as long."""

Estimates = Mapping[str, TimeEstimate]
"""Estimates by data set."""


@dataclass(frozen=True)
class ExpectedTime:
    """Expected seconds until `trainings` trainings are finished, from when the first of them starts.

    error: median relative error of such estimates (0.23 is ± 23 %), NaN while too few were judged. waiting: trainings
    already in the queue that come first; their time is not included.
    """

    seconds: float
    error: float
    trainings: int
    waiting: int = 0

    @property
    def text(self) -> str:
        """The time in words.

        >>> ExpectedTime(seconds=13.2, error=0.233, trainings=9, waiting=5).text
        'about 13 s (± 23 %), after 5 trainings in the queue'
        """
        text = f"about {duration(self.seconds)}"
        if isfinite(self.error):
            text += f" ({relative_error(self.error)})"
        if self.waiting:
            text += f", after {pluralize(self.waiting, 'training')} in the queue"
        return text


def expected_time(
    catalogue: Catalogue,
    proposals: Sequence[Proposal],
    *,
    workers: int,
    estimates: Estimates | None = None,
) -> ExpectedTime | None:
    """The expected time of new trainings; None while too few trainings on one of their data sets are finished.

    workers: trainings at once, see `workers_of`. estimates: by data set, where they are known already.
    """
    if estimates is None:
        estimates = time_estimates(catalogue, {proposal.dataset for proposal in proposals})
    if any(proposal.dataset not in estimates for proposal in proposals):
        return None
    durations = []
    for proposal in proposals:
        estimate = estimates[proposal.dataset]
        durations.append(estimate.training_seconds(proposal))
    counts = catalogue.counts()
    return ExpectedTime(
        seconds=schedule_seconds(durations, workers),
        error=_error(estimates, proposals),
        trainings=len(proposals),
        waiting=counts[TrialState.RUNNING] + counts[TrialState.WAITING],
    )


def queue_time(trials: Iterable[Trial], estimates: Estimates, *, workers: int, more: int = 0) -> ExpectedTime | None:
    """The expected time until the unfinished ones of these trials, in the queue's order, are finished.

    None while there is no estimate for one of their data sets. more: trials that wait behind them; each is expected to
    take as long as these on average.
    """
    unfinished = [trial for trial in trials if not trial.state.is_finished()]
    if any(trial.proposal.dataset not in estimates for trial in unfinished):
        return None
    running_first = sorted(unfinished, key=lambda trial: trial.state is not TrialState.RUNNING)
    durations = []
    for trial in running_first:
        estimate = estimates[trial.proposal.dataset]
        durations.append(estimate.remaining_seconds(trial))
    seconds = schedule_seconds(durations, workers)
    if more and durations:
        seconds += more * sum(durations) / len(durations) / workers
    return ExpectedTime(
        seconds=seconds,
        error=_error(estimates, [trial.proposal for trial in unfinished]),
        trainings=len(unfinished) + more,
    )


def waiting_behind(first: Iterable[Trial], counts: Mapping[TrialState, int]) -> int:
    """How many trainings wait behind the first ones of the queue. counts: of the trials in each state."""
    return max(0, counts[TrialState.WAITING] - sum(trial.state is TrialState.WAITING for trial in first))


def time_estimates(catalogue: Catalogue, datasets: Iterable[str]) -> dict[str, TimeEstimate]:
    """The estimates by data set, without the data sets on which too few trainings are finished."""
    return estimates_by_name(datasets, lambda name: estimate_time(catalogue.measured(name)))


def estimates_by_name(
    names: Iterable[str], estimate_of: Callable[[str], TimeEstimate | None]
) -> dict[str, TimeEstimate]:
    """The estimates that there are, by data set; an epoch on a part of the training images takes its share.

    estimate_of: for a whole data set.
    """
    estimates = {}
    for name in names:
        whole, part = split_part(name)
        estimate = estimate_of(whole)
        if estimate and part:
            estimate = replace(estimate, costs=tuple(cost * part.share for cost in estimate.costs))
        if estimate:
            estimates[name] = estimate
    return estimates


def time_sentence(expected: ExpectedTime | None) -> str:
    """The expected time as a sentence that stands alone; `UNKNOWN_TIME` for None.

    >>> time_sentence(ExpectedTime(seconds=13.2, error=0.233, trainings=9))
    'Expected time: about 13 s (± 23 %).'
    """
    if expected is None:
        return UNKNOWN_TIME
    return f"Expected time: {expected.text}."


def workers_of(trainer: TrainerStatus | None) -> int:
    """Trainings at once: 1 without a trainer, and 1 for a cluster that has no nodes at present."""
    if trainer is None:
        return 1
    return max(1, trainer.workers)


def _error(estimates: Estimates, proposals: Sequence[Proposal]) -> float:
    """The largest error among the data sets; NaN where one is not known."""
    datasets = {proposal.dataset for proposal in proposals}
    errors = [estimates[name].error for name in datasets]
    if not all(map(isfinite, errors)):
        return nan
    return max(errors, default=nan)
