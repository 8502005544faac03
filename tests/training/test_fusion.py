from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, repeat

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_tasks import BARS, trial_on
from strategies import architectures

from remap_core.space.architecture import Architecture
from remap_core.space.execution_plan import ExecutionPlan, cheapest_plan, smallest_equivalent, static_prefix
from remap_core.space.linear_runs import LinearRun
from remap_core.space.text import parse_layers
from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner
from remap_core.training.network.build import build, modules_of
from remap_core.training.network.fusion import FusedLayer, fused_network


def architecture_of(layers: str, input_shape: tuple[int, int, int] = (1, 28, 28)) -> Architecture:
    return Architecture(input_shape, 10, parse_layers(layers))


def runs_of(layers: str, images: int = 256, size: int = 28) -> list[tuple[int, int]]:
    """First layers of the runs and the layers behind their last; the head comes last."""
    return [(run.start, run.stop) for run in cheapest_plan(architecture_of(layers, (1, size, size)), images).runs]


@contextmanager
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@given(architectures(), st.sampled_from([1, 20, 10**9]))
def test_a_fused_network_has_the_outputs_and_gradients_of_its_layers_one_by_one(architecture, images):
    with double_precision():
        torch.manual_seed(0)
        network = build(architecture).eval()  # dropout would differ, and batch norm would change
        body = fused_network(network, cheapest_plan(architecture, images))
        values = torch.randn(3, *architecture.input_shape).contiguous(memory_format=torch.channels_last)
        weights = torch.randn(3, architecture.classes)
        outputs, gradients = [], []
        for way in (network, body):
            network.zero_grad()
            outputs.append(way(values))
            (outputs[-1] * weights).sum().backward()
            gradients.append([parameter.grad.clone() for parameter in network.parameters()])
    assert torch.allclose(*outputs, rtol=1e-9, atol=1e-9)
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-9)


@given(architectures())
def test_a_fused_architecture_computes_the_same_with_the_kernels_of_its_runs(architecture):
    plan = smallest_equivalent(architecture)
    with double_precision(), torch.no_grad():
        torch.manual_seed(0)
        network, merged = build(architecture).eval(), build(plan.fused).eval()
        of, into = modules_of(network, architecture), modules_of(merged, plan.fused)
        steps = sorted(plan.steps, key=lambda step: step.start if isinstance(step, LinearRun) else step)
        for step, modules in zip(steps, into, strict=True):
            if isinstance(step, LinearRun):
                kernel, bias = FusedLayer(step, [*chain(*of[step.start : step.stop])]).kernel()
                modules[-1].weight.copy_(kernel.reshape(modules[-1].weight.shape))
                modules[-1].bias.copy_(bias)
            else:
                for module, before in zip(modules, of[step], strict=True):
                    module.load_state_dict(before.state_dict())
        values = torch.randn(3, *architecture.input_shape)
        assert torch.allclose(network(values), merged(values), rtol=1e-9, atol=1e-9)


@given(architectures(), st.sampled_from([1, 20, 10**9]))
def test_the_sizes_in_a_plan_are_those_of_its_modules_outputs(architecture, images):
    plan = cheapest_plan(architecture, images)
    values, found = torch.zeros(2, *architecture.input_shape), []
    for module in fused_network(build(architecture), plan):
        values = module(values)
        if not isinstance(module, torch.nn.Flatten):
            found.append(values[0].numel())
    assert tuple(found) == plan.activation_sizes


@given(architectures(), st.sampled_from([1, 20, 10**9]))
def test_runs_are_disjoint_and_come_after_the_static_prefix(architecture, images):
    ends = [static_prefix(architecture)]
    for run in cheapest_plan(architecture, images).runs:
        ends += [run.start, run.stop]
        assert run.stop - run.start > 1
    assert ends == sorted(ends)
    assert ends[-1] <= len(architecture.layers) + 1


@pytest.mark.parametrize(
    ("layers", "runs"),
    [
        ("Conv 64x1, Conv 32x5, Conv 16x5, Sigmoid, Dense 16", [(0, 3), (4, 6)]),
        ("Conv 64x3, ReLU, Conv 64x3, AvgPool 2, Dense 64", [(2, 6)]),
        ("AvgPool 5, Conv 128x3", [(1, 3)]),
        ("Conv 64x3, Dropout 0.5, Conv 32x3, MaxPool 2, Tanh", []),
        ("Conv 64x1 same, Conv 64x3 same, ReLU, MaxPool 2", []),
        ("Conv 64x3 same, Conv 64x3 same, GlobalAvgPool", [(0, 4)]),
    ],
)
def test_consecutive_linear_layers_are_fused(layers, runs):
    assert runs_of(layers) == runs


@pytest.mark.parametrize(
    ("layers", "steps"),
    [
        ("Conv 16x3, ReLU, MaxPool 2, MaxPool 2", [0, 2, 3, 1, 4]),
        ("Conv 16x3, Tanh, Sigmoid, MaxPool 2, Tanh", [0, 3, 1, 2, 4, 5]),
        ("Conv 16x3, SiLU, MaxPool 2, ReLU, AvgPool 2, Tanh", [0, 1, 2, 3, 4, 5, 6]),
        ("ReLU, Dropout 0.5, MaxPool 2", [0, 1, 2, 3]),
    ],
)
def test_monotone_activations_are_computed_after_the_max_pools_that_follow_them(layers, steps):
    plan = ExecutionPlan(architecture_of(layers), 256)
    assert list(plan.steps) == steps


def test_layers_whose_kernel_costs_more_than_it_saves_are_not_fused():
    assert runs_of("Conv 128x3, AvgPool 3, Tanh", images=16, size=8) == []
    assert runs_of("Conv 16x1, Sigmoid, Conv 16x3, Conv 128x5, Tanh", images=10**9) == []  # one for each pair


def test_a_fused_convolution_costs_what_one_of_its_size_does():
    two, one = architecture_of("Conv 64x1, Conv 32x5, Tanh"), architecture_of("Conv 32x5, Tanh")
    assert cheapest_plan(two, 256).multiply_adds == one.multiply_adds + 32 * 64 * 25 / 256  # its kernel, once for all
    assert ExecutionPlan(two, 256).multiply_adds == two.multiply_adds


def test_fused_layers_train_like_layers_one_by_one():
    architecture = trial_on(BARS, "Conv 64x3, Conv 4x3, Tanh, Dense 200").architecture
    merged, apart = (Learner.create(architecture, 0, "cpu", 84) for _ in range(2))
    assert any(isinstance(module, FusedLayer) for module in merged.fused)
    apart = replace(apart, fused=apart.network)
    data = dataset_on_device(BARS, "cpu")
    for _ in range(3):
        expected = apart.train_epoch(data.train, torch.arange(84), 28, repeat(0.01), lambda: False)
        assert merged.train_epoch(data.train, torch.arange(84), 28, repeat(0.01), lambda: False) == pytest.approx(
            expected, rel=1e-4
        )
    for (name, one), (_, other) in zip(apart.tensors(), merged.tensors(), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4), name


@pytest.mark.parametrize("layers", ["Conv 16x1, AvgPool 3, Conv 16x3, Tanh", "Conv 16x3, Conv 32x3, ReLU, Conv 32x3"])
def test_gradients_in_bf16_are_those_of_the_layers_one_by_one_except_for_rounding(layers):
    architecture = architecture_of(layers)
    torch.manual_seed(0)
    network = build(architecture)
    plan = cheapest_plan(architecture, 256)
    assert plan.runs
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
