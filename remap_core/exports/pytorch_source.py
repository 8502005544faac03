"""A model as PyTorch source that needs nothing of this project to run."""

from __future__ import annotations

from textwrap import indent, wrap

from remap_core.exports.finished_model import FinishedModel, placed_layers
from remap_core.exports.layer_exports import layer_definition, layer_source
from remap_core.formatting import model_name, pluralize
from remap_core.space.architecture import Architecture
from remap_core.space.text import layers_text

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

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor({mean}).reshape(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor({deviation}).reshape(1, -1, 1, 1))
        self.layers = nn.Sequential(
{layers}
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
    architecture = model.architecture
    channels, height, width = architecture.input_shape
    return _SOURCE.format(
        title=f"{model_name(model.id)}: {pluralize(architecture.parameters, 'parameter')}.",
        chain=_chain(architecture),
        weights=ascii(weights),
        channels=channels,
        height=height,
        width=width,
        count=architecture.classes,
        dataset=ascii(model.dataset),
        classes=ascii(list(model.class_names)),
        accuracies={name: round(accuracy, 6) for name, accuracy in model.accuracies.items()},
        mean=list(model.mean),
        deviation=list(model.deviation),
        definitions=_definitions(architecture),
        layers=_layers(architecture),
    )


def _chain(architecture: Architecture) -> str:
    """The layers in words, for a docstring."""
    chain = layers_text(architecture.layers) or "No layers"
    sentence = f"{chain}, and a head of {architecture.classes} classes."
    return "\n".join(wrap(sentence, 110))


def _definitions(architecture: Architecture) -> str:
    """The classes of the blocks that occur, each once."""
    definitions = dict.fromkeys(layer_definition(placed) for placed in placed_layers(architecture))
    return "".join(f"{definition}\n\n" for definition in definitions if definition)


def _layers(architecture: Architecture) -> str:
    """The modules of the nn.Sequential, one per line."""
    lines: list[str] = []
    for placed in placed_layers(architecture):
        lines += layer_source(placed)
    return indent(",\n".join(lines) + ",", " " * 12)
