"""Search spaces: a Markov chain over layer kinds, and a grid of hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Function,
    GlobalAvgPool2d,
    Layer,
    MaxPool2d,
    SeparableConv2d,
)

START, STOP = "start", "stop"
Matrix = Mapping[str, Mapping[str, Fraction]]
"""Transition matrix: for each step, the probability of the next; a row sums to 1."""


@dataclass(frozen=True)
class SearchSpace:
    """A chain-structured search space.

    A step of the chain is a row of `grid`: the layers it chooses from, with equal probability. `on_images` is the
    transition matrix while the layers output images, `on_vectors` from the first layer on that outputs a vector.
    Raises InvalidArchitecture where a row of probabilities does not sum to 1 or names a step that the grid lacks.
    """

    name: str
    grid: Mapping[str, tuple[Layer, ...]]
    on_images: Matrix
    on_vectors: Matrix

    def __post_init__(self) -> None:
        for matrix in (self.on_images, self.on_vectors):
            for step, row in matrix.items():
                self._require_row(step, row)

    def _require_row(self, step: str, row: Mapping[str, Fraction]) -> None:
        known = {*self.grid, STOP}
        if sum(row.values()) == 1 and known.issuperset(row):
            return
        raise InvalidArchitecture(f"Row {step} of {self.name} must sum to 1 over known steps: {dict(row)}.")


def _row(**weights: int) -> dict[str, Fraction]:
    total = sum(weights.values())
    return {step: Fraction(weight, total) for step, weight in weights.items()}


_FILTERS = (16, 32, 64, 128)
_UNITS = (16, 64, 128, 256)
_RATES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)


def _valid_convs(*kernel_sizes: int) -> tuple[Layer, ...]:
    layers = []
    for kernel_size, filters in product(kernel_sizes, _FILTERS):
        layers.append(Conv2d(kernel_size, filters))
    return tuple(layers)


def _same_convs(kind: type[Conv2d | SeparableConv2d], *kernel_sizes: int) -> tuple[Layer, ...]:
    strides = (1, 2)
    layers = []
    for kernel_size, filters, stride in product(kernel_sizes, _FILTERS, strides):
        layers.append(kind(kernel_size, filters, stride, padding="same"))
    return tuple(layers)


def _pools(*sizes: int) -> tuple[Layer, ...]:
    averages = map(AvgPool2d, sizes)
    maxima = map(MaxPool2d, sizes)
    return (*averages, *maxima)


def _activations(*functions: Function) -> tuple[Layer, ...]:
    return tuple(map(Activation, functions))


REMAP_2019 = SearchSpace(
    name="remap-2019",
    grid={
        "conv": _valid_convs(1, 3, 5),
        "pool": _pools(2, 3, 5),
        "dense": tuple(map(Dense, _UNITS)),
        "drop": tuple(map(Dropout, _RATES)),
        "act": _activations("tanh", "relu", "sigmoid"),
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
"""The space of Cashman et al. (2019). A "pool" is average or maximum with equal probability: their models have both."""

MODERN = SearchSpace(
    name="modern",
    grid={
        "conv": _same_convs(Conv2d, 1, 3, 5),
        "separable": _same_convs(SeparableConv2d, 3, 5),
        "norm": (BatchNorm(),),
        "act": _activations("relu", "gelu", "silu"),
        "pool": _pools(2, 3),
        "drop": tuple(map(Dropout, _RATES[:4])),
        "mean": (GlobalAvgPool2d(),),
        "dense": tuple(map(Dense, _UNITS)),
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
"""What came after 2015: convolutions that keep the image's size or halve it, depthwise-separable ones, batch norm, GELU
and SiLU next to ReLU, and one mean per channel or a dense layer where the images end."""

SPACES: dict[str, SearchSpace] = {space.name: space for space in (REMAP_2019, MODERN)}
