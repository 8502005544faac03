"""Whether layers fit together, and a sentence about the first one that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers import Layer, Shape
from remap_core.space.text import layer_text


@dataclass(frozen=True)
class ShapeMismatch:
    """The first layer (0-based index) that cannot follow those before it. The sentence counts layers from 1."""

    index: int
    sentence: str


def shape_mismatch(input_shape: Shape, layers: Sequence[Layer]) -> ShapeMismatch | None:
    """The first layer of a chain that does not fit; None for a valid chain.

    >>> from remap_core.space.text import parse_layers
    >>> shape_mismatch((1, 8, 8), parse_layers("Dense 4, Conv 8x3")).sentence
    'Conv 8x3 at 2 does not fit: it needs an image, but its input is a vector of 4 (after a Dense or GlobalAvgPool).'
    """
    shape = input_shape
    for index, layer in enumerate(layers):
        try:
            shape = layer.output_shape(shape)
        except InvalidArchitecture as error:
            return ShapeMismatch(index, f"{layer_text(layer)} at {index + 1} does not fit: {error}")
    return None
