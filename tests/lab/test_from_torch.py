"""PyTorch modules as designs: what is exported reads back, and what cannot be read is named."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from strategies import architectures
from torch import nn

import remap_core as remap
from remap_core.errors import InvalidArchitecture, InvalidArgument
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.space.layers import InvertedResidual, Residual

SHAPE = (1, 8, 8)


def as_torch(architecture) -> nn.Sequential:
    """The network as the PyTorch export writes it."""
    channels = architecture.input_shape[0]
    scale = ((0.0,) * channels, (1.0,) * channels)
    names = tuple(map(str, range(architecture.classes)))
    model = FinishedModel(1, architecture, "toy", names, {}, b"", *scale, {})
    namespace = {}
    exec(pytorch_source(model, "weights.safetensors"), namespace)  # noqa: S102 (our own source)
    return namespace["Network"]().layers


BLOCKS = (Residual, InvertedResidual)


def without_blocks(architecture) -> bool:
    return not any(isinstance(layer, BLOCKS) for layer in architecture.layers)


@given(architectures().filter(without_blocks))  # the classes of an exported block are not PyTorch's
def test_what_is_exported_reads_back(architecture):
    design = remap.from_torch(as_torch(architecture), input_shape=architecture.input_shape)
    assert design.architecture == architecture.with_layers(map(unpadded, architecture.layers))


def unpadded(layer):
    """A kernel of 1 has no padding, whatever it is called."""
    is_same = getattr(layer, "padding", "valid") == "same"
    return replace(layer, padding="valid") if is_same and layer.kernel_size == 1 else layer


def test_what_does_nothing_is_left_out():
    net = nn.Sequential(nn.Identity(), nn.Dropout(0), nn.Flatten(), nn.ReLU(), nn.Linear(64, 10))
    assert remap.from_torch(net, input_shape=SHAPE).text == "ReLU"


def test_padding_of_half_a_kernel_is_same():
    net = nn.Sequential(nn.Conv2d(1, 4, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(256, 3))
    design = remap.from_torch(net, input_shape=SHAPE, classes=3)
    assert design.text == "Conv 4x5 same, ReLU"


class OwnReLU(nn.ReLU):
    pass


HEAD = (nn.Flatten(), nn.Linear(64, 10))
UNREADABLE = {
    "another layer": ((nn.Conv1d(1, 4, 3), *HEAD), r"Module 0 \(Conv1d\) cannot be read: a design has no such layer\."),
    "a class of one's own": ((OwnReLU(), *HEAD), r"Module 0 \(OwnReLU\)"),
    "inside a chain": ((nn.Sequential(nn.ReLU(), nn.LSTM(3, 3)), *HEAD), r"Module 0\.1 \(LSTM\)"),
    "a dilation": ((nn.Conv2d(1, 4, 3, dilation=2), *HEAD), "it has a dilation"),
    "odd padding": ((nn.Conv2d(1, 4, 5, padding=1), *HEAD), "it has padding=1"),
    "no bias": ((nn.Conv2d(1, 4, 3, bias=False), *HEAD), "it has no bias"),
    "no square": ((nn.Conv2d(1, 4, (3, 5)), *HEAD), r"it has kernel_size=\(3, 5\)"),
    "groups": ((nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 3, groups=2), *HEAD), "it has groups=2"),
    "channels": ((nn.Conv2d(3, 4, 3), *HEAD), "it takes 3 channels, but 1 come in"),
    "ceil_mode": ((nn.MaxPool2d(3, ceil_mode=True), *HEAD), "ceil_mode"),
    "padded pool": ((nn.MaxPool2d(2, padding=1), *HEAD), "it pads its input"),
    "pool to more": ((nn.AdaptiveAvgPool2d(2), *HEAD), "it puts out 2"),
    "norm of values": ((nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 10)), "normalizes the channels"),
    "eps": ((nn.BatchNorm2d(1, eps=1e-3), *HEAD), "eps or momentum"),
    "no flatten": ((nn.Linear(8, 10),), "it needs an nn.Flatten before it"),
    "values": ((nn.Flatten(), nn.Linear(63, 10)), "it takes 63 values, but 64 come in"),
    "an image after all": ((nn.Flatten(), nn.Conv2d(1, 4, 3), nn.Linear(64, 10)), "a vector comes in"),
    "too large": ((nn.Conv2d(1, 4, 9), *HEAD), r"Module 0 \(Conv2d\).*window"),
    "approximation": ((nn.GELU("tanh"), *HEAD), "approximate='tanh'"),
    "no head": ((nn.ReLU(),), "The last module must be an nn.Linear"),
    "softmax": ((*HEAD, nn.Softmax(1)), "The last module must be an nn.Linear"),
}


@pytest.mark.parametrize(("modules", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_the_first_module_that_cannot_be_read_is_named(modules, sentence):
    with pytest.raises(InvalidArchitecture, match=sentence):
        remap.from_torch(nn.Sequential(*modules), input_shape=SHAPE)


def test_the_head_must_fit_the_data_set():
    with pytest.raises(InvalidArchitecture, match="The head puts out 3 classes, but there are 10"):
        remap.from_torch(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), dataset="digits")


@pytest.mark.parametrize("thing", [nn.ReLU(), "Conv 32x3", None, np.zeros(3), nn.ModuleList()])
def test_only_a_chain_is_read(thing):
    with pytest.raises(InvalidArgument, match=r"reads an nn\.Sequential"):
        remap.from_torch(thing, dataset="digits")


def test_the_module_that_reads_does_not_import_torch():
    for name in ("torch_modules", "from_torch"):
        source = Path(sys.modules[f"remap_core.lab.designs.{name}"].__file__).read_text(encoding="utf-8")
        assert "\nimport torch" not in source
        assert "\nfrom torch" not in source
