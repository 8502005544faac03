from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from remap_core.training.learner import seeded
from remap_core.training.network.modules import BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Sigmoid, Tanh

EACH = pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])


COMPILED = pytest.mark.parametrize("compiled", [False, True])


def dropped(rate: float, values: torch.Tensor, seed: int = 0, *, compiled: bool) -> torch.Tensor:
    with seeded("cpu", seed):
        return Dropout(rate, compiled)(values)


@COMPILED
@given(rate=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_dropout_zeroes_values_at_its_rate_in_every_position(compiled, rate, seed):
    zeroed = (dropped(rate, torch.ones(2_000, 8), seed, compiled=compiled) == 0).float()
    for place in range(8):  # eight are drawn at once
        assert zeroed[:, place].mean().item() == pytest.approx(rate, abs=6 * (rate * (1 - rate) / 2_000) ** 0.5)


@COMPILED
@EACH
@given(rate=st.one_of(st.sampled_from([k / 8 for k in range(1, 8)]), st.floats(1e-9, 1 - 1e-9)))
def test_dropout_scales_what_it_keeps_so_that_the_mean_stays(compiled, kind, rate):
    values = dropped(rate, torch.ones(4_096, dtype=kind), compiled=compiled)
    kept = values[values != 0]
    assert values.dtype is kind
    assert kept.unique().numel() <= 1
    bits = 32 if compiled else 8 if (256 * rate).is_integer() else 16
    share = 1 - min(round(rate * 2**bits), 2**bits - 1) / 2**bits
    assert torch.allclose(kept, torch.full_like(kept, 1 / share))


@COMPILED
def test_dropout_draws_each_value_independently(compiled):
    zeroed = (dropped(0.5, torch.ones(64, 1_024), compiled=compiled) == 0).float()
    for values in (zeroed, zeroed.T[:, :60]):
        correlations = torch.corrcoef(values.T) - torch.eye(values.shape[1])
        assert correlations.abs().max() < 6 / len(values) ** 0.5
    drawn = [dropped(0.5, torch.ones(99), seed, compiled=compiled) for seed in (1, 2, 1)]
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])


@COMPILED
@EACH
@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (2, 3, 4, 5), (1, 1, 1, 1)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_dropped_values_have_no_gradient_and_kept_ones_the_scale(compiled, kind, shape, layout):
    values = torch.randn(shape, dtype=kind).requires_grad_()
    output = dropped(0.3, values, compiled=compiled)
    gradient = torch.ones_like(output)
    output.backward(gradient.contiguous(memory_format=layout) if gradient.dim() == 4 else gradient)
    assert torch.allclose(values.grad * values, output, rtol=torch.finfo(kind).eps)


@COMPILED
def test_dropout_keeps_the_layout_of_channels_last(compiled):
    values = torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert dropped(0.5, values, compiled=compiled).stride() == values.stride()


def test_in_evaluation_mode_dropout_does_nothing():
    values = torch.randn(5, 5)
    assert torch.equal(Dropout(0.9).eval()(values), values)


def derivative(function: Callable[[torch.Tensor], torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return 1 - output**2 if function is torch.tanh else output * (1 - output)


@pytest.mark.parametrize(("ours", "function"), [(Tanh, torch.tanh), (Sigmoid, torch.sigmoid)])
def test_functions_of_bf16_are_rounded_from_float32(ours, function):
    every = torch.arange(2**16, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16)
    expected = function(every.float()).to(torch.bfloat16)
    assert torch.equal(ours()(every).nan_to_num(7), expected.nan_to_num(7))
    values = (3 * torch.randn(5, 3, 40, 50)).to(torch.bfloat16).requires_grad_()
    output = ours()(values)
    output.backward(torch.ones_like(output))
    assert torch.allclose(values.grad.double(), derivative(function, output.double()), rtol=2**-8, atol=2**-8)


@pytest.mark.parametrize(("ours", "function"), [(Tanh, torch.tanh), (Sigmoid, torch.sigmoid)])
def test_functions_of_bf16_accept_any_memory_layout(ours, function):
    values = torch.randn(4, 6, 8, 10).to(torch.bfloat16)
    last = values.contiguous(memory_format=torch.channels_last)
    assert ours()(last).stride() == last.stride()
    for view in (
        values,
        last,
        values[1:, 2:, ::2],
        values.mT,
        values[0, 0],
        values[:0],
        values[:1].expand(3, 6, 8, 10),
    ):
        assert torch.equal(ours()(view), function(view.float()).to(torch.bfloat16))


@pytest.mark.parametrize(("ours", "function"), [(Tanh, torch.tanh), (Sigmoid, torch.sigmoid)])
def test_functions_of_float32_are_pytorchs_own(ours, function):
    values = torch.randn(4, 7)
    assert torch.equal(ours()(values), function(values))


def spoil_free_memory():
    """What is allocated next and not written to is no number."""
    spoilt = [torch.full((2**power,), float("nan")) for power in range(4, 18) for _ in range(8)]
    del spoilt


@pytest.mark.parametrize("channels", [1, 16])
@pytest.mark.parametrize(
    ("filters", "kernel", "stride", "shape"),
    [
        (16, 3, 1, (8, 8)),
        (16, 3, 2, (8, 8)),
        (16, 3, 2, (1, 1)),
        (16, 5, 2, (1, 1)),
        (32, 5, 3, (2, 2)),
        (32, 7, 2, (12, 2)),
        (64, 4, 4, (12, 12)),
    ],
)
def test_a_convolution_in_bf16_is_correct_for_any_stride(channels, filters, kernel, stride, shape):
    torch.manual_seed(0)
    padding = kernel // 2 if kernel % 2 else 0
    ours = Conv2d(channels, filters, kernel, stride, padding).to(memory_format=torch.channels_last)
    exact = nn.Conv2d(channels, filters, kernel, stride, padding).double()
    exact.load_state_dict(ours.state_dict())
    images = torch.randn(16, channels, *shape).contiguous(memory_format=torch.channels_last)
    expected = exact(images.double())
    gradient = torch.randn_like(expected)
    expected.backward(gradient)
    with torch.autocast("cpu", torch.bfloat16):
        output = ours(images)
    spoil_free_memory()
    output.backward(gradient.to(output.dtype))
    for one, other in ((output, expected), (ours.weight.grad, exact.weight.grad), (ours.bias.grad, exact.bias.grad)):
        assert (one.double() - other).abs().max() < 0.03 * other.abs().max()


@pytest.mark.parametrize(
    ("norm", "textbook", "shape"),
    [(BatchNorm1d, nn.BatchNorm1d, (1, 4)), (BatchNorm2d, nn.BatchNorm2d, (1, 4, 1, 1))],
)
def test_a_batch_of_one_value_per_channel_is_normalized_by_the_running_statistics(norm, textbook, shape):
    torch.manual_seed(0)
    ours, theirs, value = norm(4), textbook(4), torch.randn(shape)
    for _ in range(3):
        ours(torch.randn(5, *shape[1:]))
    theirs.load_state_dict(ours.state_dict())
    kept = ours.running_mean.clone()
    assert torch.equal(ours(value), theirs.eval()(value))
    assert torch.equal(ours.running_mean, kept)


@pytest.mark.parametrize("channels", [1, 3, 7, 8])
def test_a_1_x_1_convolution_with_a_stride_is_correct_on_few_channels(channels):
    ours = Conv2d(channels, 24, 1, stride=2).to(memory_format=torch.channels_last)
    images = torch.rand(32, channels, 16, 16).to(memory_format=torch.channels_last).requires_grad_()
    expected = nn.functional.conv2d(images.double(), ours.weight.double(), ours.bias.double(), stride=2)
    weights = torch.rand(expected.shape)
    (expected * weights).sum().backward()
    gradient, images.grad = images.grad, None
    kernel, ours.weight.grad = ours.weight.grad, None
    for _ in range(20):  # PyTorch's own ended the process here, soon
        images.grad = ours.weight.grad = None
        (ours(images) * weights).sum().backward()
    torch.testing.assert_close(images.grad, gradient)
    torch.testing.assert_close(ours.weight.grad, kernel)
