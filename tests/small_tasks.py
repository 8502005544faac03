"""A task that any network learns in no time, and trials on it."""

from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from remap_core.datasets.dataset import Dataset
from remap_core.datasets.images import Images
from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.trials.class_labels import as_labels
from remap_core.trials.evaluation import EpochResult, Evaluation
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.training_recipe import PAPER
from remap_core.trials.trial import Proposal, Trial, TrialState

CLASSES = ("top", "middle", "bottom")


def bars(n: int, seed: int) -> Images:
    """n images of 8 x 8 noise with a bright bar, whose height is the class."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3).astype(np.uint8)
    images = rng.integers(0, 120, (n, 8, 8, 1), dtype=np.uint8)
    images[np.arange(n), 1 + 2 * labels] += 90
    return Images(images, labels)


BARS = Dataset("bars", CLASSES, bars(84, 1), bars(18, 2), bars(18, 3))


def codes(n: int) -> Images:
    """n images of 9 x 9 whose rows are the bits of their class, of 300."""
    labels = np.arange(n) % 300
    bits = labels[:, np.newaxis] >> np.arange(9) & 1
    rows = np.resize(bits, (n, 9))[:, :, np.newaxis] * np.full(9, 255)
    return Images(rows.astype(np.uint8)[..., np.newaxis], as_labels(labels, 300))


CODES = Dataset("codes", tuple(map(str, range(300))), codes(1500), codes(300), codes(300))


def trial_on(
    dataset: Dataset,
    layers: str,
    *,
    id: int = 7,
    attempt: int = 1,
    learning_rate: float = 1e-3,
    decay: float = 0.75,
    **config,
) -> Trial:
    """By the paper's recipe with this learning rate and decay, unless `recipe` is among the config."""
    config.setdefault("recipe", replace(PAPER, learning_rate=learning_rate, decay=decay))
    architecture = Architecture(dataset.input_shape, dataset.classes, parse_layers(layers))
    proposal = Proposal(architecture, dataset.name, TrainingConfig(**config))
    return Trial(id, proposal, TrialState.RUNNING, position=0, attempt=attempt, created=0)


def run(training: Generator[EpochResult, None, Evaluation]) -> tuple[list[EpochResult], Evaluation]:
    """All that a training yields, and what it returns."""
    epochs = []
    while True:
        try:
            epochs.append(next(training))
        except StopIteration as end:
            return epochs, end.value


def curve(epochs: Iterable[EpochResult]) -> list[EpochResult]:
    """The results without the clock."""
    return [replace(result, seconds=0) for result in epochs]


def save_bars(path: Path, n: int = 60) -> Path:
    """The task as an .npz file."""
    images = bars(n, 4)
    np.savez(path, images=images.images, labels=images.labels, class_names=np.array(CLASSES))
    return path
