"""What the first models of a data set are sampled from: the search space and the caps, chosen or fitting the images."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np

from remap_core.errors import InvalidSpace, RemapError
from remap_core.services.pace import ELSEWHERE, Pace, seconds_at
from remap_core.settings import AUTO_SPACE, Settings
from remap_core.space.architecture import Architecture
from remap_core.space.caps import KILOBYTE, Cap, Caps, Cost, SecondsOf, tightest
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_space import SearchSpace
from remap_core.space.markov.search_spaces import SPACES, fitting_space, is_costly
from remap_core.space.markov.space_file import SUFFIX, read_space_file
from remap_core.trials.trial import Proposal

DEFAULT_SOURCE = "a default for these images"
DEFAULTS = {Cost.MULTIPLY_ADDS: 30_000_000, Cost.MEMORY: 512 * KILOBYTE}
"""Caps on what is sampled for colour or large images, unless others are set: see decision 029."""
DEFAULT_SECONDS = 300.0
"""The same for the expected time of a training, where that leaves a quarter of the models; otherwise the time that
does."""

_PILOTS = 12


@dataclass(frozen=True)
class SamplingPlan:
    """What models of a task are sampled from. seconds_of: what a cap on seconds counts; None where there is none."""

    space: SearchSpace
    input_shape: tuple[int, int, int]
    classes: int
    caps: Caps
    seconds_of: SecondsOf | None = None

    def sample(self, n: int, seed: int, known: Collection[str] = ()) -> list[Architecture]:
        """n different architectures, none with a fingerprint in `known`; raises SpaceExhausted."""
        rng = np.random.default_rng(seed)
        return sample_architectures(
            self.space,
            self.input_shape,
            self.classes,
            n,
            rng,
            caps=self.caps,
            seconds_of=self.seconds_of,
            known=known,
        )


def plan_for(
    settings: Settings,
    input_shape: tuple[int, int, int],
    classes: int,
    images: int,
    *,
    space: str = "",
    caps: Caps = (),
    pace: Pace = ELSEWHERE,
) -> SamplingPlan:
    """How models for images (channels, height, width) are sampled.

    images: to train on. space: its name, or a file; the settings' if empty. caps: a person's own, in the place of the
    defaults for these images; those of the settings and the space still hold. Raises InvalidSpace.
    """
    chosen = find_space(settings, input_shape, space)
    caps = tightest((*set_caps(settings), *chosen.caps, *caps))
    plan = SamplingPlan(chosen, input_shape, classes, caps, seconds_at(pace, settings, images))
    if not is_costly(input_shape):
        return plan
    capped = {cap.cost for cap in caps}
    defaults = [Cap(cost, limit, DEFAULT_SOURCE) for cost, limit in DEFAULTS.items() if cost not in capped]
    plan = replace(plan, caps=tightest((*caps, *defaults)))
    if Cost.SECONDS in capped:
        return plan
    seconds = Cap(Cost.SECONDS, _default_seconds(plan), DEFAULT_SOURCE)
    return replace(plan, caps=(*plan.caps, seconds))


def find_space(settings: Settings, input_shape: tuple[int, int, int], name: str = "") -> SearchSpace:
    """A space by its name or file; the settings' if the name is empty, and for "auto" the one that fits the images.

    Raises InvalidSpace for a name that is neither a space of REMAP's own nor that of the settings' file.
    """
    name = name or settings.space
    if name == AUTO_SPACE:
        return fitting_space(input_shape)
    if name in SPACES:
        return SPACES[name]
    if name.endswith(SUFFIX):
        return read_space_file(Path(name).expanduser())
    own = own_space(settings)
    if own and own.name == name:
        return own
    raise InvalidSpace(f"The search space must be one of {', '.join(space_names(settings))}, but got {name!r:.60}.")


def lineage_space(settings: Settings, proposal: Proposal) -> SearchSpace:
    """Where the children of a model take layers from: the space of its lineage, or the settings' if that is unknown.

    A person's file may have been changed or be gone since the lineage began. Raises InvalidSpace.
    """
    input_shape = proposal.architecture.input_shape
    if proposal.space in space_names(settings):
        return find_space(settings, input_shape, proposal.space)
    return find_space(settings, input_shape)


def own_space(settings: Settings) -> SearchSpace | None:
    """The space of the settings' file, read each time; None where they name no file. Raises InvalidSpace."""
    if not settings.space.endswith(SUFFIX):
        return None
    return read_space_file(Path(settings.space).expanduser())


def space_names(settings: Settings) -> list[str]:
    """The names that a person may choose from: that of the settings' file first, if it can be read."""
    try:
        own = own_space(settings)
    except InvalidSpace:
        own = None
    return [*([own.name] if own else []), *SPACES]


def set_caps(settings: Settings) -> Caps:
    """The caps that the settings set, for initial models and children."""
    limits = {
        "max_parameters": (Cost.PARAMETERS, settings.max_parameters),
        "max_multiply_adds": (Cost.MULTIPLY_ADDS, settings.max_multiply_adds),
        "max_activation_memory": (Cost.MEMORY, settings.max_activation_memory * KILOBYTE),
        "max_seconds": (Cost.SECONDS, settings.max_seconds),
    }
    return tuple(Cap(cost, limit, f"REMAP_{name.upper()}") for name, (cost, limit) in limits.items() if limit)


def _default_seconds(plan: SamplingPlan) -> float:
    """Enough for a quarter of the models of a plan that has no cap on seconds yet."""
    if plan.seconds_of is None:
        return DEFAULT_SECONDS
    try:
        pilots = plan.sample(_PILOTS, seed=0)
    except RemapError:  # said where they are sampled
        return DEFAULT_SECONDS
    quarter = float(np.quantile([plan.seconds_of(pilot) for pilot in pilots], 0.25))
    return max(DEFAULT_SECONDS, ceil(quarter))
