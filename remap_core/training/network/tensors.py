"""Tensors as the arrays that `kernels` take, and back."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def to_numpy(values: Tensor) -> NDArray[Any]:
    """The same memory as an array; bf16 becomes uint16, its bits."""
    values = values.detach()
    if values.dtype is torch.bfloat16:
        values = values.view(torch.uint16)
    return values.numpy()


def to_torch(values: NDArray[Any]) -> Tensor:
    """The same memory as a tensor; uint16 becomes bf16."""
    tensor = torch.from_numpy(values)
    if tensor.dtype is torch.uint16:
        return tensor.view(torch.bfloat16)
    return tensor
