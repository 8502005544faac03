"""Named baselines: published networks to compare with, as chains that are fitted to the images of a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from remap_core.errors import InvalidArchitecture, NotFound
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Layer
from remap_core.space.text import parse_layers

Shape = tuple[int, int, int]

LENET_SIDE = 32
"""Pixels for which LeNet-5 was made; smaller images are padded by its first convolution, as is usual for 28 x 28."""


@dataclass(frozen=True)
class Baseline:
    """A published network. source: where it is from. about: what of it is not as published; empty for nothing."""

    name: str
    source: str
    about: str
    layers: Callable[[Shape], tuple[Layer, ...]]

    def fitted(self, input_shape: Shape, classes: int) -> Architecture:
        """The network for images (channels, height, width) in so many classes.

        Raises InvalidArchitecture with the layer that does not fit the images.

        >>> BASELINES["ResNet-20"].fitted((3, 32, 32), 10).parameters
        272490
        """
        try:
            return Architecture(input_shape, classes, self.layers(input_shape))
        except InvalidArchitecture as error:
            shape, reason = " x ".join(map(str, input_shape)), str(error)
            raise InvalidArchitecture(
                f"{self.name} does not fit images of {shape}: {reason[:1].lower()}{reason[1:]}"
            ) from None


def find_baseline(name: str) -> Baseline:
    """A baseline by its name, in whatever case. Raises NotFound with the names that there are."""
    for baseline in BASELINES.values():
        if baseline.name.lower() == name.strip().lower():
            return baseline
    raise NotFound(f"There is no baseline {name!r:.60}: it must be one of {', '.join(BASELINES)}.")


@cache
def baseline_architectures(input_shape: Shape, classes: int) -> dict[str, Architecture]:
    """The baselines that fit, by name."""
    fitting = {}
    for baseline in BASELINES.values():
        try:
            fitting[baseline.name] = baseline.fitted(input_shape, classes)
        except InvalidArchitecture:  # said where it is asked for
            continue
    return fitting


def baseline_name(architecture: Architecture) -> str:
    """The name of the baseline that an architecture is; empty for none.

    >>> baseline_name(BASELINES["LeNet-5"].fitted((1, 28, 28), 10))
    'LeNet-5'
    """
    fitting = baseline_architectures(architecture.input_shape, architecture.classes)
    return next((name for name, fitted in fitting.items() if fitted == architecture), "")


def _lenet(input_shape: Shape) -> tuple[Layer, ...]:
    """C1 to F6. Where the images are smaller than 32 x 32, C1 is padded."""
    padding = " same" if min(input_shape[1:]) < LENET_SIDE else ""
    return parse_layers(
        f"Conv 6x5{padding}, Tanh, AvgPool 2, Conv 16x5, Tanh, AvgPool 2, Dense 120, Tanh, Dense 84, Tanh"
    )


_RESNET_20 = parse_layers(
    "Conv 16x3 same, BatchNorm, ReLU, Residual 16, Residual 16, Residual 16, Residual 32 stride 2, Residual 32, "
    "Residual 32, Residual 64 stride 2, Residual 64, Residual 64, GlobalAvgPool"
)


def _always(layers: tuple[Layer, ...]) -> Callable[[Shape], tuple[Layer, ...]]:
    return lambda _input_shape: layers


_REMAP = "Cashman et al. (2019), section 7"

BASELINES: MappingProxyType[str, Baseline] = MappingProxyType(
    {
        baseline.name: baseline
        for baseline in (
            Baseline(
                "LeNet-5",
                "LeCun et al. (1998)",
                "Its pools have no weights, its second convolution sees all channels, and its last layer is linear.",
                _lenet,
            ),
            Baseline(
                "ResNet-20",
                "He et al. (2016), section 4.2",
                "Its shortcuts are convolutions where the shape changes (option B); its first convolution has a bias.",
                _always(_RESNET_20),
            ),
            Baseline(
                "REMAP-1",
                _REMAP,
                "Layers of 412,842 parameters on 28 x 28; the paper's text leaves the activation open.",
                _always(parse_layers("Conv 16x5, MaxPool 5, Dense 256, ReLU")),
            ),
            Baseline(
                "REMAP-2",
                _REMAP,
                "Layers of 16,650 parameters on 28 x 28; the paper's text leaves the activation open.",
                _always(parse_layers("Conv 64x3, MaxPool 3, ReLU, MaxPool 3")),
            ),
            Baseline(
                "REMAP-3",
                _REMAP,
                "Layers of 1,610 parameters on 28 x 28.",
                _always(parse_layers("MaxPool 3, Conv 32x3, MaxPool 2, MaxPool 2")),
            ),
        )
    }
)
"""The baselines, by name. Those of REMAP are the paper's picks from its Pareto front, found again by their parameters,
which are 412.8k, 16.7k and about 1,600 there."""
