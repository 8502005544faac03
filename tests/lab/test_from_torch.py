"""PyTorch modules as designs: what is exported reads back, and what cannot be read is named."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures
from torch import nn
from torchvision.models import mobilenetv2, mobilenetv3, resnet

import remap_core as remap
from remap_core.errors import InvalidArchitecture, InvalidArgument
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.space.architecture import Architecture
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import SPACES
from remap_core.space.text import parse_layers
from remap_core.training.network.build import build

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


@given(architectures())
def test_what_is_exported_reads_back(architecture):
    design = remap.from_torch(as_torch(architecture), input_shape=architecture.input_shape)
    assert design.architecture == architecture.with_layers(tuple(map(unpadded, architecture.layers)))


@settings(max_examples=20)
@given(st.sampled_from(list(SPACES)), st.sampled_from([(1, 28, 28), (3, 32, 32)]), st.integers(0, 999))
def test_what_is_built_reads_back_whatever_space_it_is_from(space, input_shape, seed):
    (sampled,) = sample_architectures(SPACES[space], input_shape, 10, 1, np.random.default_rng(seed))
    design = remap.from_torch(build(sampled), input_shape=input_shape)
    assert design.architecture == sampled.with_layers(tuple(map(unpadded, sampled.layers)))


@given(architectures())
def test_what_is_built_reads_back(architecture):
    design = remap.from_torch(build(architecture), input_shape=architecture.input_shape)
    assert design.architecture == architecture.with_layers(tuple(map(unpadded, architecture.layers)))


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


AFTER_BLOCKS = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def halved(channels: int, filters: int, norm=nn.BatchNorm2d) -> nn.Module:
    """torchvision's basic block with a stride of 2."""
    shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, 2, bias=False), norm(filters))
    return resnet.BasicBlock(channels, filters, 2, shortcut)


def test_the_basic_block_of_torchvision_is_a_residual():
    net = nn.Sequential(halved(1, 16), nn.Sequential(resnet.BasicBlock(16, 16)), *AFTER_BLOCKS)
    assert remap.from_torch(net, input_shape=SHAPE).text == "Residual 16 stride 2, Residual 16, GlobalAvgPool"


def test_the_inverted_residual_of_torchvisions_mobile_net_v2_is_an_mbconv():
    blocks = mobilenetv2.InvertedResidual(1, 16, 2, 6), mobilenetv2.InvertedResidual(16, 16, 1, 1)
    net = nn.Sequential(*blocks, *AFTER_BLOCKS)
    assert remap.from_torch(net, input_shape=SHAPE).text == "MBConv 16x3 stride 2, MBConv 16x3 expand 1, GlobalAvgPool"


def exported_block(text: str, index: int = 0) -> nn.Module:
    return as_torch(Architecture((16, 8, 8), 10, parse_layers(text)))[index]


def with_part(block: nn.Module, name: str, part: nn.Module) -> nn.Module:
    setattr(block, name, part)
    return block


class Residual(nn.Module):
    """Named like ours, with another forward."""

    forward = halved


def with_other_downsample() -> nn.Module:
    return resnet.BasicBlock(16, 16, 1, nn.Sequential(nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16)))


V3 = mobilenetv3.InvertedResidualConfig(16, 3, 64, 16, False, "RE", 1, 1, 1.0)
NO_BLOCKS = {
    "another forward": (Residual, r"Module 0 \(Residual\) cannot be read: a design has no such layer"),
    "a bottleneck": (lambda: resnet.Bottleneck(16, 4), r"Module 0 \(Bottleneck\) cannot be read: a design has no such"),
    "mobile net v3": (lambda: mobilenetv3.InvertedResidual(V3, nn.BatchNorm2d), "a design has no such layer"),
    "another norm": (lambda: resnet.BasicBlock(16, 16, norm_layer=nn.InstanceNorm2d), "its bn1 has a InstanceNorm2d"),
    "another activation": (lambda: with_part(resnet.BasicBlock(16, 16), "relu", nn.GELU()), "its relu is a GELU"),
    "a shortcut too many": (with_other_downsample, "its shortcut has 2 modules, and the block has 0"),
    "a dilation": (
        lambda: with_part(resnet.BasicBlock(16, 16), "conv2", nn.Conv2d(16, 16, 3, padding=2, dilation=2, bias=False)),
        r"its conv2 has padding=\(2, 2\), and the block has \(1, 1\)",
    ),
    "a bias": (
        lambda: with_part(resnet.BasicBlock(16, 16), "conv1", nn.Conv2d(16, 16, 3, padding=1)),
        "its conv1 has a bias",
    ),
    "a part that is gone": (
        lambda: with_part(exported_block("MBConv 16x3 expand 4"), "project", nn.Identity()),
        "its parts are not those of the block",
    ),
    "another expansion": (
        lambda: with_part(
            exported_block("MBConv 16x3 expand 4"), "expand", exported_block("MBConv 16x3 expand 3").expand
        ),
        "its expansion has out_channels=48, and the block has 64",
    ),
    "another squeeze": (
        lambda: with_part(exported_block("MBConv 16x3 expand 4"), "squeeze_excite", nn.ReLU()),
        "its squeeze_excite is a ReLU",
    ),
    "no shortcut": (
        lambda: with_part(exported_block("MBConv 16x3 expand 4"), "has_shortcut", False),
        "it adds its input where the block does not",
    ),
    "other channels": (lambda: resnet.BasicBlock(8, 8), "its conv1 has in_channels=8, and the block has 16"),
}


@pytest.mark.parametrize(("make", "sentence"), NO_BLOCKS.values(), ids=NO_BLOCKS)
def test_a_block_that_is_not_exactly_ours_is_named_with_the_part_that_differs(make, sentence):
    with pytest.raises(InvalidArchitecture, match=sentence):
        remap.from_torch(nn.Sequential(make(), *AFTER_BLOCKS), input_shape=(16, 8, 8))


def test_a_block_needs_an_image():
    net = nn.Sequential(nn.Flatten(), resnet.BasicBlock(16, 16), nn.Linear(16, 10))
    with pytest.raises(InvalidArchitecture, match=r"Module 1 \(BasicBlock\).*needs an image, but a vector comes in"):
        remap.from_torch(net, input_shape=(16, 1, 1))


def test_the_head_must_fit_the_data_set():
    with pytest.raises(InvalidArchitecture, match="The head puts out 3 classes, but there are 10"):
        remap.from_torch(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), dataset="digits")


@pytest.mark.parametrize("thing", [nn.ReLU(), "Conv 32x3", None, np.zeros(3), nn.ModuleList()])
def test_only_a_chain_is_read(thing):
    with pytest.raises(InvalidArgument, match=r"reads an nn\.Sequential"):
        remap.from_torch(thing, dataset="digits")


def test_the_module_that_reads_does_not_import_torch():
    for name in ("torch_modules", "torch_blocks", "from_torch"):
        source = Path(sys.modules[f"remap_core.lab.designs.{name}"].__file__).read_text(encoding="utf-8")
        assert "\nimport torch" not in source
        assert "\nfrom torch" not in source
