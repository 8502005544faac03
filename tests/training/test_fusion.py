from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_tasks import BARS, trial_on
from strategies import architectures

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import Plan, Segment, cheapest_plan, smallest_equivalent, unchanging
from remap_core.space.text import parse_layers
from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner
from remap_core.training.network.build import build, modules_of
from remap_core.training.network.fusion import FusedLayer, fused_network


def architecture_of(layers: str, input_shape: tuple[int, int, int] = (1, 28, 28)) -> Architecture:
    return Architecture(input_shape, 10, parse_layers(layers))


def segments_of(layers: str, images: int = 256, size: int = 28) -> list[tuple[int, int]]:
    """First layers of the segments and the layers behind their last; the head comes last."""
    return [
        (segment.start, segment.stop)
        for segment in cheapest_plan(architecture_of(layers, (1, size, size)), images).segments
    ]


@contextmanager
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@given(architectures(), st.sampled_from([1, 20, 10**9]))
def test_a_network_as_planned_puts_out_what_its_layers_do_one_by_one_and_every_weight_gets_its_gradient(
    architecture, images
):
    with double_precision():
        torch.manual_seed(0)
        network = build(architecture).eval()  # dropout would draw anew, and batch norm keep what it saw
        body = fused_network(network, cheapest_plan(architecture, images))
        values = torch.randn(3, *architecture.input_shape).contiguous(memory_format=torch.channels_last)
        weights = torch.randn(3, architecture.classes)
        put_out, gradients = [], []
        for way in (network, body):
            network.zero_grad()
            put_out.append(way(values))
            (put_out[-1] * weights).sum().backward()
            gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    assert torch.allclose(*put_out, rtol=1e-9, atol=1e-9)
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-9)


@given(architectures())
def test_a_merged_architecture_does_the_same_with_the_kernels_of_its_segments(architecture):
    plan = smallest_equivalent(architecture)
    with double_precision(), torch.no_grad():
        torch.manual_seed(0)
        network, merged = build(architecture).eval(), build(plan.merged).eval()
        of, into = modules_of(network, architecture), modules_of(merged, plan.merged)
        steps = sorted(plan.steps, key=lambda step: step.start if isinstance(step, Segment) else step)
        for step, modules in zip(steps, into, strict=True):
            if isinstance(step, Segment):
                kernel, bias = FusedLayer(step, [*chain(*of[step.start : step.stop])]).kernel()
                modules[-1].weight.copy_(kernel.reshape(modules[-1].weight.shape))
                modules[-1].bias.copy_(bias)
            else:
                for module, before in zip(modules, of[step], strict=True):
                    module.load_state_dict(before.state_dict())
        values = torch.randn(3, *architecture.input_shape)
        assert torch.allclose(network(values), merged(values), rtol=1e-9, atol=1e-9)


@given(architectures(), st.sampled_from([1, 20, 10**9]))
def test_what_a_plan_foresees_is_what_its_modules_put_out(architecture, images):
    plan = cheapest_plan(architecture, images)
    values, found = torch.zeros(2, *architecture.input_shape), []
    for module in fused_network(build(architecture), plan):
        values = module(values)
        if not isinstance(module, torch.nn.Flatten):
            found.append(values[0].numel())
    assert tuple(found) == plan.activation_sizes


@given(architectures(), st.sampled_from([1, 20, 10**9]))
def test_segments_follow_each_other_behind_what_never_changes(architecture, images):
    ends = [unchanging(architecture)]
    for segment in cheapest_plan(architecture, images).segments:
        ends += [segment.start, segment.stop]
        assert segment.stop - segment.start > 1
    assert ends == sorted(ends)
    assert ends[-1] <= len(architecture.layers) + 1


@pytest.mark.parametrize(
    ("layers", "segments"),
    [
        ("Conv 64x1, Conv 32x5, Conv 16x5, Sigmoid, Dense 16", [(0, 3), (4, 6)]),
        ("Conv 64x3, ReLU, Conv 64x3, AvgPool 2, Dense 64", [(2, 6)]),
        ("AvgPool 5, Conv 128x3", [(1, 3)]),
        ("Conv 64x3, Dropout 0.5, Conv 32x3, MaxPool 2, Tanh", []),
        ("Conv 64x1 same, Conv 64x3 same, ReLU, MaxPool 2", []),
        ("Conv 64x3 same, Conv 64x3 same, GlobalAvgPool", [(0, 4)]),
    ],
)
def test_linear_layers_with_nothing_between_them_are_contracted(layers, segments):
    assert segments_of(layers) == segments


@pytest.mark.parametrize(
    ("layers", "steps"),
    [
        ("Conv 16x3, ReLU, MaxPool 2, MaxPool 2", [0, 2, 3, 1, 4]),
        ("Conv 16x3, Tanh, Sigmoid, MaxPool 2, Tanh", [0, 3, 1, 2, 4, 5]),
        ("Conv 16x3, SiLU, MaxPool 2, ReLU, AvgPool 2, Tanh", [0, 1, 2, 3, 4, 5, 6]),
        ("ReLU, Dropout 0.5, MaxPool 2", [0, 1, 2, 3]),
    ],
)
def test_functions_that_only_grow_are_computed_behind_the_max_pools_that_follow_them(layers, steps):
    plan = Plan(architecture_of(layers), 256)
    assert list(plan.steps) == steps


def test_what_costs_more_to_make_than_it_saves_is_not_contracted():
    assert segments_of("Conv 128x3, AvgPool 3, Tanh", images=16, size=8) == []
    assert segments_of("Conv 16x1, Sigmoid, Conv 16x3, Conv 128x5, Tanh", images=10**9) == []  # one for each pair


def test_a_contracted_convolution_costs_what_one_of_its_size_does():
    two, one = architecture_of("Conv 64x1, Conv 32x5, Tanh"), architecture_of("Conv 32x5, Tanh")
    assert cheapest_plan(two, 256).multiply_adds == one.multiply_adds + 32 * 64 * 25 / 256  # its kernel, once for all
    assert Plan(two, 256).multiply_adds == two.multiply_adds


def test_a_learner_of_contracted_layers_learns_what_one_does_that_computes_them_one_by_one():
    architecture = trial_on(BARS, "Conv 64x3, Conv 4x3, Tanh, Dense 200").architecture
    merged, apart = (Learner.create(architecture, 0, "cpu", 84) for _ in range(2))
    assert any(isinstance(module, FusedLayer) for module in merged.fused)
    apart = replace(apart, fused=apart.network)
    data = dataset_on_device(BARS, "cpu")
    for _ in range(3):
        expected = apart.train_epoch(data.train, torch.arange(84), 28, 0.01, lambda: False)
        assert merged.train_epoch(data.train, torch.arange(84), 28, 0.01, lambda: False) == pytest.approx(
            expected, rel=1e-4
        )
    for (name, one), (_, other) in zip(apart.tensors(), merged.tensors(), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4), name


@pytest.mark.parametrize("layers", ["Conv 16x1, AvgPool 3, Conv 16x3, Tanh", "Conv 16x3, Conv 32x3, ReLU, Conv 32x3"])
def test_gradients_in_bf16_are_those_of_the_layers_one_by_one_but_for_rounding(layers):
    architecture = architecture_of(layers)
    torch.manual_seed(0)
    network = build(architecture)
    plan = cheapest_plan(architecture, 256)
    assert plan.segments
    images = torch.randn(64, 28, 28, 1).permute(0, 3, 1, 2)
    found = []
    for body, bf16 in ((network, False), (fused_network(network, plan), True)):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = body(images).float()
        logits.square().sum().backward()
        found.append([logits.detach(), *(parameter.grad.clone() for parameter in network.parameters())])
    for exact, rounded in zip(*found, strict=True):
        assert (exact - rounded).abs().max() < 0.05 * exact.abs().max()
