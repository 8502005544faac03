"""What PyTorch's own modules do, faster on a CPU. Weights, results and gradients are those of the textbook."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, linear
from torch.nn.modules.batchnorm import _BatchNorm

from remap_core.space.layers import Shape


class Flatten(nn.Flatten):
    """(n, channels, height, width) to (n, height x width x channels), which in PyTorch's channels_last is no copy."""

    def forward(self, input: Tensor) -> Tensor:
        """The images as vectors."""
        return input.permute(0, 2, 3, 1).flatten(1)


class FlatLinear(nn.Linear):
    """The nn.Linear behind an nn.Flatten, behind a Flatten: its weight is nn.Linear's, in the order of channels.

    To turn the weight instead of a batch of images makes networks whose first dense layer is wide twice as fast.
    """

    def __init__(self, shape: Shape, units: int) -> None:
        super().__init__(prod(shape), units)
        self._shape = shape

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, units) of (n, height x width x channels)."""
        weight = self.weight.view(-1, *self._shape).permute(0, 2, 3, 1).flatten(1)
        return linear(vectors, weight, self.bias)


class Conv2d(nn.Conv2d):
    """With a stride it is computed in float32 where bf16 is used otherwise.

    oneDNN's bf16 kernels for strides are wrong in places: those that put out one column leave parts of the weights'
    gradient as the memory was, and 64 filters of 4 x 4 with stride 4 on 12 x 12 put out nonsense (PyTorch 2.14).
    """

    def forward(self, input: Tensor) -> Tensor:
        """The same type, as far as autocast has it so."""
        if max(self.stride) == 1 or not torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.float()).to(torch.get_autocast_dtype("cpu"))


class Dropout(nn.Dropout):
    """Drops by comparing whole random integers, eight or four to a draw: 1/8 of the time of nn.Dropout on a CPU.

    The rate is met to 2**-17. Values are kept with a probability q and scaled by 1/q, so the mean stays.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type; in evaluation the input itself."""
        if not self.training or input.device.type != "cpu":
            return super().forward(input)
        if input.dim() == 4:  # in the order in which channels_last keeps it
            return self._dropped(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self._dropped(input)

    def _dropped(self, values: Tensor) -> Tensor:
        bits, integers = (8, torch.int8) if (256 * self.p).is_integer() else (16, torch.int16)
        dropped = min(round(self.p * 2**bits), 2**bits - 1)
        n = values.numel()
        drawn = torch.empty((n * bits + 63) // 64, dtype=torch.int64).random_(-(2**63), None).view(integers)[:n]
        kept = torch.ge(drawn, dropped - 2 ** (bits - 1), out=torch.empty(n, dtype=values.dtype))
        return values * kept.mul_(1 / (1 - dropped / 2**bits)).view(values.shape)


class Tanh(nn.Tanh):
    """In bf16 it is computed in float32: 0.4 of the time of PyTorch's own, and no less exact."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if input.dtype is not torch.bfloat16:
            return super().forward(input)
        return _TanhThroughFloat32.apply(input)  # type: ignore[no-any-return]


class _Wide(nn.Module):
    """Before a pool: PyTorch's pools are several times as fast on many channels as on a few, and no channel knows of
    another. So a batch of images with few of them goes through as one image with many."""

    def forward(self, input: Tensor) -> Tensor:
        """(n, channels, height, width) of the same channels, pooled."""
        if input.shape[1] >= _FEW_CHANNELS or input.device.type != "cpu":
            return super().forward(input)  # type: ignore[no-any-return]
        wide = input.reshape(1, -1, *input.shape[2:]).contiguous(memory_format=torch.channels_last)
        pooled: Tensor = super().forward(wide)
        narrow = pooled.reshape(*input.shape[:2], *pooled.shape[2:])
        return narrow.contiguous(memory_format=torch.channels_last)


class MaxPool2d(_Wide, nn.MaxPool2d):
    """nn.MaxPool2d."""


class AvgPool2d(_Wide, nn.AvgPool2d):
    """nn.AvgPool2d."""


class GlobalAvgPool2d(nn.Module):
    """(n, channels) means of (n, channels, height, width)."""

    def forward(self, images: Tensor) -> Tensor:
        """One mean a channel."""
        return images.mean((2, 3))


class _OneValue(_BatchNorm):
    """A batch with one value a channel (an epoch's last image, alone) has no variance: it is brought to the running
    statistics, which it leaves as they are. PyTorch refuses it."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if input.numel() > input.shape[1]:
            return super().forward(input)
        return batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


class BatchNorm1d(_OneValue, nn.BatchNorm1d):
    """nn.BatchNorm1d."""


class BatchNorm2d(_OneValue, nn.BatchNorm2d):
    """nn.BatchNorm2d."""


_FEW_CHANNELS = 8
_IN_CACHE = 2**17


class _TanhThroughFloat32(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        put_out = torch.empty_like(values)
        images = max(1, _IN_CACHE * len(values) // max(1, values.numel()))
        for part, done in zip(torch.split(values, images), torch.split(put_out, images), strict=True):
            done.copy_(part.float().tanh_())
        context.save_for_backward(put_out)
        return put_out

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        (put_out,) = context.saved_tensors
        gradient: Tensor = torch.ops.aten.tanh_backward(gradients[0], put_out)
        return gradient
