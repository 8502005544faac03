"""A model as PyTorch source that stands alone: nothing of this project is needed to run it."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from textwrap import wrap

from remap_core.exports.finished_model import FinishedModel, Module, modules
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    MaxPool2d,
    SeparableConv2d,
)
from remap_core.space.text import layers_text

_FUNCTIONS = {"tanh": "Tanh", "relu": "ReLU", "sigmoid": "Sigmoid", "gelu": "GELU", "silu": "SiLU"}

_SOURCE = '''"""{title}

{chain}

network = load()  # needs the weights beside it
classes = network(images).argmax(1)  # images: (n, {channels}, {height}, {width}) uint8
"""

import torch
from safetensors.torch import load_file
from torch import nn

DATASET = {dataset}
CLASSES = {classes}
ACCURACY = {accuracies}
WEIGHTS = {weights}


class Network(nn.Module):
    """Logits, (n, {count}) float32, of images, (n, {channels}, {height}, {width}) uint8."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor({mean}).reshape(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor({deviation}).reshape(1, -1, 1, 1))
        self.layers = nn.Sequential(
{modules}
        )

    def forward(self, images):
        if images.dtype != torch.uint8:
            raise TypeError(f"images must be uint8 (0..255), but they are {{images.dtype}}.")
        return self.layers((images.float() - self.mean) / self.deviation)


def load(path=WEIGHTS):
    """The trained network, ready to predict, with the weights of a safetensors file."""
    network = Network()
    network.layers.load_state_dict(load_file(path))
    return network.eval()
'''


def pytorch_source(model: FinishedModel, weights: str) -> str:
    """A Python module with the network's class and `load`; weights: name of the file that it loads."""
    channels, height, width = model.architecture.input_shape
    chain = layers_text(model.architecture.layers) or "No layers"
    return _SOURCE.format(
        title=f"Model {model.id}: {model.architecture.parameters:,} parameters.",
        chain="\n".join(wrap(f"{chain}, and a head of {model.architecture.classes} classes.", 110)),
        weights=ascii(weights),
        channels=channels,
        height=height,
        width=width,
        count=model.architecture.classes,
        dataset=ascii(model.dataset),
        classes=ascii(list(model.class_names)),
        accuracies={name: round(accuracy, 6) for name, accuracy in model.accuracies.items()},
        mean=list(model.mean),
        deviation=list(model.deviation),
        modules="\n".join(f"            {line}," for module in modules(model.architecture) for line in _lines(module)),
    )


def _lines(module: Module) -> Iterator[str]:
    layer, channels = module.layer, module.shape[0]
    match layer:
        case Conv2d():
            yield f"nn.Conv2d({channels}, {layer.filters}, {_window(layer)})"
        case SeparableConv2d():
            depthwise = f"nn.Conv2d({channels}, {channels}, {_window(layer)}, groups={channels}, bias=False)"
            yield f"nn.Sequential({depthwise}, nn.Conv2d({channels}, {layer.filters}, 1))"
        case MaxPool2d():
            yield f"nn.MaxPool2d({layer.size}, stride={layer.stride})"
        case AvgPool2d():
            yield f"nn.AvgPool2d({layer.size}, stride={layer.stride})"
        case GlobalAvgPool2d():
            yield "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())"
        case BatchNorm():
            yield f"nn.BatchNorm{2 if len(module.shape) == 3 else 1}d({channels})"
        case Dense():
            yield from _dense(module, layer.units)
        case Activation():
            yield f"nn.{_FUNCTIONS[layer.function]}()"
        case Dropout():
            yield f"nn.Dropout({layer.rate})"
        case _:
            raise TypeError(f"{type(layer).__name__} has no PyTorch source.")


def _window(layer: Conv2d | SeparableConv2d) -> str:
    stride = f", stride={layer.stride}" if layer.stride != 1 else ""
    return f"{layer.kernel_size}{stride}" + (f", padding={layer.margin}" if layer.margin else "")


def _dense(module: Module, units: int) -> Iterator[str]:
    if len(module.shape) == 3:
        yield "nn.Flatten()"
    yield f"nn.Linear({prod(module.shape)}, {units})"
