"""What a layer kind is: one class with everything about it that needs neither torch, onnx nor plotly."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from itertools import product
from math import prod
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

from remap_core.space.layers.appearance import Appearance, Glyph
from remap_core.space.layers.node_rules import NodeRule

Shape = tuple[int, ...]
"""(channels, height, width) of an image, or (features,) of a vector."""


class Kernel(NamedTuple):
    """The weights of a convolution or a fully connected layer, and its output channels: each has a bias and a scale."""

    weights: int
    channels: int


class Layer(ABC):
    """One configured layer of a chain. Subclasses are frozen dataclasses; equal values are the same layer."""

    kind: ClassVar[str]
    """Name of the kind in JSON."""

    title: ClassVar[str]
    """Name of the kind for people."""

    pattern: ClassVar[str]
    """Regular expression of the text form, matched without regard to case."""

    examples: ClassVar[tuple[str, ...]]
    """Text forms that a person is told to write."""

    optional: ClassVar[tuple[str, ...]] = ()
    """Hyperparameters that the JSON form leaves out where they have their default value."""

    offered: ClassVar[Mapping[str, tuple[Any, ...]]] = MappingProxyType({})
    """Values of each hyperparameter that are offered for a handcrafted layer."""

    appearance: ClassVar[Appearance]

    node_rules: ClassVar[Mapping[str, NodeRule | None]] = MappingProxyType({})
    """Node of the layer by the name of an OTMANN convention, None where it has none."""

    is_linear: ClassVar[bool] = True
    """Whether, once trained, it is an affine function of its input."""

    flattens_images: ClassVar[bool] = False
    """Whether an image becomes a vector before it enters the layer."""

    uses_batch_statistics: ClassVar[bool] = False
    """Whether, in training, its output for one example depends on the other examples of the batch."""

    works_in_place: ClassVar[bool] = False
    """Whether, once trained, each output value depends on the input value at its place alone."""

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Shape of one example after this layer; raises InvalidArchitecture where `shape` does not fit."""

    def parameters(self, shape: Shape) -> int:
        """Count of weights and biases, given the input `shape`."""
        return 0

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        """What a runtime stores of the trained layer: batch norms inside a block are part of the kernel before them."""
        return ()

    def multiply_adds(self, shape: Shape) -> int:
        """Multiply-accumulate operations of products with weights for one example, given the input `shape`.

        Biases and element-wise operations (activations, batch norm) are not counted.
        """
        return 0

    def peak_values(self, shape: Shape) -> int:
        """Most values in memory at once while one example passes through the layer: of its input and its output.

        The bound of runtimes with two buffers; a layer that works in place has one. Source: Lin et al., MCUNet (2020).
        """
        if self.works_in_place:
            return prod(shape)
        return prod(shape) + prod(self.output_shape(shape))

    def inner_sizes(self, shape: Shape) -> tuple[int, ...]:
        """Values of one example in the output of each operation inside a block, without the block's own output."""
        return ()

    def mixed_channels(self, channels_in: int, channels_out: int) -> tuple[tuple[int, int], ...]:
        """Channels in and out of each operation inside that mixes channels: those of the layer, unless it is a block.

        Depthwise convolutions, shortcuts and squeeze-excite are left out.
        """
        return ((channels_in, channels_out),)

    def flattens(self, shape: Shape) -> bool:
        """Whether an input of this shape is flattened before it enters the layer."""
        return self.flattens_images and len(shape) == 3

    def text(self) -> str:
        """The text form, which `pattern` matches; optional parts only where they differ from the default."""
        return self.title

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 (kinds with hyperparameters need it)
        """The layer of a match of `pattern`; raises InvalidArchitecture where a value is out of range."""
        return cls()

    @property
    def symbol(self) -> str:
        """The letter on its chip or the name of its glyph; empty for none."""
        return self.appearance.symbol

    @property
    def glyph(self) -> Glyph:
        """What its chip shows instead of a letter; empty for none."""
        return ()

    @property
    def chip_label(self) -> str:
        """The hyperparameters as they are written below its chip."""
        return self.text()

    @classmethod
    def hyperparameters(cls) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]

    @classmethod
    def grid(cls) -> tuple[Self, ...]:
        """Every layer of the offered values."""
        names = cls.hyperparameters()
        offered = [cls.offered[name] for name in names]
        return tuple(cls(**dict(zip(names, values, strict=True))) for values in product(*offered))

    def to_json(self) -> dict[str, Any]:
        """The public JSON form: the kind, then every hyperparameter that is not an optional default."""
        form: dict[str, Any] = {"kind": self.kind}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.name not in self.optional or value != field.default:
                form[field.name] = value
        return form
