"""`remap trainer --executor ray`: what the nodes of a Ray cluster are given to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from remap_core.daemon.executors import Executor
from remap_core.daemon.limits import Limits, train_within
from remap_core.daemon.ports import Training
from remap_core.daemon.remote import RayExecutor
from remap_core.daemon.rungs import train_to_rung
from remap_core.errors import SettingsError
from remap_core.settings import Device, Settings
from remap_core.training.datasets import load_dataset
from remap_core.trials import SealedScore, Trial


def cluster_executor(settings: Settings) -> Executor:
    """Trainings on the nodes of the cluster; raises SettingsError where it cannot be joined, or has no such device."""
    device, limits = _device(settings), Limits(settings.time_limit, settings.memory_limit)
    return RayExecutor(
        settings.ray_address,
        partial(train_on_node, device=device, limits=limits, halving=settings.halving),
        partial(prepare_node, device),
        partial(load_dataset, home=settings.home.absolute()),
        partial(score_on_node, device=device),
        folder=settings.home.absolute() / "artifacts",
        most=settings.workers,
        gpus=settings.ray_gpus,
    )


def _device(settings: Settings) -> Device:
    """What a training asks Ray for is what it trains on: another one would be somebody else's."""
    if settings.device == "cuda" and not settings.ray_gpus:
        raise SettingsError(
            "device = 'cuda' needs ray_gpus, the part of a GPU that a training on Ray takes: 0.25, say."
        )
    if settings.device == "cpu" and settings.ray_gpus:
        raise SettingsError(f"ray_gpus = {settings.ray_gpus:g} must be 0 where device = 'cpu'.")
    return "cuda" if settings.ray_gpus else "cpu"


def prepare_node(device: Device) -> str:
    """On a node: one thread for each training, as it has asked for one core."""
    from remap_core.training import session  # here, so that only nodes import torch

    session.limit_threads(1)
    return session.describe_device(session.choose_device(device))


def train_on_node(
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    dataset: Any,
    folder: Path,
    device: Device,
    limits: Limits,
    halving: bool = False,
) -> Training:
    """On a node: train, within the limits and to the next rung, from what lies in the folder."""
    from remap_core.training import loop  # as above

    def on_images(trial: Trial, should_stop: Callable[[], bool]) -> Training:
        return loop.train(trial, dataset, device=device, should_stop=should_stop, folder=folder)

    return train_within(limits, partial(train_to_rung, on_images) if halving else on_images, trial, should_stop)


def score_on_node(trial: Trial, *, dataset: Any, folder: Path, device: Device) -> SealedScore:
    """On a node: the sealed score, by the weights in the folder."""
    from remap_core.training.sealed import score_sealed  # as above

    return score_sealed(trial, dataset, device=device, folder=folder)
