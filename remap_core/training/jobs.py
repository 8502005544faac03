"""The functions that executors run. They import torch where they run, not where they are handed out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from remap_core.settings import Device
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore
from remap_core.trials.trial import Trial

Training = Generator[EpochResult, None, Evaluation]
"""Yields the result of every epoch, from the first on; returns the evaluation."""


def prepare(device: Device) -> str:
    """Set this process up to train; return its device, as described for people.

    A training gets one thread, as there are as many trainings at once as cores.
    """
    from remap_core.training import worker_session

    worker_session.limit_threads(1)
    chosen = worker_session.choose_device(device)
    return worker_session.describe_device(chosen)


def train(
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    home: Path,
    device: Device,
) -> Training:
    """Train a trial on this machine; its files are in the data folder `home`."""
    from remap_core.training import worker_session

    chosen = worker_session.choose_device(device)
    return worker_session.train_trial(trial, should_stop, home=home, device=chosen)


def score(trial: Trial, *, home: Path, device: Device) -> SealedScore:
    """Score a complete trial on the sealed test images, with its weights from the data folder `home`."""
    from remap_core.training import worker_session

    chosen = worker_session.choose_device(device)
    return worker_session.score_trial(trial, home=home, device=chosen)


def train_on_node(
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    dataset: Any,
    folder: Path,
    device: Device,
) -> Training:
    """Train a trial on a cluster node, on images that were sent to it; its files are in `folder`."""
    from remap_core.training import training_loop

    return training_loop.train(
        trial,
        dataset,
        device=device,
        should_stop=should_stop,
        folder=folder,
    )


def score_on_node(
    trial: Trial,
    *,
    dataset: Any,
    folder: Path,
    device: Device,
) -> SealedScore:
    """Score a complete trial on a cluster node, with its weights from `folder`."""
    from remap_core.training.test_scoring import score_sealed

    return score_sealed(trial, dataset, device=device, folder=folder)
