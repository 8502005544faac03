"""The loop that somebody who knows PyTorch well would write, which our own training is compared with.

Plain modules of an exported model in channels_last, all images in memory and scaled once, bf16 where that is faster, a
fused optimizer. The recipe is ours, so only the speed differs.
"""

from __future__ import annotations

import importlib.util
import time
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from remap_core.datasets.dataset import Dataset
from remap_core.datasets.images import Images
from remap_core.trials.training_config import TrainingConfig

EVALUATION_BATCH = 256


class Tuned(NamedTuple):
    """Processor seconds of an epoch with its validation pass, accuracies at the end (0..1), whether it was in bf16."""

    seconds: float
    validation: float
    test: float
    bf16: bool


class Rows(NamedTuple):
    """Scaled images, (n, channels, height, width) in channels_last, and their labels, (n,) int64."""

    images: Tensor
    labels: Tensor


def train_tuned(source: Path, dataset: Dataset, config: TrainingConfig) -> Tuned:
    """Train the network of an exported .py file, with new weights, on one core."""
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    exported = _module(source).Network()
    kind = _faster_kind(exported, dataset, config)
    network = exported.layers.to(memory_format=torch.channels_last)
    train = _rows(dataset.train, exported, kind)
    validation = _rows(dataset.validation, exported, kind)
    optimizer = _optimizer(network, config)
    start, right = time.process_time(), 0.0
    for epoch in range(1, config.epochs + 1):
        _train_epoch(network, optimizer, train, config, epoch)
        right = _accuracy(network, validation)
    seconds = (time.process_time() - start) / config.epochs
    test = _accuracy(network, _rows(dataset.test, exported, kind))
    return Tuned(seconds, right, test, kind is torch.bfloat16)


def _faster_kind(exported: nn.Module, dataset: Dataset, config: TrainingConfig, batches: int = 5) -> torch.dtype:
    """bf16 or float32, whatever trains a copy faster: depthwise convolutions are slow in bf16."""
    first = Images(
        dataset.train.images[: batches * config.batch_size], dataset.train.labels[: batches * config.batch_size]
    )
    seconds = {}
    for kind in (torch.bfloat16, torch.float32):
        network = deepcopy(exported.layers).to(memory_format=torch.channels_last)
        optimizer = _optimizer(network, config)
        rows = _rows(first, exported, kind)
        for _ in range(2):  # the first time is a warm-up
            start = time.process_time()
            _train_epoch(network, optimizer, rows, config, 1)
            seconds[kind] = time.process_time() - start
    return min(seconds, key=seconds.__getitem__)


def _module(source: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(source.stem, source)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(images: Images, exported: nn.Module, kind: torch.dtype) -> Rows:
    pixels = torch.from_numpy(images.images.copy()).permute(0, 3, 1, 2)
    scaled = [((part.float() - exported.mean) / exported.std).to(kind) for part in pixels.split(1000)]
    inputs = torch.cat(scaled).contiguous(memory_format=torch.channels_last)
    return Rows(inputs, torch.from_numpy(images.labels.astype(np.int64)))


def _optimizer(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    groups = [
        {
            "params": [parameter for parameter in network.parameters() if parameter.dim() > 1],
            "weight_decay": config.recipe.weight_decay,
        },
        {"params": [parameter for parameter in network.parameters() if parameter.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, fused=True)


def _train_epoch(
    network: nn.Module, optimizer: torch.optim.Optimizer, rows: Rows, config: TrainingConfig, epoch: int
) -> None:
    network.train()
    order = torch.randperm(len(rows.labels)).split(config.batch_size)
    rates = config.recipe.learning_rates(epoch, config.epochs, len(order))
    for batch, rate in zip(order, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        with _autocast(rows):
            output = network(rows.images[batch])
        loss = cross_entropy(output.float(), rows.labels[batch], label_smoothing=config.recipe.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        if config.recipe.max_gradient_norm:
            nn.utils.clip_grad_norm_(network.parameters(), config.recipe.max_gradient_norm)
        optimizer.step()


@torch.inference_mode()
def _accuracy(network: nn.Module, rows: Rows) -> float:
    network.eval()
    right = 0
    for images, labels in zip(*(part.split(EVALUATION_BATCH) for part in rows), strict=True):
        with _autocast(rows):
            right += int((network(images).argmax(1) == labels).sum())
    return right / len(rows.labels)


def _autocast(rows: Rows) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=rows.images.dtype is torch.bfloat16)
