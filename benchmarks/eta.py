"""How accurate the expected times are: replays the finished trainings of a catalogue in order.

    python -m benchmarks.eta FOLDER

Each training is predicted at its start, from those finished by then, and compared with the seconds that its epochs
took. The product's estimate is compared with the mean of all before, the last one before, and a straight line through
the multiply-adds. The first ten trainings are left out. "total" is the error of the sum of all trainings, as for a
queue. To make a catalogue, open the app on an empty folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from remap_core.analysis.durations import MIN_TRAININGS, Measured, estimate_time
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.formatting import pluralize
from remap_core.trials.trial import Trial, TrialState

Predict = Callable[[Sequence[Measured], Trial], float]
SKIPPED = 10


def main() -> None:
    """Print a table for each data set of the catalogue."""
    parser = argparse.ArgumentParser(description="How accurate the expected times are.")
    parser.add_argument("folder", type=Path, help="data folder (REMAP_HOME) with finished trainings")
    catalogue = open_snapshot(DataFolder(parser.parse_args().folder))
    for dataset in catalogue.datasets():
        trials = finished(catalogue, dataset)
        number = pluralize(len(trials), "training")
        if len(trials) <= SKIPPED:
            print(f"{dataset}: {number}, too few.")
            continue
        print(f"{dataset}: {number}, median relative error after the first {SKIPPED}")
        print("estimate                 median  upper quartile   total")
        for name, predict in ESTIMATES.items():
            pairs = replay(catalogue, trials, predict)
            print(f"{name:<24} {row(pairs)}")


def finished(catalogue: Catalogue, dataset: str) -> list[Trial]:
    """The complete trials of a data set, in the order in which they finished."""
    complete = [trial for trial in catalogue.queue(finished=100_000) if trial.state is TrialState.COMPLETE]
    of_dataset = [trial for trial in complete if trial.proposal.dataset == dataset]
    return sorted(of_dataset, key=lambda trial: trial.finished or 0.0)


def replay(catalogue: Catalogue, trials: Sequence[Trial], predict: Predict) -> list[tuple[float, float]]:
    """(predicted, taken) seconds per epoch of each training after the first ten."""
    curves = catalogue.epoch_curves([trial.id for trial in trials])
    taken = {}
    for trial in trials:
        seconds = [result.seconds for result in curves[trial.id]]
        taken[trial.id] = float(np.mean(seconds))
    pairs = []
    for trial in trials[SKIPPED:]:
        measured = [
            Measured(earlier.architecture, earlier.proposal.config.batch_size, taken[earlier.id])
            for earlier in trials
            if (earlier.finished or 0.0) <= (trial.started or 0.0)
        ]
        if len(measured) >= MIN_TRAININGS:
            pairs.append((predict(measured, trial), taken[trial.id]))
    return pairs


def row(pairs: Sequence[tuple[float, float]]) -> str:
    """The figures of one estimate."""
    predicted, taken = np.array(pairs).T
    errors = np.abs(predicted / taken - 1)
    median = np.median(errors)
    upper_quartile = np.quantile(errors, 0.75)
    total = predicted.sum() / taken.sum() - 1
    return f"{median:6.1%} {upper_quartile:14.1%} {total:+7.1%}"


def product(measured: Sequence[Measured], trial: Trial) -> float:
    """The product's estimate."""
    estimate = estimate_time(measured)
    if estimate is None:
        return float("nan")
    return estimate.epoch_seconds(trial.architecture, trial.proposal.config.batch_size)


def mean_of_all(measured: Sequence[Measured], _: Trial) -> float:
    """The mean of all trainings before."""
    return float(np.mean([training.seconds for training in measured]))


def last(measured: Sequence[Measured], _: Trial) -> float:
    """What the last training took."""
    return measured[-1].seconds


def line(measured: Sequence[Measured], trial: Trial) -> float:
    """A straight line through the multiply-adds, by least squares."""
    work = [training.architecture.multiply_adds for training in measured]
    seconds = [training.seconds for training in measured]
    slope, intercept = np.polyfit(work, seconds, 1)
    return float(max(0.0, intercept + slope * trial.architecture.multiply_adds))


ESTIMATES: dict[str, Predict] = {
    "product": product,
    "mean of all before": mean_of_all,
    "the last one before": last,
    "line by multiply-adds": line,
}


if __name__ == "__main__":
    main()
