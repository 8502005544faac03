"""Kills the trainer and its workers at random moments while it trains, and looks at what is left.

    python -m benchmarks.faults --trainings 20 --kills 50

A trainer works in a folder of its own through an initial population of digits models. Again and again its daemon, or
one of its worker processes, is killed (-9), and a daemon that died is started anew. A reader polls the snapshot all the
while and remembers every epoch that it was shown. In the end there must be every training once, COMPLETE, with all of
its epochs and with what the reader was shown, and weights and predictions that can be read; and the curves must be,
number for number, those of the same trainings left in peace.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from safetensors import safe_open

from benchmarks.trainers import trainer, until_done
from remap_core.catalogue.snapshot import current_number, open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError
from remap_core.trials.evaluation import EpochResult
from remap_core.trials.trial import TrialState

Epoch = tuple[int, int, int]
"""Trial, attempt, epoch."""


@dataclass
class Faults:
    """What was done to the trainer, and what was found. `wrong`: a sentence for each thing that must not be."""

    daemons_killed: int = 0
    workers_killed: int = 0
    reads: int = 0
    failed_reads: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Print what was done and found; the exit code is 1 where something is wrong."""
    parser = argparse.ArgumentParser(description="Kills the trainer at random moments and looks at what is left.")
    parser.add_argument("--trainings", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments and victims")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = torment(Path(scratch), options.trainings, options.epochs, options.kills, options.seed)
    print(f"{found.daemons_killed} daemons and {found.workers_killed} workers killed in {found.seconds:,.0f} s")
    print(f"{found.reads:,} reads of the snapshot, {found.failed_reads} failed")
    print("\n".join(found.wrong) or "nothing lost, nothing doubled, every curve as in peace")
    sys.exit(bool(found.wrong))


def torment(scratch: Path, trainings: int, epochs: int, kills: int, seed: int) -> Faults:
    """Train the same population in peace and under `kills` kills; returns what was found."""
    peaceful, tormented = (DataFolder(scratch / name) for name in ("peaceful", "tormented"))
    with _training(peaceful, trainings, epochs) as daemon:
        until_done(peaceful, trainings, daemon)
    found, began = Faults(), time.monotonic()
    with _reading(tormented, found) as shown:
        _kill_and_restart(tormented, trainings, epochs, kills, np.random.default_rng(seed), found)
    found.seconds = time.monotonic() - began
    found.wrong += _wrong(tormented, peaceful, trainings, epochs, shown)
    if found.failed_reads:
        found.wrong.append(f"{found.failed_reads} reads of the snapshot failed.")
    return found


def _kill_and_restart(
    folder: DataFolder, trainings: int, epochs: int, kills: int, dice: np.random.Generator, found: Faults
) -> None:
    killed = 0
    while True:
        with _training(folder, trainings, epochs) as daemon:
            while killed < kills:
                time.sleep(dice.uniform(0.2, 8.0))
                workers = [child for child in daemon.children() if "spawn_main" in " ".join(_command(child))]
                killed += 1
                if not workers or dice.random() < 0.5:
                    found.daemons_killed += 1
                    daemon.send_signal(signal.SIGKILL)
                    break
                found.workers_killed += 1
                with suppress(psutil.NoSuchProcess):
                    workers[dice.integers(len(workers))].send_signal(signal.SIGKILL)
            else:
                until_done(folder, trainings, daemon)
                return


def _training(folder: DataFolder, trainings: int, epochs: int) -> AbstractContextManager[psutil.Popen]:
    return trainer(folder, population=trainings, epochs=epochs, workers=2, dataset="digits#600")


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has just ended
        return []


@contextmanager
def _reading(folder: DataFolder, found: Faults) -> Iterator[dict[Epoch, EpochResult]]:
    """Polls the snapshot in a thread; what it was shown is in the dictionary."""
    shown: dict[Epoch, EpochResult] = {}
    stop = threading.Event()

    def poll() -> None:
        seen = None
        while not stop.wait(0.05):
            number = current_number(folder)
            if number is None or number == seen:
                continue
            found.reads += 1
            try:
                catalogue = open_snapshot(folder)
                for trial in catalogue.trials(sorted(catalogue.trial_ids(*TrialState))):
                    shown.update({(trial.id, trial.attempt, e.epoch): e for e in catalogue.epochs(trial.id)})
                catalogue.close()
                seen = number
            except CatalogueError:
                found.failed_reads += 1

    reader = threading.Thread(target=poll, name="reader")
    reader.start()
    try:
        yield shown
    finally:
        stop.set()
        reader.join()


def _wrong(
    folder: DataFolder, peaceful: DataFolder, trainings: int, epochs: int, shown: dict[Epoch, EpochResult]
) -> list[str]:
    catalogue, in_peace = open_snapshot(folder), open_snapshot(peaceful)
    trials = catalogue.trials(sorted(catalogue.trial_ids(*TrialState)))
    wrong = [] if len(trials) == trainings else [f"There are {len(trials)} trials, not {trainings}."]
    if len({trial.architecture.fingerprint for trial in trials}) < len(trials):
        wrong.append("An architecture is there twice.")
    for trial in trials:
        if trial.state is not TrialState.COMPLETE:
            wrong.append(f"Model {trial.id} is {trial.state}: {trial.error}")
            continue
        curve = catalogue.epochs(trial.id)
        if [result.epoch for result in curve] != list(range(1, epochs + 1)):
            wrong.append(f"Model {trial.id} has epochs {[result.epoch for result in curve]}.")
        if list(map(_scores, curve)) != list(map(_scores, in_peace.epochs(trial.id))):
            wrong.append(f"The curve of model {trial.id} is not the one in peace.")
        for result in curve:
            told = shown.get((trial.id, trial.attempt, result.epoch), result)
            if _scores(told) != _scores(result):
                wrong.append(f"Epoch {result.epoch} of model {trial.id} is not as it was shown.")
        evaluation, other = catalogue.evaluation(trial.id), in_peace.evaluation(trial.id)
        if evaluation is None or other is None or not np.array_equal(evaluation.predictions, other.predictions):
            wrong.append(f"The predictions of model {trial.id} are not those in peace.")
        with safe_open(folder.artifacts / str(trial.id) / "weights.safetensors", framework="numpy") as file:
            parameters = sum(file.get_tensor(name).size for name in file.keys())  # noqa: SIM118 (it is no mapping)
        if parameters != trial.architecture.parameters:
            wrong.append(f"The weights of model {trial.id} hold {parameters} parameters.")
    known = {trial.id: len(catalogue.epochs(trial.id)) for trial in trials}
    wrong += [f"Epoch {e} of model {t} was shown and is gone." for t, _, e in shown if e > known.get(t, 0)]
    catalogue.close()
    in_peace.close()
    return wrong


def _scores(result: EpochResult) -> tuple[float, ...]:
    """Everything but the seconds."""
    return (
        result.train_loss,
        result.train_accuracy,
        result.validation_loss,
        result.validation_accuracy,
    )


if __name__ == "__main__":
    main()
