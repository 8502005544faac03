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
    ('Inserted ReLU before layer 1 (Dense 64)', 'Inserted ReLU before the head')
    """
    next_layer = "the head"
    if index < len(layers):
        next_layer = _layer_at(layers, index)
    return f"Inserted {layer_text(layer)} before {next_layer}"


def removed(layers: Sequence[Layer], index: int) -> str:
    """The layer at `index` (0-based) removed.

    >>> from remap_core.space.text import parse_layers
    >>> removed(parse_layers("Dense 64"), 0)
    'Removed layer 1 (Dense 64)'
    """
    return f"Removed {_layer_at(layers, index)}"


def changed(layers: Sequence[Layer], index: int, new: str) -> str:
    """The layer at `index` (0-based) changed to something new, given in words.

    >>> from remap_core.space.text import parse_layers
    >>> changed(parse_layers("ReLU, Dense 64"), 1, "128 units")
    'Changed layer 2 (Dense 64) to 128 units'
    """
    return f"Changed {_layer_at(layers, index)} to {new}"


def merged(layers: Sequence[Layer], index: int, length: int, new: Layer) -> str:
    """So many layers from the one at `index` (0-based) on, at least two, replaced by one that does the same.

    >>> from remap_core.space.text import parse_layers
    >>> conv, pool, other = parse_layers("Conv 8x3, AvgPool 2, Conv 8x4 stride 2")
    >>> merged([conv, pool], 0, 2, other)
    'Merged layers 1 and 2 (Conv 8x3, AvgPool 2) into Conv 8x4 stride 2'
    """
    last = index + length
    between = "and" if length == 2 else "to"
    texts = ", ".join(map(layer_text, layers[index:last]))
    return f"Merged layers {index + 1} {between} {last} ({texts}) into {layer_text(new)}"


def _layer_at(layers: Sequence[Layer], index: int) -> str:
    text = layer_text(layers[index])
    return f"layer {index + 1} ({text})"
