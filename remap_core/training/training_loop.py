"""One training: from its first epoch, or from where it was interrupted, to its evaluation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from remap_core.datasets.augmentation import draw_changes, require_augmentable
from remap_core.datasets.dataset import Dataset
from remap_core.datasets.recipe import Augmentation
from remap_core.errors import DatasetError, TrainingFailed
from remap_core.formatting import pluralize
from remap_core.space.architecture import Architecture
from remap_core.training.checkpoints import Artifacts
from remap_core.training.device_data import DeviceDataset, dataset_on_device
from remap_core.training.image_changes import ImageChanges
from remap_core.training.latency import latency_on_this_machine
from remap_core.training.learner import Learner, seeded
from remap_core.training.network.build import build
from remap_core.trials.class_labels import Labels
from remap_core.trials.evaluation import EpochResult, Evaluation, Latency
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import TrainingRecipe
from remap_core.trials.trial import Trial

Training = Generator[EpochResult, None, Evaluation]
"""Yields the result of every epoch, from the first on; returns the evaluation."""

_OUT_OF_MEMORY_MESSAGES = (
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
    """Train a trial's architecture on the training images and evaluate it on the validation images.

    By the recipe of its configuration, on the cross-entropy of the logits. On one CPU with the same number of threads
    the same seed gives the same curve to the bit, even if the training is interrupted.

    With a `folder`, every epoch saves a checkpoint there. A training that is started again first yields the results of
    the checkpoint's epochs, then continues; at the end weights.safetensors replaces the checkpoint.
    With `latencies`, a folder, an architecture's latency is measured once per machine, else in every training.
    `should_stop` is called before every batch; TrainingStopped is raised once it returns True.
    Images that the data set's recipe augments are changed differently in every epoch; only training images are.
    Raises TrainingFailed if the data do not fit the architecture or cannot be augmented, if the loss diverges, or if
    memory or the disk is full.
    """
    _require_same_task(trial, dataset)
    config = trial.proposal.config
    augmentation = _augmentation(dataset, config.recipe)
    artifacts = None
    if folder is not None:
        artifacts = Artifacts(folder, trial)
    predictions = None
    with _out_of_memory_as_failure(trial):
        data = dataset_on_device(dataset, device)
        learner = Learner.create(
            trial.architecture,
            config.seed,
            device,
            config.batch_size,
            config.recipe,
        )
        epochs: list[EpochResult] = []
        if artifacts is not None:
            epochs = artifacts.restore(learner)
        if config.start is not None and not epochs:
            _load_start(artifacts, learner)
        train_images = data.train
        if not augmentation:  # what changes in every epoch cannot be computed once for all
            train_images = learner.precompute(data.train, should_stop)
        validation_images = learner.precompute(data.validation, should_stop)
        data = replace(data, train=train_images, validation=validation_images)
    yield from tuple(epochs)
    while not config.is_over([result.validation_loss for result in epochs]):
        with _out_of_memory_as_failure(trial):
            changed = _augmented(data, augmentation, config.seed, len(epochs) + 1)
            result, predictions = _run_epoch(
                learner,
                changed,
                config,
                len(epochs) + 1,
                should_stop,
            )
            epochs.append(result)
            if artifacts is not None:
                artifacts.save_checkpoint(learner, epochs)
        yield result
    with _out_of_memory_as_failure(trial):
        latency = _latency(trial.architecture, device, latencies)
        if predictions is None:  # the checkpoint already held the last epoch
            _, predictions = learner.evaluate(data.validation, should_stop)
        confusion = _confusion(dataset.validation.labels, predictions, dataset.classes)
        if artifacts is not None:
            artifacts.finish(learner, data.scale, epochs)
    return Evaluation(confusion, predictions, latency)


def _load_start(artifacts: Artifacts | None, learner: Learner) -> None:
    if artifacts is None:
        raise TrainingFailed("A training that starts from weights needs a folder with them.")
    artifacts.load_start(learner)


def _run_epoch(
    learner: Learner,
    data: DeviceDataset,
    config: TrainingConfig,
    epoch: int,
    should_stop: Callable[[], bool],
) -> tuple[EpochResult, Labels]:
    start = perf_counter()
    steps = -(-len(data.train.labels) // config.batch_size)
    learning_rates = config.recipe.learning_rates(epoch, config.epochs, steps)
    # every epoch has its own seed, so a checkpoint need not store the state of the random numbers
    with seeded(data.device, config.seed, epoch):
        order = torch.randperm(len(data.train.labels))  # drawn first, so it does not depend on what the network draws
        train_score = learner.train_epoch(
            data.train,
            order,
            config.batch_size,
            learning_rates,
            should_stop,
        )
    validation_score, predictions = learner.evaluate(data.validation, should_stop)
    if not isfinite(train_score.loss + validation_score.loss):
        highest = config.recipe.learning_rate
        raise TrainingFailed(
            f"The training diverged at epoch {epoch}: its loss is no longer a number. "
            f"A lower learning rate may help; the highest was {highest:g}."
        )
    result = EpochResult(
        epoch=epoch,
        train_loss=train_score.loss,
        train_accuracy=train_score.accuracy,
        validation_loss=validation_score.loss,
        validation_accuracy=validation_score.accuracy,
        seconds=perf_counter() - start,
    )
    return result, predictions


def _augmentation(dataset: Dataset, recipe: TrainingRecipe) -> Sequence[Augmentation]:
    """What the data set's images are always changed by, and what the training adds."""
    augmentation: list[Any] = list(recipe.augmentation)
    if dataset.recipe is not None:
        augmentation += dataset.recipe.augmentation
    _, height, width = dataset.input_shape
    try:
        require_augmentable(height, width, augmentation)
    except DatasetError as error:
        raise TrainingFailed(f"{dataset.name} cannot be augmented: {error}") from error
    return tuple(dict.fromkeys(augmentation))


def _augmented(data: DeviceDataset, augmentation: Sequence[Augmentation], seed: int, epoch: int) -> DeviceDataset:
    """The images with the changes of an epoch to the training images, which have random numbers of their own."""
    if not augmentation:
        return data
    n, height, width, _ = data.train.pixels.shape
    rng = np.random.default_rng([seed, epoch])
    changes = draw_changes(n, height, width, augmentation, rng)
    train_images = replace(data.train, changes=ImageChanges.of(changes, data.device))
    return replace(data, train=train_images)


def _latency(architecture: Architecture, device: str, folder: Path | None) -> Latency:
    """The latency of PyTorch's own modules, without what speeds up training: as fast as an exported model."""
    with seeded("cpu", 0):
        network = build(architecture)
    network = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return latency_on_this_machine(network, architecture, device, folder)


def _confusion(labels: Labels, predictions: Labels, classes: int) -> NDArray[np.int64]:
    cells = labels.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def _require_same_task(trial: Trial, dataset: Dataset) -> None:
    expected = (trial.architecture.input_shape, trial.architecture.classes)
    actual = (dataset.input_shape, dataset.classes)
    if expected != actual:
        raise TrainingFailed(f"The architecture is for {_task(*expected)}, but {dataset.name} has {_task(*actual)}.")


def _task(input_shape: tuple[int, int, int], classes: int) -> str:
    channels, height, width = input_shape
    return f"{height} x {width} images with {pluralize(channels, 'channel')} in {classes} classes"


@contextmanager
def _out_of_memory_as_failure(trial: Trial) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not _is_out_of_memory(error):
            raise
        parameters = pluralize(trial.architecture.parameters, "parameter")
        raise TrainingFailed(
            f"There is not enough memory to train this model of {parameters} "
            f"with batches of {trial.proposal.config.batch_size}."
        ) from error


def _is_out_of_memory(error: RuntimeError) -> bool:
    message = str(error)
    return any(known in message for known in _OUT_OF_MEMORY_MESSAGES)
