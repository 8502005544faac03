"""How fast a machine trains, for images that nothing was trained on yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from remap_core.analysis.durations import TimeEstimate, work_of
from remap_core.catalogue.reader import Catalogue
from remap_core.services.expected_time import time_estimates
from remap_core.settings import Settings
from remap_core.space.caps import SecondsOf
from remap_core.trials.training_config import TrainingConfig

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


def pace_in(catalogue: Catalogue | None) -> Pace:
    """The pace that a catalogue's trainings were measured at; `ELSEWHERE` without a catalogue."""
    if catalogue is None:
        return ELSEWHERE
    estimates = time_estimates(catalogue, catalogue.datasets())
    return pace_of(estimates, {name: catalogue.dataset(name).split[0] for name in estimates})


def seconds_at(pace: Pace, settings: Settings, images: int) -> SecondsOf:
    """How many seconds a whole training on so many images takes, by architecture."""
    batch_size = settings.batch_size or TrainingConfig.default_batch_size(images)
    batches = ceil(images / batch_size) / ceil(pace.images / pace.batch_size)
    growth = np.where(_PER_IMAGE, images / pace.images, batches)
    costs = settings.epochs * np.array(pace.costs) * growth
    return lambda architecture: float(costs @ work_of(architecture, batch_size))
