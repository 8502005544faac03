"""Blocks against torchvision's."""

from dataclasses import replace
from itertools import repeat

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tasks import BARS, run, trial_on
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models.resnet import BasicBlock
from torchvision.ops import Conv2dNormActivation, SqueezeExcitation

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import cheapest_plan, smallest_equivalent
from remap_core.space.layers import InvertedResidual, Layer, Residual
from remap_core.space.text import parse_layers
from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner
from remap_core.training.network.build import build
from remap_core.training.training_loop import train

residuals = st.builds(Residual, st.integers(1, 8), st.integers(1, 3))
inverted_residuals = st.builds(
    InvertedResidual,
    st.integers(1, 8),
    st.sampled_from([1, 3, 5, 7]),
    st.integers(1, 6),
    st.integers(1, 3),
    st.booleans(),
)
RESNET_20 = (
    "Conv 16x3 same, BatchNorm, ReLU, Residual 16, Residual 16, Residual 16, Residual 32 stride 2, Residual 32, "
    "Residual 32, Residual 64 stride 2, Residual 64, Residual 64, GlobalAvgPool"
)


def torchvisions_residual(channels: int, layer: Residual) -> nn.Module:
    downsample = None
    if layer.stride != 1 or channels != layer.filters:
        conv = nn.Conv2d(channels, layer.filters, 1, layer.stride, bias=False)
        downsample = nn.Sequential(conv, nn.BatchNorm2d(layer.filters))
    return BasicBlock(channels, layer.filters, layer.stride, downsample)


class TorchvisionsInvertedResidual(nn.Module):
    """Like torchvision's of MobileNetV3, with the ReLU6 of its V2."""

    def __init__(self, channels: int, layer: InvertedResidual) -> None:
        super().__init__()
        expanded = layer.expand * channels
        options = {"activation_layer": nn.ReLU6}
        parts: list[nn.Module] = []
        if layer.expand != 1:
            parts.append(Conv2dNormActivation(channels, expanded, 1, **options))
        parts.append(
            Conv2dNormActivation(expanded, expanded, layer.kernel_size, layer.stride, groups=expanded, **options)
        )
        if layer.squeeze_excite:
            parts.append(SqueezeExcitation(expanded, max(1, expanded // 4), scale_activation=nn.Hardsigmoid))
        parts.append(Conv2dNormActivation(expanded, layer.filters, 1, activation_layer=None))
        self.parts = nn.Sequential(*parts)
        self.adds = layer.stride == 1 and channels == layer.filters

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.adds:
            return images + self.parts(images)
        return self.parts(images)


def torchvisions(channels: int, layer: Layer) -> nn.Module:
    if isinstance(layer, Residual):
        return torchvisions_residual(channels, layer)
    return TorchvisionsInvertedResidual(channels, layer)


def copy_weights(ours: nn.Module, theirs: nn.Module) -> None:
    """Their weights become ours, which have other names in the same order."""
    tensors = zip(theirs.state_dict().values(), ours.state_dict().values(), strict=True)
    with torch.no_grad():
        for their_tensor, our_tensor in tensors:
            assert their_tensor.shape == our_tensor.shape
            their_tensor.copy_(our_tensor)


@settings(max_examples=60)
@given(st.one_of(residuals, inverted_residuals), st.integers(1, 8), st.booleans(), st.booleans())
def test_outputs_gradients_and_statistics_of_a_block_are_torchvisions(layer, channels, training, channels_last):
    torch.manual_seed(0)
    ours = build(Architecture((channels, 7, 6), 2, (layer,)))[0].double()
    theirs = torchvisions(channels, layer).double()
    copy_weights(ours, theirs)
    images = torch.randn(3, channels, 7, 6, dtype=torch.float64)
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    outputs = []
    for module in (ours, theirs):
        outputs.append(module.train(training)(images))
        (outputs[-1] * torch.arange(outputs[-1].shape[-1])).square().sum().backward()
    assert torch.allclose(*outputs)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad)
    for one, other in zip(ours.buffers(), theirs.buffers(), strict=True):
        assert torch.allclose(one, other)


def test_nine_residual_blocks_are_a_resnet_20():
    architecture = Architecture((3, 32, 32), 10, parse_layers(RESNET_20))
    body: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for layer in architecture.layers[3:-1]:
        body.append(torchvisions_residual(channels, layer))
        channels = layer.filters
    resnet = nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    parameters = sum(parameter.numel() for parameter in resnet.parameters())
    assert architecture.parameters == parameters == 269_722 + 2_752 + 16  # two shortcuts, and biases of the first layer
    network = build(architecture)
    copy_weights(network, resnet)
    images = torch.randn(4, 3, 32, 32)
    for training in (True, False):
        with torch.no_grad():
            assert torch.allclose(network.train(training)(images), resnet.train(training)(images), atol=1e-5)


@pytest.mark.parametrize("block", ["Residual 6 stride 2", "MBConv 6x5 expand 3 stride 2 se", "MBConv 4x3"])
def test_a_block_in_bf16_is_close_to_itself_in_float32(block):
    torch.manual_seed(0)
    module = build(Architecture((4, 8, 8), 2, parse_layers(block)))[0]
    images = torch.randn(16, 4, 8, 8).contiguous(memory_format=torch.channels_last)
    expected = module(images)
    with torch.autocast("cpu", torch.bfloat16):
        found = module(images)
    assert (found.float() - expected).abs().mean() < 0.02


@pytest.mark.parametrize("block", ["Residual 4", "MBConv 4x3 expand 3 se"])
def test_a_block_sees_the_whole_batch(block):
    data = dataset_on_device(BARS, "cpu")
    architecture = trial_on(BARS, f"{block}, Dense 5").architecture
    whole, parts = (Learner.create(architecture, 0, "cpu") for _ in range(2))
    parts = replace(parts, max_images=7)
    for learner in (whole, parts):
        learner.train_epoch(data.train, torch.arange(84), 20, repeat(0.01), lambda: False)
    for (name, one), (_, other) in zip(whole.tensors(), parts.tensors(), strict=True):
        assert torch.equal(one, other), name


@pytest.mark.parametrize("block", ["Residual 16", "MBConv 16x3"])
def test_linear_layers_are_never_fused_across_a_block(block):
    architecture = Architecture((3, 16, 16), 10, parse_layers(f"Conv 64x1, Conv 16x5, {block}, Conv 64x1, Dense 64"))
    for plan in (cheapest_plan(architecture, 256), smallest_equivalent(architecture)):
        assert plan.runs
        assert not any(run.start <= 2 < run.stop for run in plan.runs)
        assert architecture.layers[2] in plan.fused.layers


def sizes_of_calls(block: nn.Module, images: torch.Tensor) -> list[int]:
    """Values of one image in the output of every operation of PyTorch that has one."""
    sizes = []

    class Recorder(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, arguments=(), options=None):
            output = operation(*arguments, **(options or {}))
            first = output[0] if isinstance(output, tuple) else output
            if first.numel():
                sizes.append(first.numel() // len(images))
            return output

    block.eval()
    with Recorder(), torch.no_grad():
        block(images)
    return sizes


@given(st.one_of(residuals, inverted_residuals), st.integers(1, 8))
def test_a_plan_knows_the_size_of_every_output_inside_a_block(layer, channels):
    architecture = Architecture((channels, 7, 6), 2, (layer,))
    *sizes, _head = cheapest_plan(architecture, 1).operation_sizes
    block = build(architecture)[0]
    found = sizes_of_calls(block, torch.zeros(2, channels, 7, 6))
    assert sorted(sizes) == sorted(found)


@pytest.mark.parametrize("block", ["Residual 8", "MBConv 8x3 expand 4 se"])
def test_a_chain_with_a_block_learns(block, tmp_path):
    trial = trial_on(BARS, f"Conv 8x3 same, BatchNorm, ReLU, {block}, MaxPool 2", epochs=8, batch_size=12)
    epochs, evaluation = run(train(trial, BARS, device="cpu", folder=tmp_path))
    assert epochs[-1].train_loss < epochs[0].train_loss / 2
    assert evaluation.latency.batch_1_ms > 0
