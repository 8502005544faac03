"""A model as PyTorch source that needs nothing of this project to run."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from textwrap import indent, wrap

import numpy as np

from remap_core.exports.finished_model import FinishedModel, placed_layers
from remap_core.exports.layer_exports import layer_definition, layer_source
from remap_core.formatting import model_name, pluralize
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Shape
from remap_core.space.text import layers_text

MAX_LINE = 100
"""Characters of a line."""

_SOURCE = '''"""{title}

{chain}

network = load()  # needs the file with the weights next to this one
classes = network(images).argmax(1)  # images: (n, {channels}, {height}, {width}) uint8
"""

import torch
from safetensors.torch import load_file
from torch import nn

DATASET = {dataset}
CLASSES = {classes}
ACCURACY = {accuracies}
WEIGHTS = {weights}


{definitions}class Network(nn.Module):
    """Logits, (n, {count}) float32, of images, (n, {channels}, {height}, {width}) uint8."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor({mean}).reshape(-1, 1, 1))
        self.register_buffer("std", torch.tensor({deviation}).reshape(-1, 1, 1))
        self.layers = nn.Sequential(  # the comments are output shapes
{layers}
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.dtype != torch.uint8:
            raise TypeError(f"images must be uint8 (0..255), but they are {{images.dtype}}.")
        return self.layers((images.float() - self.mean) / self.std)


def load(path: str = WEIGHTS) -> Network:
    """The trained network, ready to predict, with the weights of a safetensors file."""
    network = Network()
    network.layers.load_state_dict(load_file(path))
    return network.eval()
'''


def pytorch_source(model: FinishedModel, weights: str) -> str:
    """A Python module with the network's class and `load`; weights: name of the file that it loads."""
    architecture = model.architecture
    channels, height, width = architecture.input_shape
    return _SOURCE.format(
        title=f"{model_name(model.id)}: {pluralize(architecture.parameters, 'parameter')}.",
        chain=_chain(architecture),
        weights=_literal(weights),
        channels=channels,
        height=height,
        width=width,
        count=architecture.classes,
        dataset=_literal(model.dataset),
        classes=_list("CLASSES = ", map(_literal, model.class_names)),
        accuracies=_accuracies(model),
        mean=_scale(model.mean),
        deviation=_scale(model.deviation),
        definitions=_definitions(architecture),
        layers=_layers(architecture),
    )


def _chain(architecture: Architecture) -> str:
    """The layers in words, for a docstring."""
    chain = layers_text(architecture.layers) or "No layers"
    sentence = f"{chain}, and a head of {architecture.classes} classes."
    return "\n".join(wrap(sentence, MAX_LINE))


def _definitions(architecture: Architecture) -> str:
    """The classes of the blocks that occur, each once."""
    definitions = dict.fromkeys(layer_definition(placed) for placed in placed_layers(architecture))
    return "".join(f"{definition}\n\n" for definition in definitions if definition)


def _layers(architecture: Architecture) -> str:
    """The modules of the nn.Sequential, with the shape that comes out where it is another one than before."""
    shapes = (*architecture.input_shapes[1:], (architecture.classes,))
    lines: list[str] = []
    before: Shape = architecture.input_shape
    for placed, shape in zip(placed_layers(architecture), shapes, strict=True):
        *flattens, module = layer_source(placed)
        lines += [f"{flatten},  # {prod(placed.input_shape)}" for flatten in flattens]
        lines.append(f"{module},")
        if shape != before:
            lines[-1] += f"  # {' x '.join(map(str, shape))}"
        before = shape
    return indent("\n".join(lines), " " * 12)


def _literal(text: str) -> str:
    """A string in ASCII, in double quotes where it has no quotes itself.

    >>> print(_literal("cat"))
    "cat"
    """
    if "'" in text or '"' in text:
        return ascii(text)
    return f'"{ascii(text)[1:-1]}"'


def _list(start: str, items: Iterable[str]) -> str:
    """A list of literals: on one line if it fits, else each on its own."""
    listed = list(items)
    line = f"[{', '.join(listed)}]"
    if len(start) + len(line) <= MAX_LINE:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in listed) + "]"


def _scale(values: tuple[float, ...]) -> str:
    """Numbers in as many digits as float32 has."""
    return f"[{', '.join(str(np.float32(value)) for value in values)}]"


def _accuracies(model: FinishedModel) -> str:
    entries = [f'"{name}": {round(accuracy, 4)}' for name, accuracy in model.accuracies.items()]
    return f"{{{', '.join(entries)}}}"
