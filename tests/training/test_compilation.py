"""Training with numba, of the extra `fast`, and without."""

import subprocess
import sys
from itertools import repeat

import pytest
import torch
from small_tasks import BARS, trial_on
from torch import nn

from remap_core.training.device_data import dataset_on_device
from remap_core.training.learner import Learner, seeded
from remap_core.training.network import compilation
from remap_core.training.network.modules import Dropout, Sigmoid, Tanh
from remap_core.training.network.pools import AvgPool2d, MaxPool2d

WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = sys.modules["llvmlite"] = None  # they cannot be imported

from small_tasks import curve, run, trial_on
from remap_core.datasets.dataset import load_dataset
from remap_core.training import learner
from remap_core.training.training_loop import train

learner.multiplies_bf16 = lambda _: True
learner.MIN_MULTIPLY_ADDS_FOR_BF16 = 1
digits = load_dataset("digits#300")
layers = "Conv 128x1, MaxPool 2, Dropout 0.25, Conv 128x1, AvgPool 2, Sigmoid, Dense 8, Tanh"
epochs, _ = run(train(trial_on(digits, layers, epochs=2, batch_size=64), digits, device="cpu"))
assert len(epochs) == 2
assert "remap_core.training.network.kernels" not in sys.modules
"""


@pytest.fixture
def without_numba(monkeypatch):
    monkeypatch.setattr(compilation, "is_available", lambda: False)


def output_and_gradient(module: nn.Module, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = values.clone().requires_grad_()
    output = module(inputs)
    output.backward(output.detach())
    return output.detach(), inputs.grad


def test_where_numba_cannot_be_imported_trainings_run_without_it():
    subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA], check=True, timeout=150, env={"PYTHONPATH": ":".join(sys.path)}
    )


def test_without_numba_nothing_is_compiled(without_numba):
    modules = (MaxPool2d(2, 2, compiled=True), AvgPool2d(2, 2, compiled=True), Dropout(0.5, compiled=True))
    assert not any(module.compiled for module in modules)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])
def test_pools_are_the_same_with_numba_and_without(monkeypatch, pool, kind):
    images = torch.randn(5, 16, 9, 9).to(kind).contiguous(memory_format=torch.channels_last)
    output, gradient = output_and_gradient(pool(3, 2, compiled=True), images)
    monkeypatch.setattr(compilation, "is_available", lambda: False)
    expected_output, expected_gradient = output_and_gradient(pool(3, 2, compiled=True), images)
    assert torch.equal(output, expected_output)
    assert torch.allclose(gradient, expected_gradient, rtol=4 * torch.finfo(kind).eps, atol=4 * torch.finfo(kind).eps)


@pytest.mark.parametrize("function", [Tanh, Sigmoid])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_functions_in_bf16_are_the_same_to_the_bit_with_numba_and_without(monkeypatch, function, layout):
    values = (3 * torch.randn(5, 3, 40, 50)).to(torch.bfloat16).contiguous(memory_format=layout)
    output, gradient = output_and_gradient(function(), values)
    monkeypatch.setattr(compilation, "is_available", lambda: False)
    expected_output, expected_gradient = output_and_gradient(function(), values)
    assert torch.equal(output, expected_output)
    assert torch.equal(gradient, expected_gradient)
    assert output.stride() == expected_output.stride()


def test_without_numba_dropout_draws_integers(without_numba):
    values = torch.ones(64, 64)
    with seeded("cpu", 0):
        expected = Dropout(0.3)(values)
    with seeded("cpu", 0):
        assert torch.equal(Dropout(0.3, compiled=True)(values), expected)


def test_a_network_trains_to_the_same_scores_with_numba_and_without(monkeypatch):
    data = dataset_on_device(BARS, "cpu")
    architecture = trial_on(BARS, "Conv 128x3, Tanh, MaxPool 2, AvgPool 2").architecture
    scores = []
    for available in (True, False):
        monkeypatch.setattr(compilation, "is_available", lambda available=available: available)
        learner = Learner.create(architecture, 0, "cpu", batch_size=256)
        compiled = [module.compiled for module in learner.network if hasattr(module, "compiled")]
        assert compiled == [available, available]
        for _ in range(3):
            train_score = learner.train_epoch(data.train, torch.arange(84), 12, repeat(0.01), lambda: False)
        validation_score, _ = learner.evaluate(data.validation, lambda: False)
        scores.append([*train_score, *validation_score])
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)
