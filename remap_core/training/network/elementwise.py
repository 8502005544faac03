"""Functions of single values with their gradients: activations in bf16, and dropout by hashes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from remap_core.training.network import compilation
from remap_core.training.network.tensors import to_numpy, to_torch


class InFloat32(torch.autograd.Function):
    """A function of bf16 values, computed in float32 and rounded. Its gradient is a function of its output.

    Looked up in a table of all 65,536 values where that can be compiled, with the same results.
    """

    @staticmethod
    def forward(
        context: Any,
        values: Tensor,
        function: Callable[[Tensor], Tensor],
        gradient: Any,
    ) -> Tensor:
        if compilation.is_available():
            output = _looked_up(values, function)
        else:
            output = function(values.float()).to(values.dtype)
        context.save_for_backward(output)
        context.gradient = gradient
        return output

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (output,) = context.saved_tensors
        return context.gradient(gradients[0], output), None, None


class HashDropout(torch.autograd.Function):
    """Dropout that saves nothing for its gradient, as the same seed drops the same values."""

    @staticmethod
    def forward(
        context: Any,
        values: Tensor,
        rate: float,
        seed: tuple[int, int],
    ) -> Tensor:
        context.rate = rate
        context.seed = seed
        return _drop(values, rate, seed)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _drop(gradients[0], context.rate, context.seed), None, None


def _looked_up(values: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    from remap_core.training.network.kernels import look_up

    output = torch.empty_like(values)  # dense, in the order of the values where these are dense
    if output.stride() != values.stride():
        values = output.copy_(values)
    look_up(_in_memory_order(values), _table(function), _in_memory_order(output))
    return output


@cache
def _table(function: Callable[[Tensor], Tensor]) -> NDArray[np.uint16]:
    """(65536,) bits of a function's bf16 output, by the bits of its bf16 input."""
    bits = torch.arange(2**16, dtype=torch.int32).to(torch.uint16)
    output = function(bits.view(torch.bfloat16).float())
    return to_numpy(output.bfloat16())


def _in_memory_order(values: Tensor) -> NDArray[Any]:
    """(n,) dense values."""
    return to_numpy(values.as_strided((values.numel(),), (1,)))


def _drop(values: Tensor, rate: float, seed: tuple[int, int]) -> Tensor:
    from remap_core.training.network.kernels import drop

    flat = to_numpy(values.contiguous().flatten())
    return to_torch(drop(flat, rate, seed)).view(values.shape)
