"""Search spaces and how architectures are sampled from them: a Markov chain over layer kinds, a grid for the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product

import numpy as np

from remap_core.errors import InvalidArchitecture, SpaceExhausted
from remap_core.space.architecture import Architecture
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    Layer,
    MaxPool2d,
    SeparableConv2d,
    Shape,
)

START, STOP = "start", "stop"
Matrix = Mapping[str, Mapping[str, Fraction]]
"""Transition matrix: for each step, the probability of the next; a row sums to 1."""

ATTEMPTS_PER_MODEL = 200


@dataclass(frozen=True)
class SearchSpace:
    """A chain-structured search space.

    A step of the chain is a row of `grid`: the layers it chooses from, evenly. `on_images` is the transition matrix
    as long as a layer puts out an image, `on_vectors` from the first one on that puts out a vector. Raises
    InvalidArchitecture where a row of probabilities does not sum to 1 or names a step that the grid does not have.
    """

    name: str
    grid: Mapping[str, tuple[Layer, ...]]
    on_images: Matrix
    on_vectors: Matrix

    def __post_init__(self) -> None:
        for matrix in (self.on_images, self.on_vectors):
            for step, row in matrix.items():
                if sum(row.values()) != 1 or not row.keys() <= self.grid.keys() | {STOP}:
                    raise InvalidArchitecture(f"Row {step} of {self.name} must sum to 1 over known steps: {dict(row)}.")


def _row(**weights: int) -> dict[str, Fraction]:
    total = sum(weights.values())
    return {step: Fraction(weight, total) for step, weight in weights.items()}


REMAP_2019 = SearchSpace(
    name="remap-2019",
    grid={
        "conv": tuple(Conv2d(size, filters) for size, filters in product((1, 3, 5), (16, 32, 64, 128))),
        "pool": tuple(pool(size) for pool, size in product((AvgPool2d, MaxPool2d), (2, 3, 5))),
        "dense": tuple(Dense(units) for units in (16, 64, 128, 256)),
        "drop": tuple(Dropout(eighths / 8) for eighths in range(1, 8)),
        "act": tuple(Activation(function) for function in ("tanh", "relu", "sigmoid")),
    },
    on_images={
        START: _row(conv=6, pool=2, dense=1, drop=1, act=1, stop=1),
        "conv": _row(act=3, conv=1, drop=1, pool=1, dense=1, stop=1),
        "pool": _row(conv=2, dense=1, drop=1, pool=1, act=1, stop=1),
        "drop": _row(conv=2, pool=1, dense=1, stop=1),
        "act": _row(conv=3, pool=1, dense=1, drop=1, stop=1),
    },
    on_vectors={
        "dense": _row(act=3, drop=1, dense=1, stop=1),
        "drop": _row(dense=1, stop=1),
        "act": _row(dense=1, drop=1, stop=1),
    },
)
"""The space of Cashman et al. (2019). A "pool" is average or maximum, evenly: their models contain both."""

MODERN = SearchSpace(
    name="modern",
    grid={
        "conv": tuple(
            Conv2d(size, filters, stride, "same")
            for size, filters, stride in product((1, 3, 5), (16, 32, 64, 128), (1, 2))
        ),
        "separable": tuple(
            SeparableConv2d(size, filters, stride, "same")
            for size, filters, stride in product((3, 5), (16, 32, 64, 128), (1, 2))
        ),
        "norm": (BatchNorm(),),
        "act": tuple(Activation(function) for function in ("relu", "gelu", "silu")),
        "pool": tuple(pool(size) for pool, size in product((AvgPool2d, MaxPool2d), (2, 3))),
        "drop": tuple(Dropout(eighths / 8) for eighths in range(1, 5)),
        "mean": (GlobalAvgPool2d(),),
        "dense": tuple(Dense(units) for units in (16, 64, 128, 256)),
    },
    on_images={
        START: _row(conv=4, separable=1),
        "conv": _row(norm=4, act=3, pool=1),
        "separable": _row(norm=4, act=3, pool=1),
        "norm": _row(act=1),
        "act": _row(conv=3, separable=2, pool=2, drop=1, mean=1, dense=1),
        "pool": _row(conv=3, separable=2, drop=1, mean=1, dense=1),
        "drop": _row(conv=2, separable=2, mean=1, dense=1),
    },
    on_vectors={
        "mean": _row(dense=1, drop=1, stop=2),
        "dense": _row(act=3, norm=1, drop=1, stop=1),
        "norm": _row(act=1),
        "act": _row(dense=1, drop=1, stop=2),
        "drop": _row(dense=1, stop=1),
    },
)
"""What came after 2015: convolutions that keep the image's size or halve it, depthwise-separable ones, batch norm,
GELU and SiLU beside ReLU, and at the end of the images one mean a channel or a dense layer."""

SPACES: dict[str, SearchSpace] = {space.name: space for space in (REMAP_2019, MODERN)}


def sample_architecture(
    space: SearchSpace, input_shape: tuple[int, int, int], classes: int, rng: np.random.Generator
) -> Architecture:
    """One walk of the chain from START to STOP. Steps whose layers do not fit are left out and the row renormalised."""
    layers: list[Layer] = []
    step, matrix, shape = START, space.on_images, tuple(input_shape)
    while True:
        step = _next_step(space, matrix[step], shape, rng)
        if step == STOP:
            return Architecture(input_shape, classes, tuple(layers))
        fitting = _fitting(space.grid[step], shape)
        layers.append(fitting[rng.integers(len(fitting))])
        shape = layers[-1].output_shape(shape)
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

    `learnable` leaves out what cannot learn more than a linear map of the pixels: chains without a Conv or Dense
    before the head, and chains without an activation or max pooling. Raises SpaceExhausted where the space holds
    too few such architectures to find n of them.
    """
    seen = set(known)
    found: list[Architecture] = []
    for _ in range(ATTEMPTS_PER_MODEL * max(n, 10)):
        if len(found) == n:
            break
        candidate = sample_architecture(space, input_shape, classes, rng)
        if learnable and (not candidate.has_hidden_weights or candidate.is_linear):
            continue
        if candidate.parameters > max_parameters or candidate.fingerprint in seen:
            continue
        seen.add(candidate.fingerprint)
        found.append(candidate)
    if len(found) < n:
        raise SpaceExhausted(
            f"Only {len(found)} of {n} new architectures of {space.name} were found for images of "
            f"{' x '.join(map(str, input_shape))} with at most {max_parameters:,} parameters."
        )
    return found


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
