"""The jobs that executors run. Torch is imported when a job runs, not when it is handed to an executor."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.dataset import Dataset
from remap_core.settings import Device
from remap_core.space.architecture import Architecture
from remap_core.trials.evaluation import EpochResult, Evaluation, SealedScore
from remap_core.trials.trial import Trial

Training = Generator[EpochResult, None, Evaluation]
"""Yields the result of every epoch, oldest first, from the checkpoint on; returns the evaluation."""

PRELOADED = "remap_core.training.preloaded"
"""The module that worker processes may have in common."""
_GPU_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))
"""What drivers of GPUs make on Linux: NVIDIA's, that of Windows' subsystem, and AMD's."""


def may_use_gpu(device: Device) -> bool:
    """Whether trainings may run on a GPU, as far as that is known without torch: it looks for a driver."""
    if device == "cpu":
        return False
    return any(file.exists() for file in _GPU_FILES)


def prepare(device: Device) -> str:
    """Set up this process for one training at a time; returns the device, for people.

    Every training gets one thread: as many trainings run at once as there are cores.
    """
    from remap_core.training import worker_session

    worker_session.limit_threads(1)
    return worker_session.describe_device(worker_session.choose_device(device))


@contextmanager
def single_threaded() -> Iterator[None]:
    """Train with one thread while the block runs, as worker processes do; then this process has its threads back.

    Small networks gain nothing from more, latencies stay comparable, and other processes keep their cores.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def train(trial: Trial, should_stop: Callable[[], bool], *, home: Path, device: Device) -> Training:
    """Train a trial on this machine; its files are in the data folder `home`."""
    from remap_core.training import worker_session

    chosen_device = worker_session.choose_device(device)
    return worker_session.train_trial(trial, should_stop, home=home, device=chosen_device)


def score(trial: Trial, *, home: Path, device: Device) -> SealedScore:
    """Score a complete trial on the sealed test images with the weights in the data folder `home`."""
    from remap_core.training import worker_session

    chosen_device = worker_session.choose_device(device)
    return worker_session.score_trial(trial, home=home, device=chosen_device)


def train_on_node(
    trial: Trial, should_stop: Callable[[], bool], *, dataset: Dataset, folder: Path, device: Device
) -> Training:
    """Train a trial on a node of a cluster, on the given images; its files are in `folder`."""
    from remap_core.training import training_loop

    return training_loop.train(trial, dataset, device=device, should_stop=should_stop, folder=folder)


def score_on_node(trial: Trial, *, dataset: Dataset, folder: Path, device: Device) -> SealedScore:
    """Score a complete trial on a node of a cluster with the weights in `folder`."""
    from remap_core.training.test_scoring import score_sealed

    return score_sealed(trial, dataset, device=device, folder=folder)


def class_probabilities(
    architecture: Architecture,
    weights: Mapping[str, NDArray[Any]],
    scale: tuple[tuple[float, ...], tuple[float, ...]],
    images: NDArray[np.uint8],
    *,
    device: Device,
) -> NDArray[np.float32]:
    """How probable each class is for images, by a model's weights; see `training.class_probabilities`."""
    from remap_core.training import class_probabilities, worker_session

    chosen = worker_session.choose_device(device)
    return class_probabilities.predict(architecture, weights, scale, images, device=chosen)
