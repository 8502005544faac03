"""Kills the trainer and its workers at random moments while they train, and checks what is left.

    python -m benchmarks.faults --trainings 20 --kills 50

A trainer works in its own folder through an initial population of digits models. Again and again the trainer or one of
its worker processes is killed (-9), and a trainer that died is restarted. Meanwhile a reader polls the snapshot and
remembers every epoch that it saw. At the end every training must be there once, COMPLETE, with all of its epochs as the
reader saw them, and with readable weights and predictions; and the curves must be, number for number, those of the same
trainings without any kill.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from safetensors import safe_open

from benchmarks.trainers import trainer, until_done
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError
from remap_core.formatting import count, model_name
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import Trial, TrialState

Epoch = tuple[int, int, int]
"""Trial, attempt, epoch."""

WORKERS = 2


@dataclass(frozen=True)
class Plan:
    """What is trained, and how often it is killed. seed: of the moments and victims."""

    trainings: int = 20
    epochs: int = 10
    kills: int = 50
    seed: int = 0


@dataclass
class Outcome:
    """What was done to the trainer, and what was found. problems: one sentence each."""

    trainers_killed: int = 0
    workers_killed: int = 0
    reads: int = 0
    failed_reads: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def main() -> None:
    """Print what was done and found; the exit code is 1 if there are problems."""
    parser = argparse.ArgumentParser(description="Kills the trainer at random moments and checks what is left.")
    parser.add_argument("--trainings", type=int, default=Plan.trainings)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--seed", type=int, default=Plan.seed, help="of the moments and victims")
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as scratch:
        outcome = kill_and_check(Path(scratch), plan)
    print(
        f"{outcome.trainers_killed} trainers and {outcome.workers_killed} workers killed "
        f"in {count(round(outcome.seconds))} s"
    )
    print(f"{count(outcome.reads)} reads of the snapshot, {outcome.failed_reads} failed")
    print("\n".join(outcome.problems) or "nothing lost, nothing twice, every curve identical")
    sys.exit(bool(outcome.problems))


def kill_and_check(scratch: Path, plan: Plan) -> Outcome:
    """Train the same population without kills and, at the same time, with them; returns what was found."""
    undisturbed = DataFolder(scratch / "undisturbed")
    killed = DataFolder(scratch / "killed")
    outcome = Outcome()
    started = time.monotonic()
    with _trainer(undisturbed, plan) as process:
        with _reader(killed, outcome) as seen:
            _train_with_kills(killed, plan, outcome)
        outcome.seconds = time.monotonic() - started
        until_done(undisturbed, plan.trainings, process)
    with closing(open_snapshot(killed)) as catalogue, closing(open_snapshot(undisturbed)) as reference:
        outcome.problems += _problems(catalogue, reference, killed, plan, seen)
    if outcome.failed_reads:
        outcome.problems.append(f"{outcome.failed_reads} reads of the snapshot failed.")
    return outcome


def _trainer(folder: DataFolder, plan: Plan) -> AbstractContextManager[psutil.Popen]:
    return trainer(folder, population=plan.trainings, epochs=plan.epochs, workers=WORKERS, dataset="digits#600")


def _train_with_kills(folder: DataFolder, plan: Plan, outcome: Outcome) -> None:
    rng = np.random.default_rng(plan.seed)
    while True:
        with _trainer(folder, plan) as process:
            trainer_runs = True
            while trainer_runs and outcome.trainers_killed + outcome.workers_killed < plan.kills:
                time.sleep(rng.uniform(0.2, 8.0))
                trainer_runs = _kill_one(process, rng, outcome)
            if trainer_runs:
                until_done(folder, plan.trainings, process)
                return


def _kill_one(process: psutil.Popen, rng: np.random.Generator, outcome: Outcome) -> bool:
    """Kill the trainer, one of its workers or the server that forks these; returns whether the trainer still runs."""
    workers = [child for child in process.children(recursive=True) if _is_worker(child)]
    if not workers or rng.random() < 0.5:
        outcome.trainers_killed += 1
        process.send_signal(signal.SIGKILL)
        return False
    outcome.workers_killed += 1
    with suppress(psutil.NoSuchProcess):
        workers[rng.integers(len(workers))].send_signal(signal.SIGKILL)
    return True


def _is_worker(process: psutil.Process) -> bool:
    try:
        command_line = " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return False
    return "spawn_main" in command_line or "multiprocessing.forkserver" in command_line


@contextmanager
def _reader(folder: DataFolder, outcome: Outcome) -> Iterator[dict[Epoch, EpochResult]]:
    """Poll the snapshot from a thread during the block; yields the dictionary of what it has seen."""
    seen: dict[Epoch, EpochResult] = {}
    stop = threading.Event()

    def poll() -> None:
        last_number = None
        while not stop.wait(0.05):
            number = current_number(folder)
            if number is None or number == last_number:
                continue
            outcome.reads += 1
            try:
                seen.update(_read_epochs(folder))
                last_number = number
            except CatalogueError:
                outcome.failed_reads += 1

    thread = threading.Thread(target=poll, name="reader")
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def _read_epochs(folder: DataFolder) -> dict[Epoch, EpochResult]:
    epochs = {}
    with closing(open_snapshot(folder)) as catalogue:
        for trial in _all_trials(catalogue):
            for result in catalogue.epochs(trial.id):
                epochs[trial.id, trial.attempt, result.epoch] = result
    return epochs


def _all_trials(catalogue: Catalogue) -> list[Trial]:
    return catalogue.trials(sorted(catalogue.trial_ids(*TrialState)))


def _problems(
    catalogue: Catalogue, reference: Catalogue, folder: DataFolder, plan: Plan, seen: dict[Epoch, EpochResult]
) -> Iterator[str]:
    trials = _all_trials(catalogue)
    if len(trials) != plan.trainings:
        yield f"There are {len(trials)} trials, not {plan.trainings}."
    if len({trial.architecture.fingerprint for trial in trials}) < len(trials):
        yield "An architecture was trained twice."
    for trial in trials:
        if trial.state is TrialState.COMPLETE:
            yield from _curve_problems(catalogue, reference, trial, plan, seen)
            yield from _prediction_problems(catalogue, reference, trial)
            yield from _weight_problems(folder, trial)
        else:
            yield f"{model_name(trial.id)} is {trial.state}: {trial.error}"
    recorded = {trial.id: len(catalogue.epochs(trial.id)) for trial in trials}
    for model, _, epoch in seen:
        if epoch > recorded.get(model, 0):
            yield f"Epoch {epoch} of {model_name(model)} was seen and is gone."


def _curve_problems(
    catalogue: Catalogue, reference: Catalogue, trial: Trial, plan: Plan, seen: dict[Epoch, EpochResult]
) -> Iterator[str]:
    curve = catalogue.epochs(trial.id)
    epochs = [result.epoch for result in curve]
    if epochs != list(range(1, plan.epochs + 1)):
        yield f"{model_name(trial.id)} has epochs {epochs}."
    figures = [_figures(result) for result in curve]
    expected = [_figures(result) for result in reference.epochs(trial.id)]
    if figures != expected:
        yield f"The curve of {model_name(trial.id)} is not the one without kills."
    for result in curve:
        as_seen = seen.get((trial.id, trial.attempt, result.epoch), result)
        if _figures(as_seen) != _figures(result):
            yield f"Epoch {result.epoch} of {model_name(trial.id)} is not as it was seen."


def _prediction_problems(catalogue: Catalogue, reference: Catalogue, trial: Trial) -> Iterator[str]:
    evaluation = catalogue.evaluation(trial.id)
    expected = reference.evaluation(trial.id)
    if evaluation is None or expected is None:
        yield f"{model_name(trial.id)} has no predictions."
    elif not np.array_equal(evaluation.predictions, expected.predictions):
        yield f"The predictions of {model_name(trial.id)} are not those without kills."


def _weight_problems(folder: DataFolder, trial: Trial) -> Iterator[str]:
    with safe_open(folder.weights(trial.id), framework="numpy") as file:
        parameters = sum(file.get_tensor(name).size for name in file.keys())  # noqa: SIM118 (it is not a mapping)
    if parameters != trial.architecture.parameters:
        yield f"The weights of {model_name(trial.id)} hold {parameters} parameters."


def _figures(result: EpochResult) -> tuple[float, ...]:
    """Everything but the seconds."""
    return (
        result.train_loss,
        result.train_accuracy,
        result.validation_loss,
        result.validation_accuracy,
    )


if __name__ == "__main__":
    main()
