"""Blocks: several convolutions with a shortcut around them, as one layer of a chain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import ClassVar, Self

from remap_core.errors import InvalidArchitecture
from remap_core.space.layers.appearance import Appearance, Glyph
from remap_core.space.layers.layer import Kernel, Layer, Shape
from remap_core.space.layers.layer_checks import (
    COUNT_PATTERN,
    require_counts,
    require_image,
    require_switch,
    windows,
)
from remap_core.space.layers.node_rules import Mass, NodeRule

_STRIDE = rf"(?: stride (?P<stride>{COUNT_PATTERN}))?"


class _Block(Layer):
    """Convolutions, each with batch norm, and a shortcut. `filters` and `stride` are its hyperparameters."""

    filters: int
    stride: int
    is_linear: ClassVar[bool] = False
    uses_batch_statistics: ClassVar[bool] = True

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = require_image(shape)
        if self.stride > min(height, width):
            raise InvalidArchitecture(
                f"its stride of {self.stride} must be at most the side of its input, but that is {height} x {width}."
            )
        # padded by half of an odd kernel, so the kernel does not matter
        rows = windows(height, 1, self.stride)
        columns = windows(width, 1, self.stride)
        return (self.filters, rows, columns)

    def keeps_shape(self, channels: int) -> bool:
        """Whether images of so many channels have the same shape after it."""
        return self.stride == 1 and self.filters == channels


_RESIDUAL = NodeRule("conv", "residual", "kernel_size", Mass.IN_BY_OUT, group="conv")
_INVERTED = NodeRule("conv", "inverted residual", "kernel_size", Mass.IN_BY_OUT, group="conv")

_ARCH: Glyph = (
    ((0.0, 0.15), (0.12, 0.15), (0.2, 0.9), (0.8, 0.9), (0.88, 0.15), (1.0, 0.15)),
    ((0.12, 0.15), (0.88, 0.15)),
)
"""The shortcut as a bridge over the straight way."""

_SPINDLE: Glyph = (
    ((0.0, 0.5), (0.25, 1.0), (0.75, 1.0), (1.0, 0.5), (0.75, 0.0), (0.25, 0.0), (0.0, 0.5)),
    ((0.0, 0.5), (1.0, 0.5)),
)
"""Narrow, wide, narrow: the channels from the input to the output."""


@dataclass(frozen=True)
class Residual(_Block):
    """The basic block of a ResNet: Conv 3 x 3 (with the stride) - batch norm - ReLU - Conv 3 x 3 - batch norm, plus
    the shortcut, then ReLU.

    The shortcut is the input where its shape is unchanged, else a Conv 1 x 1 with the stride and a batch norm
    (option B). No convolution has a bias; those of 3 x 3 are padded. Source: He et al. (CVPR 2016).

    >>> Residual(32, stride=2).output_shape((16, 32, 32))
    (32, 16, 16)
    >>> Residual(16).parameters((16, 32, 32))
    4672
    """

    filters: int
    stride: int = 1
    kind: ClassVar[str] = "residual"
    title: ClassVar[str] = "Residual"
    optional: ClassVar[tuple[str, ...]] = ("stride",)
    pattern: ClassVar[str] = rf"Residual (?P<filters>{COUNT_PATTERN}){_STRIDE}"
    examples: ClassVar = ("Residual 32 stride 2",)
    offered: ClassVar = MappingProxyType({"filters": (16, 24, 32, 48, 64, 128), "stride": (1, 2)})
    kernel_size: ClassVar[int] = 3
    """Of its two convolutions; not a hyperparameter."""
    appearance: ClassVar = Appearance(colour="#5b8def", border="#3f6ccb", symbol="residual", barred=True)
    node_rules: ClassVar = MappingProxyType({"default": _RESIDUAL, "nasbot": _RESIDUAL, "remap-2019": _RESIDUAL})

    def __post_init__(self) -> None:
        require_counts(self, "filters", "stride")

    def mixed_channels(self, channels_in: int, channels_out: int) -> tuple[tuple[int, int], ...]:
        return (channels_in, channels_out), (channels_out, channels_out)

    def parameters(self, shape: Shape) -> int:
        filters = self.filters
        weights = 9 * filters * (shape[0] + filters) + 4 * filters
        if self.keeps_shape(shape[0]):
            return weights
        return weights + filters * shape[0] + 2 * filters

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        filters = self.filters
        kernels = (Kernel(9 * filters * shape[0], filters), Kernel(9 * filters * filters, filters))
        if self.keeps_shape(shape[0]):
            return kernels
        return (*kernels, Kernel(filters * shape[0], filters))

    def multiply_adds(self, shape: Shape) -> int:
        per_value = 9 * (shape[0] + self.filters)
        if not self.keeps_shape(shape[0]):
            per_value += shape[0]
        return prod(self.output_shape(shape)) * per_value

    def peak_values(self, shape: Shape) -> int:
        """Most values in memory at once: input + 2 x output.

        They are in memory while the second convolution is computed, as the shortcut still needs the input; and, where
        the shortcut is a convolution, while that is computed last. Source of the bound: Lin et al., MCUNet (2020).
        """
        return prod(shape) + 2 * prod(self.output_shape(shape))

    def inner_sizes(self, shape: Shape) -> tuple[int, ...]:
        operations = 6  # two convolutions with batch norm, ReLU, the sum
        if not self.keeps_shape(shape[0]):
            operations += 2
        return (prod(self.output_shape(shape)),) * operations

    def text(self) -> str:
        if self.stride == 1:
            return f"{self.title} {self.filters}"
        return f"{self.title} {self.filters} stride {self.stride}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(filters=int(match["filters"]), stride=int(match["stride"] or 1))

    @property
    def glyph(self) -> Glyph:
        return _ARCH

    @property
    def chip_label(self) -> str:
        if self.stride == 1:
            return str(self.filters)
        return f"{self.filters} /{self.stride}"


@dataclass(frozen=True)
class InvertedResidual(_Block):
    """The block of MobileNetV2 and V3: Conv 1 x 1 to `expand` times the channels - batch norm - ReLU6 - one kernel per
    channel (with the stride) - batch norm - ReLU6 - squeeze-excite, if any - Conv 1 x 1 - batch norm.

    Its input is added where stride is 1 and the channels stay. With expand 1 the first convolution is left out.
    No convolution has a bias but the two of squeeze-excite, which scales each channel by a hard sigmoid of a quarter
    of all means. Source: Sandler et al., MobileNetV2 (CVPR 2018); Hu et al., Squeeze-and-Excitation (CVPR 2018);
    Howard et al., MobileNetV3 (ICCV 2019).

    >>> InvertedResidual(24, expand=6, stride=2).output_shape((16, 32, 32))
    (24, 16, 16)
    >>> InvertedResidual(16, expand=1).parameters((16, 32, 32))
    464
    """

    filters: int
    kernel_size: int = 3
    expand: int = 6
    stride: int = 1
    squeeze_excite: bool = False
    kind: ClassVar[str] = "inverted_residual"
    title: ClassVar[str] = "MBConv"
    optional: ClassVar[tuple[str, ...]] = ("stride", "squeeze_excite")
    pattern: ClassVar[str] = (
        rf"MBConv (?P<filters>{COUNT_PATTERN})x(?P<kernel_size>{COUNT_PATTERN})"
        rf"(?: expand (?P<expand>{COUNT_PATTERN}))?{_STRIDE}(?P<squeeze_excite> se)?"
    )
    examples: ClassVar = ("MBConv 24x3 expand 4 stride 2 se",)
    offered: ClassVar = MappingProxyType(
        {
            "filters": (16, 24, 32, 64),
            "kernel_size": (3, 5, 7),
            "expand": (1, 3, 4, 6),
            "stride": (1, 2),
            "squeeze_excite": (False, True),
        }
    )
    appearance: ClassVar = Appearance(
        colour="#1a35d6",
        border="#12259c",
        symbol="inverted residual",
        light_symbol=True,
        barred=True,
    )
    node_rules: ClassVar = MappingProxyType({"default": _INVERTED, "nasbot": _INVERTED, "remap-2019": _INVERTED})

    def __post_init__(self) -> None:
        require_counts(self, "filters", "kernel_size", "expand", "stride")
        if self.kernel_size % 2 == 0:
            raise InvalidArchitecture(f"kernel_size must be odd, but got {self.kernel_size}.")
        require_switch(self, "squeeze_excite")

    def mixed_channels(self, channels_in: int, channels_out: int) -> tuple[tuple[int, int], ...]:
        expanded = self.expanded(channels_in)
        if self.expand == 1:
            return ((expanded, channels_out),)
        return (channels_in, expanded), (expanded, channels_out)

    def expanded(self, channels: int) -> int:
        """Channels of its depthwise convolution."""
        return self.expand * channels

    def squeezed(self, channels: int) -> int:
        """Values between the two layers of squeeze-excite."""
        return max(1, self.expanded(channels) // 4)

    def parameters(self, shape: Shape) -> int:
        channels = shape[0]
        expanded = self.expanded(channels)
        weights = expanded * (self.kernel_size**2 + 2) + self.filters * (expanded + 2)
        if self.expand != 1:
            weights += expanded * (channels + 2)
        if self.squeeze_excite:
            squeezed = self.squeezed(channels)
            weights += squeezed * (expanded + 1) + expanded * (squeezed + 1)
        return weights

    def kernels(self, shape: Shape) -> tuple[Kernel, ...]:
        channels = shape[0]
        expanded = self.expanded(channels)
        kernels = [Kernel(expanded * self.kernel_size**2, expanded), Kernel(expanded * self.filters, self.filters)]
        if self.expand != 1:
            kernels.append(Kernel(channels * expanded, expanded))
        if self.squeeze_excite:
            squeezed = self.squeezed(channels)
            kernels += [Kernel(expanded * squeezed, squeezed), Kernel(expanded * squeezed, expanded)]
        return tuple(kernels)

    def multiply_adds(self, shape: Shape) -> int:
        channels, rows, columns = shape
        expanded = self.expanded(channels)
        _, output_rows, output_columns = self.output_shape(shape)
        total = output_rows * output_columns * expanded * (self.kernel_size**2 + self.filters)
        if self.expand != 1:
            total += rows * columns * channels * expanded
        if self.squeeze_excite:
            total += 2 * expanded * self.squeezed(channels)
        return total

    def peak_values(self, shape: Shape) -> int:
        """Most values in memory at once: the largest sum of what one of its steps reads and writes.

        With the input, the expanded image, the filtered one (after the depthwise convolution) and the output: expanding
        takes input + expanded, filtering expanded + filtered, squeeze-excite filtered + one value per expanded and
        squeezed channel, projecting filtered + output. All but the first also hold the input where it is added in the
        end (with expand 1, the input is the expanded image and counts once). Source of the bound: Lin et al., MCUNet
        (2020); as there, but without filtering in place.
        """
        channels = shape[0]
        expanded_channels = self.expanded(channels)
        output = self.output_shape(shape)
        inputs = prod(shape)
        kept = inputs if self.keeps_shape(channels) else 0
        filtered = expanded_channels * prod(output[1:])
        steps = [kept + filtered + prod(output)]
        if self.expand == 1:
            steps.append(inputs + filtered)
        else:
            expanded = self.expand * inputs
            steps += [inputs + expanded, kept + expanded + filtered]
        if self.squeeze_excite:
            steps.append(kept + filtered + expanded_channels + self.squeezed(channels))
        return max(steps)

    def inner_sizes(self, shape: Shape) -> tuple[int, ...]:
        channels = shape[0]
        expanded_channels = self.expanded(channels)
        output = self.output_shape(shape)
        filtered = expanded_channels * prod(output[1:])
        sizes: list[int] = []
        if self.expand != 1:
            sizes += 3 * [self.expand * prod(shape)]
        sizes += 3 * [filtered]
        if self.squeeze_excite:
            squeezed = self.squeezed(channels)
            sizes += [expanded_channels, squeezed, squeezed, expanded_channels, expanded_channels, filtered]
        sizes.append(prod(output))
        if self.keeps_shape(channels):
            sizes.append(prod(output))
        return tuple(sizes)

    def text(self) -> str:
        words = [f"{self.title} {self.filters}x{self.kernel_size}"]
        if self.expand != 6:
            words.append(f"expand {self.expand}")
        if self.stride != 1:
            words.append(f"stride {self.stride}")
        if self.squeeze_excite:
            words.append("se")
        return " ".join(words)

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(
            filters=int(match["filters"]),
            kernel_size=int(match["kernel_size"]),
            expand=int(match["expand"] or 6),
            stride=int(match["stride"] or 1),
            squeeze_excite=bool(match["squeeze_excite"]),
        )

    @property
    def glyph(self) -> Glyph:
        return _SPINDLE

    @property
    def chip_label(self) -> str:
        words = [f"{self.filters} x {self.kernel_size}", f"e{self.expand}"]
        if self.stride != 1:
            words.append(f"/{self.stride}")
        if self.squeeze_excite:
            words.append("se")
        return " ".join(words)
