"""Changes of a chain in words. Every sentence about an edit or a difference is made here; layers count from 1."""

from __future__ import annotations

from collections.abc import Sequence

from remap_core.space.layers import Layer
from remap_core.space.text import layer_text


def added(layer: Layer, layers: Sequence[Layer], index: int) -> str:
    """A layer added to `layers` before the one at `index` (0-based); their number stands for the head.

    >>> from remap_core.space.text import parse_layers
    >>> relu, dense = parse_layers("ReLU, Dense 64")
    >>> added(relu, [dense], 0), added(relu, [dense], 1)
    ('ReLU added before Dense 64 at 1', 'ReLU added before the head')
    """
    next_layer = "the head"
    if index < len(layers):
        next_layer = _layer_at(layers, index)
    return f"{layer_text(layer)} added before {next_layer}"


def removed(layers: Sequence[Layer], index: int) -> str:
    """The layer at `index` (0-based) removed.

    >>> from remap_core.space.text import parse_layers
    >>> removed(parse_layers("Dense 64"), 0)
    'Dense 64 at 1 removed'
    """
    return f"{_layer_at(layers, index)} removed"


def changed(layers: Sequence[Layer], index: int, new: str) -> str:
    """The layer at `index` (0-based) changed to something new, given in words.

    >>> from remap_core.space.text import parse_layers
    >>> changed(parse_layers("ReLU, Dense 64"), 1, "128 units")
    'Dense 64 at 2 changed to 128 units'
    """
    return f"{_layer_at(layers, index)} changed to {new}"


def _layer_at(layers: Sequence[Layer], index: int) -> str:
    text = layer_text(layers[index])
    return f"{text} at {index + 1}"
