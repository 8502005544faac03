"""Sampling architectures from a search space."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np

from remap_core.errors import InvalidArchitecture, SpaceExhausted
from remap_core.formatting import count
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Layer, Shape
from remap_core.space.search_spaces import START, STOP, SearchSpace

ATTEMPTS_PER_MODEL = 200


def sample_architecture(
    space: SearchSpace, input_shape: tuple[int, int, int], classes: int, rng: np.random.Generator
) -> Architecture:
    """One walk of the chain from START to STOP. Steps without a layer that fits are left out, and the others' row is
    scaled to sum to 1 again.
    """
    layers: list[Layer] = []
    shape: Shape = tuple(input_shape)
    matrix = space.on_images
    step = START
    while True:
        step = _next_step(space, matrix[step], shape, rng)
        if step == STOP:
            return Architecture(input_shape, classes, tuple(layers))
        fitting = _fitting(space.grid[step], shape)
        layer = fitting[rng.integers(len(fitting))]
        layers.append(layer)
        shape = layer.output_shape(shape)
        if len(shape) == 1:
            matrix = space.on_vectors


def sample_architectures(
    space: SearchSpace,
    input_shape: tuple[int, int, int],
    classes: int,
    n: int,
    rng: np.random.Generator,
    *,
    max_parameters: int,
    known: Collection[str] = (),
    learnable: bool = True,
) -> list[Architecture]:
    """n different architectures of at most `max_parameters`, none with a fingerprint in `known`.

    `learnable` leaves out chains that are no more than a linear map of the pixels: those without a Conv or Dense
    before the head, and those without an activation or max pooling. Raises SpaceExhausted where n such architectures
    are not found.
    """
    seen = set(known)
    architectures: list[Architecture] = []
    for _ in range(ATTEMPTS_PER_MODEL * max(n, 10)):
        if len(architectures) == n:
            break
        candidate = sample_architecture(space, input_shape, classes, rng)
        if learnable and (not candidate.has_hidden_weights or candidate.is_linear):
            continue
        if candidate.parameters > max_parameters or candidate.fingerprint in seen:
            continue
        seen.add(candidate.fingerprint)
        architectures.append(candidate)
    if len(architectures) < n:
        raise SpaceExhausted(
            f"Only {len(architectures)} of {n} new architectures of {space.name} were found for images of "
            f"{' x '.join(map(str, input_shape))} with at most {count(max_parameters)} parameters."
        )
    return architectures


def _next_step(space: SearchSpace, row: Mapping[str, Fraction], shape: Shape, rng: np.random.Generator) -> str:
    possible = [step for step in row if step == STOP or _fitting(space.grid[step], shape)]
    weights = np.array([float(row[step]) for step in possible])
    return possible[rng.choice(len(possible), p=weights / weights.sum())]


@lru_cache(maxsize=4096)
def _fitting(layers: tuple[Layer, ...], shape: Shape) -> tuple[Layer, ...]:
    return tuple(layer for layer in layers if _fits(layer, shape))


def _fits(layer: Layer, shape: Shape) -> bool:
    try:
        layer.output_shape(shape)
    except InvalidArchitecture:
        return False
    return True
