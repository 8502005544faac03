"""The text form of layers, which people read and type: "Conv 32x3, ReLU, MaxPool 2, Dense 64, Dropout 0.25"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers import KINDS, Layer


def layer_text(layer: Layer) -> str:
    """One layer in words; optional parts only where they differ from the default.

    >>> from remap_core.space.layers import Conv2d, MaxPool2d
    >>> layer_text(Conv2d(kernel_size=3, filters=32)), layer_text(MaxPool2d(2)), layer_text(MaxPool2d(3, stride=1))
    ('Conv 32x3', 'MaxPool 2', 'MaxPool 3 stride 1')
    """
    return layer.text()


def layers_text(layers: Iterable[Layer]) -> str:
    """The chain in words, layers separated by commas; empty for the head alone."""
    return ", ".join(map(layer_text, layers))


def parse_layers(text: str) -> tuple[Layer, ...]:
    """The chain of a text; raises InvalidArchitecture with the index of the part that is not a layer.

    The error's sentence counts layers from 1, its index from 0.

    >>> parse_layers("Conv 32x3, ReLU, Dense 64")
    (Conv2d(kernel_size=3, filters=32, stride=1, padding='valid'), Activation(function='relu'), Dense(units=64))
    """
    if not text.strip():
        return ()
    layers = []
    for index, part in enumerate(text.split(",")):
        layers.append(_parse_layer(index, part.strip()))
    return tuple(layers)


def _parse_layer(index: int, part: str) -> Layer:
    number = index + 1
    words = " ".join(part.split())
    for kind in KINDS.values():
        match = re.fullmatch(kind.pattern, words, re.IGNORECASE)
        if not match:
            continue
        try:
            return kind.from_match(match)
        except InvalidArchitecture as error:
            raise InvalidArchitecture(f"Layer {number} ({part}): {error}", index) from None
    shown = _shortened(part)
    raise InvalidArchitecture(f"Layer {number}: {shown!r} is not a layer; write {_examples()}.", index)


def _examples() -> str:
    examples: list[str] = []
    for kind in KINDS.values():
        examples += kind.examples
    *most, last = examples
    return f"{', '.join(most)} or {last}"


def _shortened(text: str) -> str:
    if len(text) <= 40:
        return text
    return text[:37] + "..."
