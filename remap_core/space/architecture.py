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
from remap_core.space.layers import Activation, Dense, Layer, MaxPool2d, Shape, layer_from_json
from remap_core.space.text import layer_text


@dataclass(frozen=True)
class LayerCost:
    """What one layer (or the head) puts out and costs: shape of one example, weights, multiply-accumulates."""

    text: str
    output_shape: Shape
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Architecture:
    """A chain of layers from an image to class scores, valid from birth.

    The head (flatten where needed, linear to the classes) is implied and never part of `layers`.
    Raises InvalidArchitecture with the layer's index, the rule and the numbers.

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
        shape: Shape = self.input_shape
        shapes = []
        for index, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except InvalidArchitecture as error:
                raise InvalidArchitecture(f"Layer {index} ({layer_text(layer)}): {error}", index) from None
            shapes.append(shape)
        object.__setattr__(self, "output_shapes", tuple(shapes))

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """Shape of one example before each layer, and last before the head."""
        return (self.input_shape, *self.output_shapes)

    @cached_property
    def costs(self) -> tuple[LayerCost, ...]:
        """One row a layer, and last the head."""
        head = Dense(self.classes)
        pairs = zip((*self.layers, head), self.input_shapes, strict=True)
        texts = (*map(layer_text, self.layers), "Head")
        return tuple(
            LayerCost(text, layer.output_shape(shape), layer.parameters(shape), layer.multiply_adds(shape))
            for text, (layer, shape) in zip(texts, pairs, strict=True)
        )

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
        """Values (width x height x channels) that each layer puts out, and last the head."""
        return tuple(prod(cost.output_shape) for cost in self.costs)

    @property
    def has_hidden_weights(self) -> bool:
        """Whether something before the head multiplies by weights that it learns."""
        return any(cost.multiply_adds for cost in self.costs[:-1])

    @property
    def is_linear(self) -> bool:
        """Whether the class scores are an affine function of the pixels (no activation, no max pooling)."""
        return not any(isinstance(layer, Activation | MaxPool2d) for layer in self.layers)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the architecture: 32 hexadecimal digits of the SHA-256 of its canonical JSON."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]

    def with_layers(self, layers: Sequence[Layer]) -> Architecture:
        """The same task with another chain."""
        return Architecture(self.input_shape, self.classes, tuple(layers))

    def to_json(self) -> dict[str, Any]:
        """The public, stable JSON form."""
        return {
            "input_shape": list(self.input_shape),
            "classes": self.classes,
            "layers": [layer.to_json() for layer in self.layers],
        }

    @classmethod
    def from_json(cls, form: object) -> Architecture:
        """The architecture of a JSON object; raises InvalidArchitecture with what is wrong where."""
        if not isinstance(form, Mapping):
            raise InvalidArchitecture(
                f"An architecture must be an object with input_shape, classes and layers, "
                f"but got {type(form).__name__}."
            )
        wrong = set(form) ^ {"input_shape", "classes", "layers"}
        if wrong:
            raise InvalidArchitecture(
                "An architecture has exactly input_shape, classes and layers; "
                f"missing or unknown: {', '.join(sorted(map(str, wrong)))}."
            )
        if not isinstance(form["layers"], list):
            raise InvalidArchitecture(f"layers must be a list, but got {type(form['layers']).__name__}.")
        if not isinstance(form["input_shape"], list | tuple):
            raise InvalidArchitecture(f"input_shape must be a list, but got {type(form['input_shape']).__name__}.")
        layers = []
        for index, entry in enumerate(form["layers"]):
            try:
                layers.append(layer_from_json(entry))
            except InvalidArchitecture as error:
                raise InvalidArchitecture(f"Layer {index}: {error}", index) from None
        return cls(tuple(form["input_shape"]), form["classes"], tuple(layers))


def _require_task(input_shape: object, classes: object) -> None:
    whole = isinstance(input_shape, tuple) and all(type(n) is int and n >= 1 for n in input_shape)
    if not whole or len(input_shape) != 3:  # type: ignore[arg-type]
        raise InvalidArchitecture(f"input_shape must be channels, height, width (at least 1), but got {input_shape!r}.")
    if type(classes) is not int or classes < 2:
        raise InvalidArchitecture(f"classes must be a whole number of at least 2, but got {classes!r}.")
