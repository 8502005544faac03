"""Sampling architectures from a search space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import InvalidArchitecture, SpaceExhausted
from remap_core.formatting import count, shape_text
from remap_core.space.architecture import MAX_LAYERS, Architecture
from remap_core.space.caps import Cap, Cost, SecondsOf, all_exceeded, caps_text, tightest
from remap_core.space.layers import Layer, Shape
from remap_core.space.markov.search_space import START, STOP, Part, SearchSpace

ATTEMPTS_PER_MODEL = 200


def sample_architecture(
    space: SearchSpace, input_shape: tuple[int, int, int], classes: int, rng: np.random.Generator
) -> Architecture:
    """One walk of the chain from START to STOP. Steps without a layer that fits are left out, and the others' row is
    scaled to sum to 1 again. Raises InvalidArchitecture where no step is left, and after MAX_LAYERS layers.
    """
    ways = _ways_of(_Identity(space))
    layers: list[Layer] = []
    shape: Shape = tuple(input_shape)
    part = Part.IMAGES
    step = START
    while True:
        step = ways.next_step(part, step, shape, rng)
        if step == STOP:
            return Architecture(input_shape, classes, tuple(layers))
        if len(layers) == MAX_LAYERS:  # a person's own chain may end as rarely as it likes
            raise InvalidArchitecture(f"A chain of {space.name} has more than {MAX_LAYERS} layers.")
        fitting = ways.fitting(step, shape)
        layer = fitting[rng.integers(len(fitting))]
        layers.append(layer)
        shape = layer.output_shape(shape)
        if len(shape) == 1:
            part = Part.VECTORS


def sample_architectures(
    space: SearchSpace,
    input_shape: tuple[int, int, int],
    classes: int,
    n: int,
    rng: np.random.Generator,
    *,
    max_parameters: int | None = None,
    caps: Iterable[Cap] = (),
    seconds_of: SecondsOf | None = None,
    known: Collection[str] = (),
    learnable: bool = True,
) -> list[Architecture]:
    """n different architectures within the caps and those of the space, none with a fingerprint in `known`.

    max_parameters: short for a cap on parameters alone. seconds_of: what a cap on seconds needs; without it there is
    none. `learnable` leaves out chains that are no more than a linear map of the pixels: those without a Conv or Dense
    before the head, and those without an activation or max pooling.

    Raises SpaceExhausted, which names the caps and the one that refused most, where n such architectures are not
    found.
    """
    if max_parameters is not None:
        caps = (Cap(Cost.PARAMETERS, max_parameters), *caps)
    limits = tightest((*caps, *space.caps))
    seen = set(known)
    architectures: list[Architecture] = []
    refused: Counter[Cap] = Counter()
    attempts = ATTEMPTS_PER_MODEL * max(n, 10)
    for _ in range(attempts):
        if len(architectures) == n:
            return architectures
        candidate = _walked(space, input_shape, classes, rng)
        if candidate is None:
            continue
        if learnable and (not candidate.has_hidden_weights or candidate.is_linear):
            continue
        over = all_exceeded(limits, candidate, seconds_of)
        if over:
            refused.update(over)
        elif candidate.fingerprint not in seen:
            seen.add(candidate.fingerprint)
            architectures.append(candidate)
    if len(architectures) == n:
        return architectures
    sentence = (
        f"Only {len(architectures)} of {n} new architectures of {space.name} were found for images of "
        f"{' x '.join(map(str, input_shape))} with {caps_text(limits)}."
    )
    raise SpaceExhausted(sentence + _refusals(refused, attempts))


def _walked(
    space: SearchSpace, input_shape: tuple[int, int, int], classes: int, rng: np.random.Generator
) -> Architecture | None:
    """A sampled architecture; None for a walk that found no end."""
    try:
        return sample_architecture(space, input_shape, classes, rng)
    except InvalidArchitecture:
        return None


def _refusals(refused: Counter[Cap], attempts: int) -> str:
    """Which cap refused most, for the end of a sentence; empty where none did."""
    if not refused:
        return ""
    ((cap, most),) = refused.most_common(1)
    source = f" ({cap.source})" if cap.source else ""
    return f" Of {count(attempts)} candidates, {count(most)} had more than {cap.text}{source}."


class _Identity(NamedTuple):
    """A space as a key: its matrices cannot be hashed, and looking at all of them would take longer than sampling."""

    space: SearchSpace

    def __hash__(self) -> int:
        return id(self.space)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.space is other.space


@lru_cache(maxsize=8)
def _ways_of(space: _Identity) -> _Ways:
    return _Ways(space.space)


class _Ways:
    """What fits where in a space; remembered, as walks come to the same shapes again and again."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self.fitting = lru_cache(maxsize=4096)(self._fitting)
        self._following = lru_cache(maxsize=4096)(self._steps_and_chances)

    def next_step(self, part: Part, step: str, shape: Shape, rng: np.random.Generator) -> str:
        """Draw as `rng.choice` does, which takes ten times as long to look at its arguments."""
        possible, cumulative = self._following(part, step, shape)
        if not possible:
            raise InvalidArchitecture(f"No step of {self._space.name} fits an input of {shape_text(shape)}.")
        return possible[cumulative.searchsorted(rng.random(), side="right")]

    def _steps_and_chances(self, part: Part, step: str, shape: Shape) -> tuple[list[str], NDArray[np.float64]]:
        """The steps that may follow, and their cumulative probabilities."""
        row = self._space.matrix(part)[step]
        possible = [following for following in row if following == STOP or self.fitting(following, shape)]
        weights = np.array([float(row[following]) for following in possible])
        cumulative = np.cumsum(weights / weights.sum())
        return possible, cumulative / cumulative[-1:]

    def _fitting(self, step: str, shape: Shape) -> tuple[Layer, ...]:
        return tuple(layer for layer in self._space.grid[step] if _fits(layer, shape))


def _fits(layer: Layer, shape: Shape) -> bool:
    try:
        layer.output_shape(shape)
    except InvalidArchitecture:
        return False
    return True
