"""Plain features of architectures, from which accuracies are predicted. Decision 031 compares them with others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from remap_core.space.architecture import Architecture
from remap_core.space.layers import FUNCTION_NAMES, KINDS, Dropout, Layer
from remap_core.trials.population import Floats

_COUNTED = tuple(KINDS)
_FUNCTIONS = tuple(FUNCTION_NAMES)
WIDTH = 2 * len(_COUNTED) + len(_FUNCTIONS) + 11
"""Number of features."""


def features_of(architectures: Sequence[Architecture]) -> Floats:
    """(n, d) float64, one row each, not scaled.

    Layers of each kind; logarithms of parameters, multiply-adds, the smallest and the last activation; depth; sums of
    the logarithms of filters or units, of kernel sizes and of strides; the largest kernel; summed dropout; layers of
    each activation function; the kind of the first layer; whether the last layer is a dropout.

    >>> from remap_core.space.text import parse_layers
    >>> rows = features_of([Architecture((1, 8, 8), 10, parse_layers(text)) for text in ("Dense 16", "Dense 64, ReLU")])
    >>> len(rows), np.flatnonzero(rows[0] != rows[1]).size
    (2, 8)
    """
    rows = [_features(architecture) for architecture in architectures]
    return np.array(rows, dtype=np.float64).reshape(len(rows), WIDTH)


@lru_cache(maxsize=20_000)
def _features(architecture: Architecture) -> Floats:
    layers = architecture.layers
    kinds = Counter(layer.kind for layer in layers)
    functions = Counter(getattr(layer, "function", "") for layer in layers)
    *inner, _head = architecture.activation_sizes
    sizes = inner or [int(np.prod(architecture.input_shape))]
    kernels = _values(layers, "kernel_size")
    row = [
        *(kinds[kind] for kind in _COUNTED),
        np.log(architecture.parameters),
        np.log(max(architecture.multiply_adds, 1)),
        np.log(min(sizes)),
        np.log(sizes[-1]),
        len(layers),
        np.sum(np.log(_values(layers, "filters", "units"))),
        np.sum(np.log(kernels)),
        np.sum(np.log(_values(layers, "stride"))),
        max(kernels, default=0),
        sum(layer.rate for layer in layers if isinstance(layer, Dropout)),
        *(functions[name] for name in _FUNCTIONS),
        *(bool(layers) and layers[0].kind == kind for kind in _COUNTED),
        bool(layers) and isinstance(layers[-1], Dropout),
    ]
    return np.array(row, dtype=np.float64)


def _values(layers: Sequence[Layer], *names: str) -> list[int]:
    """The hyperparameters of these names, of all layers that have them."""
    return [getattr(layer, name) for layer in layers for name in names if hasattr(layer, name)]
