"""The search spaces that come with the project, as values, and which of them suits images of a size."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Function,
    GlobalAvgPool2d,
    InvertedResidual,
    Layer,
    MaxPool2d,
    Residual,
    SeparableConv2d,
)
from remap_core.space.markov.search_space import START, SearchSpace, normalised


def _row(**weights: int) -> dict[str, Fraction]:
    return normalised(weights)


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

_EARLY, _MIDDLE, _LATE = (16, 24), (24, 32, 48), (32, 48, 64)
"""Filters before the first halving of the image, after it, and after the second."""


def _residuals(filters: Iterable[int], stride: int = 1) -> tuple[Layer, ...]:
    return tuple(Residual(number, stride) for number in filters)


def _inverted(filters: Iterable[int], *, expand: Iterable[int] = (3, 4, 6), stride: int = 1) -> tuple[Layer, ...]:
    choices = product(filters, (3, 5), expand, (False, True))
    return tuple(InvertedResidual(number, size, times, stride, excites) for number, size, times, excites in choices)


_ON_BLOCK_IMAGES = {
    START: _row(stem=1),
    "stem": _row(norm=1),
    "norm": _row(relu=1),
    "relu": _row(early=3, shrink=2, pool=1),
    "pool": _row(early=1, shrink=1),
    "early": _row(early=3, shrink=9, mean=1),
    "shrink": _row(middle=2, shrink2=3, mean=1),
    "middle": _row(middle=1, shrink2=3, mean=1),
    "shrink2": _row(late=2, shrink2=1, mean=2),
    "late": _row(late=1, mean=2),
}
_ON_BLOCK_VECTORS = {
    "mean": _row(stop=4, drop=1, dense=1),
    "dense": _row(relu=1),
    "relu": _row(stop=2, drop=1),
    "drop": _row(stop=3, dense=1),
}


def _stem(*filters: int) -> tuple[Layer, ...]:
    return tuple(Conv2d(3, number, stride, padding="same") for number, stride in product(filters, (1, 2)))


RESIDUAL = SearchSpace(
    name="residual",
    grid={
        "stem": _stem(16, 32),
        "norm": (BatchNorm(),),
        "relu": _activations("relu"),
        "pool": (MaxPool2d(2),),
        "early": _residuals(_EARLY),
        "shrink": _residuals(_MIDDLE, stride=2),
        "middle": _residuals(_MIDDLE),
        "shrink2": _residuals(_LATE, stride=2),
        "late": _residuals(_LATE),
        "mean": (GlobalAvgPool2d(),),
        "drop": tuple(map(Dropout, _RATES[:4])),
        "dense": tuple(map(Dense, _UNITS[:2])),
    },
    on_images=_ON_BLOCK_IMAGES,
    on_vectors=_ON_BLOCK_VECTORS,
)
"""Chains of ResNet blocks (He et al. 2016): a convolution, then blocks whose filters grow as the image shrinks, mostly
twice, then one mean per channel. A pool after the first convolution is for large images."""

MOBILE = SearchSpace(
    name="mobile",
    grid={
        "stem": _stem(16, 32),
        "norm": (BatchNorm(),),
        "relu": _activations("relu"),
        "pool": (MaxPool2d(2),),
        "early": _inverted((16,), expand=(1, 3, 4)),
        "shrink": _inverted((24, 32), stride=2),
        "middle": _inverted((24, 32)),
        "shrink2": _inverted((32, 64), stride=2),
        "late": _inverted((32, 64)),
        "mean": (GlobalAvgPool2d(),),
        "drop": tuple(map(Dropout, _RATES[:4])),
        "dense": tuple(map(Dense, _UNITS[:2])),
    },
    on_images=_ON_BLOCK_IMAGES,
    on_vectors=_ON_BLOCK_VECTORS,
)
"""The same chain of the blocks of MobileNetV2 and V3 (Sandler et al. 2018, Howard et al. 2019). Two widths a stage, so
that every other block that keeps the image's size adds its input."""

SPACES: dict[str, SearchSpace] = {space.name: space for space in (REMAP_2019, MODERN, RESIDUAL, MOBILE)}

LARGE_SIDE = 48
"""Pixels from which images are large: a layer that keeps their size takes long and much memory."""


def is_costly(input_shape: tuple[int, int, int]) -> bool:
    """Whether models for images (channels, height, width) must shrink them early: they have colours or are large."""
    channels, height, width = input_shape
    return channels > 1 or max(height, width) >= LARGE_SIDE


def fitting_space(input_shape: tuple[int, int, int]) -> SearchSpace:
    """The space that suits images (channels, height, width), by measurements: see decision 029.

    >>> fitting_space((1, 28, 28)).name
    'remap-2019'
    """
    if is_costly(input_shape):
        return RESIDUAL
    return REMAP_2019
