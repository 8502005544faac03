import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from remap_core.training.learner import seeded
from remap_core.training.modules import AvgPool2d, BatchNorm1d, BatchNorm2d, Conv2d, Dropout, MaxPool2d, Tanh

EACH = pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])


def dropped(rate: float, values: torch.Tensor, seed: int = 0) -> torch.Tensor:
    with seeded("cpu", seed):
        return Dropout(rate)(values)


@given(st.floats(0.01, 0.99), st.integers(0, 9))
def test_dropout_zeroes_values_at_its_rate_wherever_they_stand(rate, seed):
    zeroed = (dropped(rate, torch.ones(2_000, 8), seed) == 0).float()
    for place in range(8):  # eight are drawn at once
        assert zeroed[:, place].mean().item() == pytest.approx(rate, abs=6 * (rate * (1 - rate) / 2_000) ** 0.5)


@EACH
@given(rate=st.one_of(st.sampled_from([k / 8 for k in range(1, 8)]), st.floats(1e-9, 1 - 1e-9)))
def test_dropout_scales_what_it_keeps_so_that_the_mean_stays(kind, rate):
    values = dropped(rate, torch.ones(4_096, dtype=kind))
    kept = values[values != 0]
    assert values.dtype is kind
    assert kept.unique().numel() <= 1
    bits = 256 if (256 * rate).is_integer() else 2**16
    share = 1 - min(round(rate * bits), bits - 1) / bits
    assert torch.equal(kept, torch.full_like(kept, 1 / share))


def test_dropout_draws_each_value_for_itself():
    zeroed = (dropped(0.5, torch.ones(64, 1_024)) == 0).float()
    correlations = torch.corrcoef(zeroed) - torch.eye(64)
    assert correlations.abs().max() < 0.2
    assert not torch.equal(dropped(0.5, torch.ones(99), 1), dropped(0.5, torch.ones(99), 2))


@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (2, 3, 4, 5), (1, 1, 1, 1)])
def test_what_dropout_drops_has_no_gradient_and_what_it_keeps_the_scale(shape):
    values = torch.randn(shape).requires_grad_()
    put_out = dropped(0.3, values)
    put_out.sum().backward()
    assert torch.allclose(values.grad * values, put_out)


def test_dropout_keeps_the_layout_of_channels_last():
    values = torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert dropped(0.5, values).stride() == values.stride()


def test_in_evaluation_dropout_does_nothing():
    values = torch.randn(5, 5)
    assert torch.equal(Dropout(0.9).eval()(values), values)


@pytest.mark.parametrize("shape", [(3, 5), (0, 4), (5, 3, 40, 50)])
def test_tanh_in_bf16_is_the_nearest_to_that_of_float32_and_so_is_its_gradient(shape):
    values = (3 * torch.randn(shape)).to(torch.bfloat16).requires_grad_()
    put_out = Tanh()(values)
    assert torch.equal(put_out, values.float().tanh().to(torch.bfloat16))
    put_out.backward(torch.ones_like(put_out))
    exact = 1 - put_out.double() ** 2
    assert torch.allclose(values.grad.double(), exact, rtol=2**-8, atol=2**-8)


def test_tanh_in_float32_is_pytorchs_own():
    values = torch.randn(4, 7)
    assert torch.equal(Tanh()(values), values.tanh())


@pytest.mark.parametrize(("ours", "textbook"), [(MaxPool2d, nn.MaxPool2d), (AvgPool2d, nn.AvgPool2d)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("channels", [1, 3, 8, 16])
def test_pools_are_pytorchs_own_for_few_channels_and_for_many(ours, textbook, layout, channels):
    images = torch.randn(5, channels, 9, 7).contiguous(memory_format=layout)
    put_out, gradients = [], []
    for pool in (ours(3, 2), textbook(3, 2)):
        values = images.clone().requires_grad_()
        put_out.append(pool(values))
        put_out[-1].square().sum().backward()
        gradients.append(values.grad)
    assert torch.allclose(*put_out)
    assert torch.allclose(*gradients, atol=1e-6)


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
def test_a_convolution_in_bf16_is_right_whatever_its_stride(channels, filters, kernel, stride, shape):
    torch.manual_seed(0)
    padding = kernel // 2 if kernel % 2 else 0
    ours = Conv2d(channels, filters, kernel, stride, padding).to(memory_format=torch.channels_last)
    exact = nn.Conv2d(channels, filters, kernel, stride, padding).double()
    exact.load_state_dict(ours.state_dict())
    images = torch.randn(16, channels, *shape).contiguous(memory_format=torch.channels_last)
    expected = exact(images.double())
    wanted = torch.randn_like(expected)
    expected.backward(wanted)
    with torch.autocast("cpu", torch.bfloat16):
        found = ours(images)
    spoil_free_memory()
    found.backward(wanted.to(found.dtype))
    for one, other in ((found, expected), (ours.weight.grad, exact.weight.grad), (ours.bias.grad, exact.bias.grad)):
        assert (one.double() - other).abs().max() < 0.03 * other.abs().max()


@pytest.mark.parametrize(
    ("norm", "textbook", "shape"),
    [(BatchNorm1d, nn.BatchNorm1d, (1, 4)), (BatchNorm2d, nn.BatchNorm2d, (1, 4, 1, 1))],
)
def test_a_batch_of_one_value_a_channel_is_normed_by_the_running_statistics(norm, textbook, shape):
    torch.manual_seed(0)
    ours, theirs, value = norm(4), textbook(4), torch.randn(shape)
    for _ in range(3):
        ours(torch.randn(5, *shape[1:]))
    theirs.load_state_dict(ours.state_dict())
    kept = ours.running_mean.clone()
    assert torch.equal(ours(value), theirs.eval()(value))
    assert torch.equal(ours.running_mean, kept)
