"""One training from its first epoch, or from where it was interrupted, to its evaluation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from remap_core.datasets.dataset import Dataset
from remap_core.errors import TrainingFailed
from remap_core.space.architecture import Architecture
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import DeviceDataset, resident
from remap_core.training.latency import latency_on_this_machine
from remap_core.training.learner import Learner, seeded
from remap_core.training.network.build import build
from remap_core.trials.evaluation import EpochResult, Evaluation, Latency
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Trial

Training = Generator[EpochResult, None, Evaluation]
"""Yields the result of every epoch from the first on; returns the evaluation."""

_MEMORY_WORDS = (
    "out of memory",
    "not enough memory",
    "DefaultCPUAllocator",
    "ALLOC_FAILED",
    "size calculation overflow",
)


def train(
    trial: Trial,
    dataset: Dataset,
    *,
    device: str,
    should_stop: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
    latencies: Path | None = None,
) -> Training:
    """Train a trial's architecture on the data set's train images, and judge it on the validation images.

    Adam on the cross-entropy of logits; the learning rate is multiplied by the decay after every epoch. On one CPU
    with as many threads the same seed gives the same curve to the bit, whatever ran before, interrupted or not.

    With a `folder` every epoch leaves a checkpoint there; started again it yields the results of the epochs until the
    checkpoint at once and goes on after them, and at the end weights.safetensors takes the checkpoint's place.
    With `latencies`, a folder, the latency of an architecture is measured once on a machine, else every time.
    `should_stop` is asked before every batch; then TrainingStopped is raised.
    Raises TrainingFailed where the data do not fit, the loss is no number, memory or the disk is full.
    """
    _require_same_task(trial, dataset)
    config = trial.proposal.config
    artifacts = Artifacts(folder, trial) if folder else None
    with _memory_named(trial):
        data = resident(dataset, device)
        learner = Learner.begin(trial.architecture, config.seed, device, config.batch_size)
        epochs = artifacts.restore(learner) if artifacts else []
        learnt, judged = (learner.ahead(part, should_stop) for part in (data.train, data.validation))
        data = replace(data, train=learnt, validation=judged)
        predictions = None
    yield from tuple(epochs)
    while not config.is_over([result.validation_loss for result in epochs]):
        with _memory_named(trial):
            result, predictions = _epoch(learner, data, config, len(epochs) + 1, should_stop)
            epochs.append(result)
            if artifacts:
                artifacts.save_checkpoint(learner, epochs)
        yield epochs[-1]
    with _memory_named(trial):
        latency = _latency(trial.architecture, device, latencies)
        if predictions is None:  # the checkpoint was the last epoch's
            _, predictions = learner.judge(data.validation, should_stop)
        confusion = _confusion(dataset.validation.labels, predictions, dataset.classes)
        if artifacts:
            artifacts.finish(learner, data.scale, epochs)
    return Evaluation(confusion, predictions, latency)


def _epoch(
    learner: Learner, data: DeviceDataset, config: TrainingConfig, epoch: int, should_stop: Callable[[], bool]
) -> tuple[EpochResult, NDArray[np.uint8]]:
    start = perf_counter()
    rate = config.learning_rate * config.decay ** (epoch - 1)
    # each epoch has a seed of its own, so that nothing random needs to be remembered between two
    with seeded(data.device, config.seed, epoch):
        order = torch.randperm(len(data.train.labels))  # first, so that it is the same whatever the network draws
        learned = learner.learn(data.train, order, config.batch_size, rate, should_stop)
    judged, predictions = learner.judge(data.validation, should_stop)
    if not isfinite(learned.loss + judged.loss):
        raise TrainingFailed(f"The training diverged at epoch {epoch}: its loss is no longer a number.")
    return EpochResult(epoch, *learned, *judged, seconds=perf_counter() - start), predictions


def _latency(architecture: Architecture, device: str, folder: Path | None) -> Latency:
    """Of the network as PyTorch has it, without what makes learning faster: so it answers elsewhere, too."""
    with seeded("cpu", 0):
        network = build(architecture)
    network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return latency_on_this_machine(network, architecture, device, folder)


def _confusion(gold: NDArray[np.uint8], predicted: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    cells = gold.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def _require_same_task(trial: Trial, dataset: Dataset) -> None:
    wanted = (trial.architecture.input_shape, trial.architecture.classes)
    if wanted != (dataset.input_shape, dataset.classes):
        raise TrainingFailed(
            f"The architecture is made for {_task(*wanted)}, but {dataset.name} has "
            f"{_task(dataset.input_shape, dataset.classes)}."
        )


def _task(input_shape: tuple[int, int, int], classes: int) -> str:
    channels, height, width = input_shape
    return f"{height} x {width} images with {channels} channel{'s' * (channels > 1)} in {classes} classes"


@contextmanager
def _memory_named(trial: Trial) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(word in str(error) for word in _MEMORY_WORDS):
            raise
        raise TrainingFailed(
            f"There is not enough memory to train this model of {trial.architecture.parameters:,} parameters "
            f"with batches of {trial.proposal.config.batch_size}."
        ) from error
