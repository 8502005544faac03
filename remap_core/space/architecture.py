"""An architecture: an immutable valid chain of layers, without weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from remap_core.errors import InvalidArchitecture
from remap_core.formatting import count
from remap_core.space.layers import Dense, Layer, Shape, layer_from_json
from remap_core.space.text import layer_text

MAX_LAYERS = 60
"""More layers than a page could show or a person mean."""
_JSON_KEYS = ("input_shape", "classes", "layers")


@dataclass(frozen=True)
class LayerCost:
    """Output and cost of one layer (or the head): shape of one example, weights, multiply-accumulates."""

    text: str
    output_shape: Shape
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Architecture:
    """A chain of layers from an image to class scores, valid from birth.

    The head (flatten where needed, linear to the classes) is implied and never part of `layers`, at most MAX_LAYERS.
    Those that were trained by earlier versions may have more: see `from_json`.
    Raises InvalidArchitecture: its sentence names the layer (counted from 1), the rule and the numbers; its `index`
    is the layer's, counted from 0.

    >>> from remap_core.space.layers import Conv2d, MaxPool2d
    >>> tiny = Architecture((1, 28, 28), 10, (MaxPool2d(3), Conv2d(3, 32), MaxPool2d(2), MaxPool2d(2)))
    >>> tiny.parameters, tiny.output_shapes[-1]
    (1610, (32, 2, 2))
    """

    input_shape: tuple[int, int, int]
    classes: int
    layers: tuple[Layer, ...]
    output_shapes: tuple[Shape, ...] = field(init=False, compare=False, repr=False)
    """Shape of one example after each layer; the head's, (classes,), is not included."""

    def __post_init__(self) -> None:
        _require_task(self.input_shape, self.classes)
        require_length(self.layers)
        self._find_shapes()

    def _find_shapes(self) -> None:
        shape: Shape = self.input_shape
        shapes = []
        for index, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except InvalidArchitecture as error:
                text = layer_text(layer)
                message = f"Layer {index + 1} ({text}): {error}"
                raise InvalidArchitecture(message, index) from None
            shapes.append(shape)
        object.__setattr__(self, "output_shapes", tuple(shapes))

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """Shape of one example before each layer, and last before the head."""
        return (self.input_shape, *self.output_shapes)

    @cached_property
    def costs(self) -> tuple[LayerCost, ...]:
        """One row per layer, and last the head."""
        rows = []
        for layer, shape in zip(self.layers, self.input_shapes, strict=False):
            rows.append(_cost(layer_text(layer), layer, shape))
        head = Dense(self.classes)
        rows.append(_cost("Head", head, self.input_shapes[-1]))
        return tuple(rows)

    @cached_property
    def parameters(self) -> int:
        """Count of weights and biases, head included."""
        return sum(cost.parameters for cost in self.costs)

    @cached_property
    def multiply_adds(self) -> int:
        """Multiply-accumulate operations for one example, head included."""
        return sum(cost.multiply_adds for cost in self.costs)

    @cached_property
    def activation_sizes(self) -> tuple[int, ...]:
        """Values (width x height x channels) in the output of each layer, and last of the head."""
        return tuple(prod(cost.output_shape) for cost in self.costs)

    @cached_property
    def peak_values(self) -> int:
        """Most values of one example in memory at once: the largest `peak_values` of the layers and the head.

        With one byte a value it is the RAM that a microcontroller's runtime needs for activations in int8.

        >>> from remap_core.space.layers import Conv2d, MaxPool2d
        >>> Architecture((1, 8, 8), 10, (Conv2d(3, 4), MaxPool2d(2))).peak_values
        208
        """
        layers = (*self.layers, Dense(self.classes))
        return max(layer.peak_values(shape) for layer, shape in zip(layers, self.input_shapes, strict=True))

    @property
    def has_hidden_weights(self) -> bool:
        """Whether a layer before the head multiplies by trained weights."""
        *hidden, _head = self.costs
        return any(cost.multiply_adds for cost in hidden)

    @property
    def is_linear(self) -> bool:
        """Whether the class scores are an affine function of the pixels (no activation, no max pooling)."""
        return all(layer.is_linear for layer in self.layers)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the architecture: 32 hexadecimal digits of the SHA-256 of its canonical JSON."""
        canonical = json.dumps(
            self.to_json(),
            sort_keys=True,
            separators=(",", ":"),
        )
        digest = hashlib.sha256(canonical.encode())
        return digest.hexdigest()[:32]

    def with_layers(self, layers: Sequence[Layer]) -> Architecture:
        """The same task with another chain."""
        if len(layers) <= len(self.layers):
            return self._of_any_length(tuple(layers))
        return Architecture(self.input_shape, self.classes, tuple(layers))

    def _of_any_length(self, layers: tuple[Layer, ...]) -> Architecture:
        """The same task with a chain that is part of what an earlier version trained."""
        architecture = Architecture(self.input_shape, self.classes, ())
        object.__setattr__(architecture, "layers", layers)
        architecture._find_shapes()
        return architecture

    def to_json(self) -> dict[str, Any]:
        """The public, stable JSON form."""
        return {
            "input_shape": list(self.input_shape),
            "classes": self.classes,
            "layers": [layer.to_json() for layer in self.layers],
        }

    @classmethod
    def from_json(cls, form: object, *, is_recorded: bool = False) -> Architecture:
        """The architecture of a JSON object; raises InvalidArchitecture that says what is wrong and where.

        is_recorded: it was trained already, so it may have any number of layers: versions up to 0.2 had no limit.
        """
        entries = _require_json(form)
        input_shape = _require_list("input_shape", entries["input_shape"])
        layer_entries = _require_list("layers", entries["layers"])
        if not is_recorded:
            require_length(layer_entries)
        layers = []
        for index, entry in enumerate(layer_entries):
            try:
                layers.append(layer_from_json(entry))
            except InvalidArchitecture as error:
                raise InvalidArchitecture(f"Layer {index + 1}: {error}", index) from None
        if is_recorded:
            return cls(tuple(input_shape), entries["classes"], ())._of_any_length(tuple(layers))  # type: ignore[arg-type]
        return cls(tuple(input_shape), entries["classes"], tuple(layers))  # type: ignore[arg-type]


def require_length(layers: Sequence[object]) -> None:
    """Raise InvalidArchitecture for more layers than MAX_LAYERS."""
    if len(layers) > MAX_LAYERS:
        raise InvalidArchitecture(f"An architecture has at most {MAX_LAYERS} layers, but got {count(len(layers))}.")


def _cost(text: str, layer: Layer, shape: Shape) -> LayerCost:
    return LayerCost(
        text,
        output_shape=layer.output_shape(shape),
        parameters=layer.parameters(shape),
        multiply_adds=layer.multiply_adds(shape),
    )


def _require_task(input_shape: object, classes: object) -> None:
    if not _is_image_shape(input_shape):
        raise InvalidArchitecture(f"input_shape must be channels, height, width (at least 1), but got {input_shape!r}.")
    if type(classes) is not int or classes < 2:
        raise InvalidArchitecture(f"classes must be a whole number of at least 2, but got {classes!r}.")


def _is_image_shape(shape: object) -> bool:
    if not isinstance(shape, tuple) or len(shape) != 3:
        return False
    are_whole = all(type(size) is int for size in shape)
    return are_whole and min(shape) >= 1


def _require_json(form: object) -> Mapping[str, Any]:
    if not isinstance(form, Mapping):
        raise InvalidArchitecture(
            f"An architecture must be an object with input_shape, classes and layers, but got {type(form).__name__}."
        )
    different = set(form).symmetric_difference(_JSON_KEYS)
    if different:
        names = ", ".join(sorted(map(str, different)))
        raise InvalidArchitecture(
            f"An architecture has exactly input_shape, classes and layers; missing or unknown: {names}."
        )
    return form


def _require_list(name: str, value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        kind = type(value).__name__
        raise InvalidArchitecture(f"{name} must be a list, but got {kind}.")
    return value
