"""How long one training will take on images of a size, before any model of that data set was trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from remap_core.analysis.durations import TimeEstimate, work_of
from remap_core.errors import RemapError
from remap_core.settings import Settings
from remap_core.space.architecture import Architecture
from remap_core.space.sampler import sample_architectures
from remap_core.space.search_spaces import SPACES
from remap_core.trials.training_config import TrainingConfig

_SAMPLED = 5
"""Architectures whose middle one stands for a training."""
_PER_IMAGE = np.array([False, False, False, True, False, True, True])
"""Which of the quantities of `work_of` cost time for every image; the others cost time for every batch."""


@dataclass(frozen=True)
class Pace:
    """Seconds of an epoch over `images` training images. own: measured in this data folder, else a guess."""

    costs: tuple[float, ...]
    images: int
    batch_size: int
    own: bool


ELSEWHERE = Pace((0.0, 1.6e-2, 0.0, 1.1e-7, 1.0e-7, 1.5e-7, 0.0), images=1257, batch_size=32, own=False)
"""A guess for two cores of a server without a GPU: right to a factor of three, about."""


def pace_of(estimates: Mapping[str, TimeEstimate], train_images: Mapping[str, int]) -> Pace:
    """The pace of the data set of this folder that most trainings were measured on; `ELSEWHERE` without any."""
    measured = [name for name in estimates if train_images.get(name)]
    if not measured:
        return ELSEWHERE
    name = max(measured, key=lambda known: estimates[known].trainings)
    images = train_images[name]
    return Pace(estimates[name].costs, images, TrainingConfig.default_batch_size(images), own=True)


def training_seconds(settings: Settings, pace: Pace, shape: tuple[int, int, int], classes: int, images: int) -> float:
    """Expected seconds of one training of all epochs: of the middle one of a few models sampled for this shape.

    shape: (channels, height, width). images: to train on. NaN where no model of the search space fits.
    """
    batch_size = settings.batch_size or TrainingConfig.default_batch_size(images)
    batches = ceil(images / batch_size) / ceil(pace.images / pace.batch_size)
    growth = np.where(_PER_IMAGE, images / pace.images, batches)
    costs = np.array(pace.costs) * growth
    seconds = [float(costs @ work_of(model, batch_size)) for model in _models(settings, shape, classes)]
    if not seconds:
        return float("nan")
    return settings.epochs * float(np.median(seconds))


def _models(settings: Settings, shape: tuple[int, int, int], classes: int) -> Iterable[Architecture]:
    try:
        return sample_architectures(
            SPACES[settings.space],
            shape,
            classes,
            _SAMPLED,
            np.random.default_rng(settings.seed),
            max_parameters=settings.max_parameters,
        )
    except RemapError:
        return []
