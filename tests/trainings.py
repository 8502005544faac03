"""Trainings without torch, for tests of what surrounds them; module-level, so that worker processes can
import them."""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from remap_core.errors import SettingsError, TrainingFailed
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Activation, Dense
from remap_core.trainer.executors import worker_process
from remap_core.trials.evaluation import EpochResult, Evaluation, Latency, SealedScore
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Origin, Proposal, Trial, TrialState

Training = Generator[EpochResult, None, Evaluation]
EVALUATION = Evaluation(
    np.array([[3, 1], [0, 4]]), np.array([0, 0, 0, 1, 1, 1, 1, 1], dtype=np.uint8), Latency(0.1, 2.0, "cpu", 1)
)

WAIT = threading.Event()


def tiny(units: int = 4) -> Architecture:
    return Architecture((1, 2, 2), 2, (Dense(units), Activation("relu")))


def proposal(units: int = 4, epochs: int = 2, **more) -> Proposal:
    start = more.get("parent") if more.get("origin") is Origin.FINISH else None
    return Proposal(tiny(units), "toy", TrainingConfig(epochs=epochs, start=start), **more)


def trial(number: int = 1, units: int = 4, epochs: int = 2) -> Trial:
    return Trial(number, proposal(units, epochs), TrialState.RUNNING, position=1.0, attempt=1, created=0.0)


def epoch(number: int) -> EpochResult:
    return EpochResult(number, 1 / number, 0.5, 1.1 / number, 0.5 + number / 100, 0.01)


def train_well(trial: Trial, should_stop: Callable[[], bool]) -> Training:
    for number in range(1, trial.proposal.config.epochs + 1):
        yield epoch(number)
    return EVALUATION


def train_wide_ones_badly(trial: Trial, should_stop: Callable[[], bool]) -> Training:
    """What has 13 units diverges, what has 14 has a bug, what has 15 kills its process; the rest is fine."""
    yield epoch(1)
    units = trial.architecture.layers[0].units
    if units == 13:
        raise TrainingFailed("The training diverged at epoch 2: its loss is no longer a number.")
    if units == 14:
        raise ValueError("mat1 and mat2 shapes cannot be multiplied\nand a second line")
    if units == 15:
        os.kill(os.getpid(), signal.SIGKILL)
    for number in range(2, trial.proposal.config.epochs + 1):
        yield epoch(number)
    return EVALUATION


def train_until_stopped(trial: Trial, should_stop: Callable[[], bool]) -> Training:
    yield epoch(1)
    while not should_stop():
        time.sleep(0.002)
    raise TrainingFailed("stopped")


def train_and_hang(trial: Trial, should_stop: Callable[[], bool]) -> Training:
    yield epoch(1)
    time.sleep(600)
    return EVALUATION


def score_wide_ones_badly(trial: Trial) -> SealedScore:
    """Scoring goes as training would: 13 units have no weights, 15 kill the process, the rest is fine."""
    units = trial.architecture.layers[0].units
    if units == 13:
        raise TrainingFailed("Model 1 has no weights.")
    if units == 15:
        os.kill(os.getpid(), signal.SIGKILL)
    return SealedScore(images=8, right=6, loss=0.5)


def prepare() -> str:
    return "a toy"


def prepare_in_vain() -> str:
    raise SettingsError("device = 'cuda' is not usable: this machine has no GPU.")


def prepare_to_beat_often() -> str:
    worker_process.BEAT_SECONDS = 0.1
    return "a toy"


def die_twice(deaths: Path) -> str:
    """A process of two that dies before it is ready; the third is fine."""
    with deaths.open("a") as file:
        file.write("x")
    if deaths.stat().st_size <= 2:
        os._exit(7)
    return "a toy"


def die_at_once() -> str:
    os._exit(7)


def polled_until(executor, kind, limit=600):
    """All events until there is one of this kind."""
    events = []
    for _ in range(limit):
        events += executor.poll()
        if any(isinstance(event, kind) for event in events):
            return events
        WAIT.wait(0.05)
    raise AssertionError(f"no {kind.__name__} among {events}")


def worker_pid(executor, limit=600):
    """The process id of the executor's first worker process, once it has one."""
    for _ in range(limit):
        if pid := executor._slots[0].process.pid:
            return pid
        WAIT.wait(0.05)
    raise AssertionError("no worker process was started")


def ready(executor, slots=1, limit=600):
    """The executor, once so many of its slots wait for a job."""
    for _ in range(limit):
        executor.poll()
        if executor.free_slots >= slots:
            return executor
        WAIT.wait(0.05)
    raise AssertionError("no slot is free")
