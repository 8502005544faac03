"""The text form of layers: what a person reads and types. "Conv 32x3, ReLU, MaxPool 2, Dense 64, Dropout 0.25"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from remap_core.errors import InvalidArchitecture
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
)

FUNCTION_NAMES = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "GELU", "silu": "SiLU"}
"""Of activations, as they are written."""


def layer_text(layer: Layer) -> str:
    """One layer in words; optional parts only where they differ from the default.

    >>> layer_text(Conv2d(kernel_size=3, filters=32)), layer_text(MaxPool2d(2)), layer_text(MaxPool2d(3, stride=1))
    ('Conv 32x3', 'MaxPool 2', 'MaxPool 3 stride 1')
    """
    match layer:
        case Conv2d() | SeparableConv2d():
            same = " same" if layer.padding == "same" else ""
            return f"{layer.title} {layer.filters}x{layer.kernel_size}{_stride(layer.stride, 1)}{same}"
        case MaxPool2d() | AvgPool2d():
            return f"{layer.title} {layer.size}{_stride(layer.stride, 2)}"
        case Dense():
            return f"{layer.title} {layer.units}"
        case Activation():
            return FUNCTION_NAMES[layer.function]
        case Dropout():
            return f"{layer.title} {layer.rate!r}"
        case BatchNorm() | GlobalAvgPool2d():
            return layer.title
    raise TypeError(f"{type(layer).__name__} has no text form.")


def layers_text(layers: Iterable[Layer]) -> str:
    """The whole chain in words, layers separated by a comma; empty for the head alone."""
    return ", ".join(map(layer_text, layers))


def parse_layers(text: str) -> tuple[Layer, ...]:
    """The chain of a text; raises InvalidArchitecture with the index of the part that is not understood.

    >>> parse_layers("Conv 32x3, ReLU, Dense 64")
    (Conv2d(kernel_size=3, filters=32, stride=1, padding='valid'), Activation(function='relu'), Dense(units=64))
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return tuple(_parse_layer(index, part) for index, part in enumerate(parts))


def _stride(stride: int, default: int) -> str:
    return "" if stride == default else f" stride {stride}"


def _conv(match: re.Match[str]) -> Layer:
    cls = SeparableConv2d if match["separable"] else Conv2d
    stride = int(match["stride"] or 1)
    return cls(int(match["kernel"]), int(match["filters"]), stride, "same" if match["same"] else "valid")


_CONV = (
    r"(?P<separable>sep)?conv (?P<filters>\d{1,9})x(?P<kernel>\d{1,9})(?: stride (?P<stride>\d{1,9}))?(?P<same> same)?"
)
_POOL = r"(?P<size>\d{1,9})(?: stride (?P<stride>\d{1,9}))?"
_NUMBER = r"(?:\d{1,20}\.?\d{0,30}|\.\d{1,30})(?:e-?\d{1,3})?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Layer]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), make)
    for pattern, make in (
        (_CONV, _conv),
        (rf"maxpool {_POOL}", lambda m: MaxPool2d(int(m["size"]), int(m["stride"] or 2))),
        (rf"avgpool {_POOL}", lambda m: AvgPool2d(int(m["size"]), int(m["stride"] or 2))),
        (r"dense (?P<units>\d{1,9})", lambda m: Dense(int(m["units"]))),
        (rf"(?P<function>{'|'.join(FUNCTION_NAMES)})", lambda m: Activation(m["function"].lower())),
        (r"batchnorm", lambda _: BatchNorm()),
        (r"globalavgpool", lambda _: GlobalAvgPool2d()),
        (rf"dropout (?P<rate>{_NUMBER})", lambda m: Dropout(float(m["rate"]))),
    )
)


def _parse_layer(index: int, part: str) -> Layer:
    for pattern, make in _FORMS:
        match = pattern.fullmatch(" ".join(part.split()))
        if match:
            try:
                return make(match)
            except InvalidArchitecture as error:
                raise InvalidArchitecture(f"Layer {index} ({part}): {error}", index) from None
    shown = part if len(part) <= 40 else part[:37] + "..."
    raise InvalidArchitecture(
        f"Layer {index}: {shown!r} is not a layer; write Conv 32x3, SepConv 32x3 stride 2 same, MaxPool 2, AvgPool 2, "
        f"GlobalAvgPool, Dense 64, BatchNorm, {', '.join(FUNCTION_NAMES.values())} or Dropout 0.25.",
        index,
    )
