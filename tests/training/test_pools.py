from itertools import pairwise, repeat

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tasks import BARS, trial_on
from torch import nn

from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner
from remap_core.training.network.build import build
from remap_core.training.network.pools import AvgPool2d, MaxPool2d

KINDS = pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
WINDOWS = pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (5, 2), (3, 1), (2, 3)])
POOLS = pytest.mark.parametrize(("ours", "textbook"), [(MaxPool2d, nn.MaxPool2d), (AvgPool2d, nn.AvgPool2d)])

shapes = st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(5, 12), st.integers(5, 12))


def pooled(pool, images):
    """What is put out, and the gradient of the sum of its squares."""
    values = images.clone().requires_grad_()
    output = pool(values)
    output.backward(output.detach())
    return output.detach(), values.grad


def gradient_of(pool, images, gradient):
    """In float64."""
    values = images.double().requires_grad_()
    pool(values).backward(gradient.double())
    return values.grad


@POOLS
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("channels", [1, 3, 8, 16])
@pytest.mark.parametrize("compiled", [False, True])
def test_pools_are_pytorchs_own_for_few_channels_and_for_many(ours, textbook, layout, channels, compiled):
    images = torch.randn(5, channels, 9, 7).contiguous(memory_format=layout)
    found, expected = pooled(ours(3, 2, compiled), images), pooled(textbook(3, 2), images)
    assert torch.allclose(found[0], expected[0])
    assert torch.allclose(found[1], expected[1], atol=1e-6)


@POOLS
@KINDS
@WINDOWS
def test_a_compiled_pool_has_the_same_output_and_sums_gradients_in_float32(ours, textbook, kind, window, stride):
    ours, textbook = ours(window, stride, compiled=True), textbook(window, stride)

    @settings(max_examples=25)
    @given(shapes, st.integers(0, 99))
    def law(shape, seed):
        images = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(kind)
        output, gradient = pooled(ours, images)
        assert torch.equal(output, textbook(images))
        exact, sizes = (gradient_of(textbook, images, gradient) for gradient in (output, output.abs()))
        # what adding so many float32 may lose (Higham 2002, 4.2), and then a rounding
        allowed = (window**2 + 2) * 2**-24 * sizes + torch.finfo(kind).eps / 2 * exact.abs()
        assert ((gradient.double() - exact).abs() <= allowed).all()

    law()


@KINDS
@pytest.mark.parametrize("sign", [1, -1])
def test_a_compiled_max_pool_keeps_nan_and_infinities(kind, sign):
    one_image = torch.zeros(1, 8, 2, 2, dtype=kind)
    nan, largest, least, infinite = (one_image.clone() for _ in range(4))
    nan[..., 1, 0] = torch.copysign(torch.tensor(torch.nan), torch.tensor(float(sign)))
    largest[..., 1, 1], largest[..., 0, 0] = torch.inf, torch.finfo(kind).max
    least[:], least[..., 0, 1] = -torch.inf, torch.finfo(kind).min
    infinite[:] = -torch.inf
    output = MaxPool2d(2, 2, compiled=True)(torch.cat((nan, largest, least, infinite)))[:, 0, 0, 0]
    assert output[0].isnan()
    assert output[1:].tolist() == [torch.inf, torch.finfo(kind).min, -torch.inf]


@KINDS
def test_of_equal_values_the_first_gets_the_gradient(kind):
    _, gradient = pooled(MaxPool2d(2, 2, compiled=True), torch.ones(1, 8, 2, 2, dtype=kind))
    assert gradient[0, 0].tolist() == [[1, 0], [0, 0]]


@POOLS
def test_a_window_that_is_too_wide_to_compile_is_pooled_by_pytorch(ours, textbook):
    images = torch.randn(2, 8, 20, 20)
    for found, expected in zip(
        pooled(ours(16, 2, compiled=True), images), pooled(textbook(16, 2), images), strict=True
    ):
        assert torch.equal(found, expected)


def test_pools_are_compiled_for_networks_with_many_values_per_batch():
    large = Architecture((1, 28, 28), 10, parse_layers("Conv 16x3, MaxPool 2, MaxPool 2, AvgPool 2"))
    network = Learner.create(large, 0, "cpu", batch_size=64).network
    assert [module.compiled for module in network[1:4]] == [True, True, False]
    assert not any(module.compiled for module in build(large)[1:4])
    digits = Architecture((1, 8, 8), 10, parse_layers("Conv 128x1, MaxPool 2"))
    assert not Learner.create(digits, 0, "cpu", batch_size=16).network[1].compiled


def test_a_network_with_compiled_pools_trains_and_evaluates_like_one_without():
    data, scores = dataset_on_device(BARS, "cpu"), []
    for compiled in (True, False):
        learner = Learner.create(trial_on(BARS, "Conv 8x3, MaxPool 2, AvgPool 2").architecture, 0, "cpu")
        for pool in learner.network[1:3]:
            pool.compiled = compiled
        for _ in range(3):
            train_score = learner.train_epoch(data.train, torch.arange(84), 12, repeat(0.01), lambda: False)
        scores.append((*train_score, *learner.evaluate(data.validation, lambda: False)[0]))
    for ours, theirs in pairwise(scores):
        assert ours == pytest.approx(theirs, rel=1e-4)
