"""How long one training will take on images of a size, before any model of that data set was trained."""

from __future__ import annotations

import numpy as np

from remap_core.errors import RemapError
from remap_core.services.pace import Pace, seconds_at
from remap_core.services.sampling import plan_for
from remap_core.settings import Settings
from remap_core.space.caps import Caps

_SAMPLED = 5
"""Architectures whose middle one stands for a training."""


def training_seconds(
    settings: Settings,
    pace: Pace,
    shape: tuple[int, int, int],
    classes: int,
    images: int,
    *,
    space: str = "",
    caps: Caps = (),
) -> float:
    """Expected seconds of one training of all epochs: of the middle one of a few models sampled for this shape.

    shape: (channels, height, width). images: to train on. space, caps: see `plan_for`. NaN where no model of the search
    space fits.
    """
    seconds_of = seconds_at(pace, settings, images)
    try:
        plan = plan_for(settings, shape, classes, images, space=space, caps=caps, pace=pace)
        models = plan.sample(_SAMPLED, settings.seed)
    except RemapError:
        return float("nan")
    return float(np.median([seconds_of(model) for model in models]))
