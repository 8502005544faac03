import pytest
import torch
from hypothesis import given, settings
from strategies import architectures
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from remap_core.space.architecture import Architecture
from remap_core.space.layers import Conv2d, Dense
from remap_core.space.text import parse_layers
from remap_core.training.network.build import build


@given(architectures())
def test_every_layer_has_the_output_shape_that_the_architecture_foresees(architecture):
    values = torch.zeros(2, *architecture.input_shape)
    shapes = []
    for module in build(architecture):
        values = module(values)
        if not isinstance(module, nn.Flatten):
            shapes.append(tuple(values.shape[1:]))
    assert shapes == [*architecture.output_shapes, (architecture.classes,)]


@given(architectures())
def test_parameters_are_exactly_as_many_as_the_architecture_foresees(architecture):
    assert sum(parameter.numel() for parameter in build(architecture).parameters()) == architecture.parameters


@settings(max_examples=30)
@given(architectures())
def test_multiply_adds_are_half_of_the_operations_that_torch_counts(architecture):
    with FlopCounterMode(display=False) as counted:
        build(architecture)(torch.zeros(1, *architecture.input_shape))
    assert counted.get_total_flops() == 2 * architecture.multiply_adds


def test_hyperparameters_reach_the_modules():
    text = (
        "Conv 4x3 stride 2 same, Tanh, ReLU, Sigmoid, Dropout 0.25, MaxPool 2 stride 1, AvgPool 2 stride 1, BatchNorm"
    )
    conv, tanh, relu, sigmoid, dropout, largest, mean, norm, *_ = build(Architecture((3, 9, 9), 2, parse_layers(text)))
    assert (conv.kernel_size, conv.stride, conv.padding) == ((3, 3), (2, 2), (1, 1))
    for module, textbook in ((tanh, nn.Tanh), (relu, nn.ReLU), (sigmoid, nn.Sigmoid), (dropout, nn.Dropout)):
        assert isinstance(module, textbook)
    assert dropout.p == 0.25
    assert isinstance(norm, nn.BatchNorm2d)
    image = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert largest(image).item() == 6
    assert mean(image).item() == 3


def test_the_output_is_logits_not_probabilities():
    network = build(Architecture((1, 4, 4), 3, ()))
    assert isinstance(network[-1], nn.Linear)


def test_a_dense_layer_on_images_is_the_textbooks_with_the_same_weights():
    torch.manual_seed(0)
    ours = build(Architecture((3, 6, 5), 4, (Conv2d(3, 7), Dense(9))))
    torch.manual_seed(0)
    theirs = nn.Sequential(nn.Conv2d(3, 7, 3), nn.Flatten(), nn.Linear(7 * 4 * 3, 9), nn.Linear(9, 4))
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    images = torch.randn(5, 3, 6, 5)
    for layout in (torch.contiguous_format, torch.channels_last):
        for network in (ours, theirs):
            network.zero_grad()
            network(images.contiguous(memory_format=layout)).square().sum().backward()
        assert torch.allclose(ours(images), theirs(images), atol=1e-6)
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(one.grad, other.grad, rtol=1e-4, atol=1e-5)


def textbook_of_the_modern_kinds():
    """SepConv 5x3 stride 2 same, BatchNorm, GELU, SepConv 6x3, SiLU, GlobalAvgPool, BatchNorm on 3 x 9 x 9."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 3, 3, 2, padding=1, groups=3, bias=False), nn.Conv2d(3, 5, 1)),
        nn.BatchNorm2d(5),
        nn.GELU(),
        nn.Sequential(nn.Conv2d(5, 5, 3, groups=5, bias=False), nn.Conv2d(5, 6, 1)),
        nn.SiLU(),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.BatchNorm1d(6),
        nn.Linear(6, 2),
    )


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_modern_kinds_are_the_textbooks_with_the_same_weights(mode):
    text = "SepConv 5x3 stride 2 same, BatchNorm, GELU, SepConv 6x3, SiLU, GlobalAvgPool, BatchNorm"
    ours, theirs = build(Architecture((3, 9, 9), 2, parse_layers(text))), textbook_of_the_modern_kinds()
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(5, 3, 9, 9)
    for network in (ours, theirs):
        network.train(mode == "train")
        network(images).square().sum().backward()
    assert torch.allclose(ours(images), theirs(images), atol=1e-6)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-4, atol=1e-5)
    for name, buffer in theirs.named_buffers():
        assert torch.allclose(ours.state_dict()[name], buffer)
