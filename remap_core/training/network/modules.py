"""What PyTorch's own modules do, faster on a CPU. Weights, results and gradients are those of the textbook."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import batch_norm, conv2d, linear, pad
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
    """A convolution as `convolved` makes it."""

    def forward(self, input: Tensor) -> Tensor:
        """The same type, as far as autocast has it so."""
        return convolved(input, self.weight, self.bias, self.stride[0], int(self.padding[0]), self.groups)


def convolved(  # noqa: PLR0917 (they are conv2d's)
    images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, padding: int = 0, groups: int = 1
) -> Tensor:
    """PyTorch's conv2d, but for strides where bf16 is used.

    oneDNN's bf16 kernels for strides are wrong in places: those that put out one column leave parts of the weights'
    gradient as the memory was, and 64 filters of 4 x 4 with stride 4 on 12 x 12 put out nonsense (PyTorch 2.14). Grey
    images that need no gradient are multiplied window by window instead, all else is computed in float32.
    """
    if stride == 1 or not torch.is_autocast_enabled("cpu"):
        return conv2d(images, kernel, bias, stride, padding, groups=groups)
    if bias is not None and images.shape[1] == 1 and not images.requires_grad:
        return _multiplied(images, kernel, bias, stride, padding)
    with torch.autocast("cpu", enabled=False):
        put_out = conv2d(images.float(), kernel, bias, stride, padding, groups=groups)
    return put_out.to(torch.get_autocast_dtype("cpu"))


def _multiplied(images: Tensor, kernel: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    """Of one channel."""
    size = kernel.shape[2]
    windows = pad(images, (padding,) * 4)[:, 0].unfold(1, size, stride).unfold(2, size, stride)
    n, height, width = windows.shape[:3]
    rows = windows.reshape(n * height * width, size**2)
    return torch.addmm(bias, rows, kernel.flatten(1).t()).view(n, height, width, -1).permute(0, 3, 1, 2)


class Dropout(nn.Dropout):
    """On a CPU in a fraction of the time of nn.Dropout: by whole random integers, eight or four to a draw, or with
    `compiled` by hashes of places.

    The rate is met to 2**-17. Values are kept with a probability q and scaled by 1/q, so the mean stays.
    """

    def __init__(self, rate: float, compiled: bool = False) -> None:
        super().__init__(rate)
        self.compiled = compiled

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type; in evaluation the input itself."""
        if not self.training or input.device.type != "cpu":
            return super().forward(input)
        if input.dim() == 4:  # in the order in which channels_last keeps it
            return self._dropped(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self._dropped(input)

    def _dropped(self, values: Tensor) -> Tensor:
        if self.compiled:
            return _Dropped.apply(values, self.p, torch.randint(2**32, (2,)).tolist())  # type: ignore[no-any-return]
        bits, integers = (8, torch.int8) if (256 * self.p).is_integer() else (16, torch.int16)
        dropped = min(round(self.p * 2**bits), 2**bits - 1)
        n = values.numel()
        drawn = torch.empty((n * bits + 63) // 64, dtype=torch.int64).random_(-(2**63), None).view(integers)[:n]
        kept = torch.ge(drawn, dropped - 2 ** (bits - 1), out=torch.empty(n, dtype=values.dtype))
        return values * kept.mul_(1 / (1 - dropped / 2**bits)).view(values.shape)


class Tanh(nn.Tanh):
    """In bf16 it is looked up: 0.15 of the time of PyTorch's own, and the nearest to that of float32."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if input.dtype is not torch.bfloat16 or input.device.type != "cpu":
            return super().forward(input)
        return _LookedUp.apply(input, torch.tanh, torch.ops.aten.tanh_backward)  # type: ignore[no-any-return]


class Sigmoid(nn.Sigmoid):
    """In bf16 it is looked up: half of the time of PyTorch's own, and the nearest to that of float32."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if input.dtype is not torch.bfloat16 or input.device.type != "cpu":
            return super().forward(input)
        return _LookedUp.apply(input, torch.sigmoid, torch.ops.aten.sigmoid_backward)  # type: ignore[no-any-return]


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


class _LookedUp(torch.autograd.Function):
    """A function of bf16 has 65,536 values. Its gradient is one of what it put out."""

    @staticmethod
    def forward(context: Any, values: Tensor, function: Callable[[Tensor], Tensor], gradient: Any) -> Tensor:
        from remap_core.training.network.kernels import look_up

        put_out = torch.empty_like(values)  # as dense as the values, and in their order
        if put_out.stride() != values.stride():
            values = put_out.copy_(values)
        look_up(_flat(values), _table(function), _flat(put_out))
        context.save_for_backward(put_out)
        context.gradient = gradient
        return put_out

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (put_out,) = context.saved_tensors
        return context.gradient(gradients[0], put_out), None, None


class _Dropped(torch.autograd.Function):
    """Nothing is kept for the gradient: the same seed drops the same ones."""

    @staticmethod
    def forward(context: Any, values: Tensor, rate: float, seed: tuple[int, int]) -> Tensor:
        context.how = rate, seed
        return _dropped(values, rate, seed)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _dropped(gradients[0], *context.how), None, None


def _dropped(values: Tensor, rate: float, seed: tuple[int, int]) -> Tensor:
    from remap_core.training.network.kernels import drop

    return dressed(drop(bare(values.contiguous().flatten()), rate, seed)).view(values.shape)


@cache
def _table(function: Callable[[Tensor], Tensor]) -> NDArray[np.uint16]:
    """The bits that a function of bf16 puts out, by those of its argument."""
    bits = torch.arange(2**16, dtype=torch.int32).to(torch.uint16)
    return function(bits.view(torch.bfloat16).float()).bfloat16().view(torch.uint16).numpy()


def _flat(values: Tensor) -> NDArray[Any]:
    """(n,) dense values as they lie."""
    return bare(values.as_strided((values.numel(),), (1,)))


def bare(values: Tensor) -> NDArray[Any]:
    """Values as `kernels` take them, of the same memory."""
    values = values.detach()
    return (values.view(torch.uint16) if values.dtype is torch.bfloat16 else values).numpy()


def dressed(values: NDArray[Any]) -> Tensor:
    """What `kernels` put out, of the same memory."""
    tensor = torch.from_numpy(values)
    return tensor.view(torch.bfloat16) if tensor.dtype is torch.uint16 else tensor
