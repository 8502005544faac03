import torch
from hypothesis import given, settings
from strategies import architectures
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.training.build import build


@given(architectures())
def test_every_layer_puts_out_the_shape_that_the_architecture_foresees(architecture):
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
    text = "Conv 4x3 stride 2 same, Tanh, ReLU, Sigmoid, Dropout 0.25, MaxPool 2 stride 1, AvgPool 2 stride 1"
    conv, tanh, relu, sigmoid, dropout, largest, mean, *_ = build(Architecture((3, 9, 9), 2, parse_layers(text)))
    assert (conv.kernel_size, conv.stride, conv.padding) == ((3, 3), (2, 2), (1, 1))
    assert [type(module) for module in (tanh, relu, sigmoid)] == [nn.Tanh, nn.ReLU, nn.Sigmoid]
    assert dropout.p == 0.25
    image = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert largest(image).item() == 6
    assert mean(image).item() == 3


def test_the_output_is_logits_and_no_probabilities():
    network = build(Architecture((1, 4, 4), 3, ()))
    assert isinstance(network[-1], nn.Linear)
