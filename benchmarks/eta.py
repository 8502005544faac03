"""How right the expected times are: the finished trainings of a catalogue are replayed in their order.

    python -m benchmarks.eta FOLDER

Each training is predicted when it begins, from those that were finished by then, and compared with the seconds that
its epochs took. Beside the product's estimate: the mean of all before, the last one before, and a straight line
through their multiply-adds. Figures are of the trainings after the first ten; "whole" is how far off the sum of all of
these was, as it is for a queue. Make a catalogue by opening the app on an empty folder.
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
from remap_core.trials.trial import Trial, TrialState

Predict = Callable[[Sequence[Measured], Trial], float]
SKIPPED = 10


def main() -> None:
    """Print a table for each data set of the catalogue."""
    parser = argparse.ArgumentParser(description="How right the expected times are.")
    parser.add_argument("folder", type=Path, help="data folder (REMAP_HOME) with finished trainings")
    catalogue = open_snapshot(DataFolder(parser.parse_args().folder))
    for dataset in catalogue.datasets():
        trials = finished(catalogue, dataset)
        if len(trials) <= SKIPPED:
            print(f"{dataset}: {len(trials)} trainings are too few.")
            continue
        print(f"{dataset}: {len(trials)} trainings, median relative error after the first {SKIPPED}")
        print("how                      median  upper quarter   whole")
        for name, predict in WAYS.items():
            print(f"{name:<24} {row(replay(catalogue, trials, predict))}")


def finished(catalogue: Catalogue, dataset: str) -> list[Trial]:
    """The complete trials of a data set, in the order in which they finished."""
    complete = [trial for trial in catalogue.queue(finished=100_000) if trial.state is TrialState.COMPLETE]
    of_dataset = [trial for trial in complete if trial.proposal.dataset == dataset]
    return sorted(of_dataset, key=lambda trial: trial.finished or 0.0)


def replay(catalogue: Catalogue, trials: Sequence[Trial], predict: Predict) -> list[tuple[float, float]]:
    """(predicted, taken) seconds of an epoch, of each training after the first ten."""
    curves = catalogue.epoch_curves([trial.id for trial in trials])
    taken = {trial.id: float(np.mean([result.seconds for result in curves[trial.id]])) for trial in trials}
    found = []
    for trial in trials[SKIPPED:]:
        before = [one for one in trials if (one.finished or 0.0) <= (trial.started or 0.0)]
        measured = [Measured(one.architecture, one.proposal.config.batch_size, taken[one.id]) for one in before]
        if len(measured) >= MIN_TRAININGS:
            found.append((predict(measured, trial), taken[trial.id]))
    return found


def row(pairs: Sequence[tuple[float, float]]) -> str:
    """The figures of one way to predict."""
    predicted, taken = np.array(pairs).T
    error = np.abs(predicted / taken - 1)
    return f"{np.median(error):6.1%} {np.quantile(error, 0.75):14.1%} {predicted.sum() / taken.sum() - 1:+7.1%}"


def product(measured: Sequence[Measured], trial: Trial) -> float:
    """What the pages say."""
    estimate = estimate_time(measured)
    return estimate.epoch_seconds(trial.architecture, trial.proposal.config.batch_size) if estimate else float("nan")


def line(measured: Sequence[Measured], trial: Trial) -> float:
    """A straight line through the multiply-adds, by least squares."""
    work = [one.architecture.multiply_adds for one in measured]
    slope, fixed = np.polyfit(work, [one.seconds for one in measured], 1)
    return float(max(0.0, fixed + slope * trial.architecture.multiply_adds))


WAYS: dict[str, Predict] = {
    "product": product,
    "mean of all before": lambda measured, _: float(np.mean([one.seconds for one in measured])),
    "the last one before": lambda measured, _: measured[-1].seconds,
    "line by multiply-adds": line,
}


if __name__ == "__main__":
    main()
