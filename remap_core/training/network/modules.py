"""PyTorch's modules, faster on a CPU. Weights, outputs and gradients are those of the textbook."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, conv2d, linear, pad
from torch.nn.modules.batchnorm import _BatchNorm

from remap_core.space.layers import Shape
from remap_core.training.network import compilation
from remap_core.training.network.elementwise import HashDropout, InFloat32

_MIN_STRIDED_CHANNELS = 8
"""Of 1 x 1 convolutions with a stride, as PyTorch computes them; see `_conv2d`."""


class Flatten(nn.Flatten):
    """(n, channels, height, width) to (n, height x width x channels): with channels_last, no copy."""

    def forward(self, input: Tensor) -> Tensor:
        """The images as vectors."""
        return input.permute(0, 2, 3, 1).flatten(1)


class FlatLinear(nn.Linear):
    """The nn.Linear after a Flatten. Its weight has the order of one after nn.Flatten.

    Permuting the weight instead of the images makes networks with a wide first dense layer twice as fast.
    """

    def __init__(self, shape: Shape, units: int) -> None:
        super().__init__(prod(shape), units)
        self._shape = shape

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, units) from (n, height x width x channels)."""
        weight = self.weight.view(-1, *self._shape)
        permuted = weight.permute(0, 2, 3, 1).flatten(1)
        return linear(vectors, permuted, self.bias)


class Conv2d(nn.Conv2d):
    """A convolution by `convolve`."""

    def forward(self, input: Tensor) -> Tensor:
        """(n, filters, height, width); under autocast in bf16."""
        return convolve(
            input,
            self.weight,
            self.bias,
            self.stride[0],
            int(self.padding[0]),
            self.groups,
        )


def convolve(  # noqa: PLR0917 (the arguments of conv2d)
    images: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    stride: int,
    padding: int = 0,
    groups: int = 1,
) -> Tensor:
    """PyTorch's conv2d, except for strides in bf16.

    Some of oneDNN's bf16 kernels with a stride are wrong: if the output has one column, parts of the weights' gradient
    are never written, and 64 filters of 4 x 4 with stride 4 on 12 x 12 give wrong outputs (PyTorch 2.14). Here grey
    images that need no gradient are multiplied window by window, and all others are computed in float32.
    """
    if stride == 1 or not torch.is_autocast_enabled("cpu"):
        return _conv2d(images, kernel, bias, stride, padding, groups)
    if bias is not None and images.shape[1] == 1 and not images.requires_grad:
        return _convolve_by_windows(images, kernel, bias, stride, padding)
    with torch.autocast("cpu", enabled=False):
        output = _conv2d(images.float(), kernel, bias, stride, padding, groups)
    return output.to(torch.get_autocast_dtype("cpu"))


def _conv2d(  # noqa: PLR0917 (the arguments of conv2d)
    images: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    stride: int,
    padding: int,
    groups: int,
) -> Tensor:
    """PyTorch's conv2d.

    The gradient of 1 x 1 kernels with a stride on fewer than eight channels writes past its memory and ends the process
    (PyTorch 2.14 with oneDNN, float32): the pixels that count are taken first.
    """
    skips = stride > 1 and padding == 0 and kernel.shape[2] == 1
    if skips and images.shape[1] < _MIN_STRIDED_CHANNELS and torch.is_grad_enabled():
        return conv2d(images[:, :, ::stride, ::stride], kernel, bias, groups=groups)
    return conv2d(images, kernel, bias, stride, padding, groups=groups)


def _convolve_by_windows(
    images: Tensor,
    kernel: Tensor,
    bias: Tensor,
    stride: int,
    padding: int,
) -> Tensor:
    """Of images with one channel."""
    size = kernel.shape[2]
    padded = pad(images, (padding,) * 4)[:, 0]
    windows = padded.unfold(1, size, stride).unfold(2, size, stride)
    n, height, width = windows.shape[:3]
    rows = windows.reshape(n * height * width, size**2)
    output = torch.addmm(bias, rows, kernel.flatten(1).t())
    return output.view(n, height, width, -1).permute(0, 3, 1, 2)


class Dropout(nn.Dropout):
    """nn.Dropout, on a CPU in a fraction of its time, with a rate that is met to within 2**-17.

    It compares random integers of 8 or 16 bits; with `compiled`, hashes of positions. Values are kept with a
    probability q and divided by q, so the mean stays.
    """

    def __init__(self, rate: float, compiled: bool = False) -> None:
        super().__init__(rate)
        self.compiled = compiled and compilation.is_available()

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type; in evaluation mode the input."""
        if not self.training or input.device.type != "cpu":
            return super().forward(input)
        if input.dim() == 4:  # channels_last
            return self._drop(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self._drop(input)

    def _drop(self, values: Tensor) -> Tensor:
        if self.compiled:
            seed = torch.randint(2**32, (2,)).tolist()
            return HashDropout.apply(values, self.p, seed)  # type: ignore[no-any-return]
        bits = 16
        integer = torch.int16
        if (256 * self.p).is_integer():
            bits = 8
            integer = torch.int8
        n = values.numel()
        words = torch.empty((n * bits + 63) // 64, dtype=torch.int64).random_(-(2**63), None)
        drawn = words.view(integer)[:n]
        dropped = min(round(self.p * 2**bits), 2**bits - 1)
        kept = torch.ge(drawn, dropped - 2 ** (bits - 1), out=torch.empty(n, dtype=values.dtype))
        scale = 1 / (1 - dropped / 2**bits)
        return values * kept.mul_(scale).view(values.shape)


class Tanh(nn.Tanh):
    """nn.Tanh; in bf16 on a CPU rounded from float32, in 0.6 of its time (0.35 where it is looked up)."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if not _is_bf16_on_cpu(input):
            return super().forward(input)
        return InFloat32.apply(input, torch.tanh, torch.ops.aten.tanh_backward)  # type: ignore[no-any-return]


class Sigmoid(nn.Sigmoid):
    """nn.Sigmoid; in bf16 on a CPU it is looked up, where that can be compiled."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if not _is_bf16_on_cpu(input) or not compilation.is_available():
            return super().forward(input)
        return InFloat32.apply(input, torch.sigmoid, torch.ops.aten.sigmoid_backward)  # type: ignore[no-any-return]


def _is_bf16_on_cpu(values: Tensor) -> bool:
    return values.dtype is torch.bfloat16 and values.device.type == "cpu"


class GlobalAvgPool2d(nn.Module):
    """The average of each channel."""

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels) from (n, channels, height, width)."""
        return images.mean((2, 3))


class _BatchNormOfAnyBatch(_BatchNorm):
    """A batch of one value per channel (a single image at the end of an epoch) has no variance, and PyTorch raises an
    error. Here it is normalized by the running statistics, which stay unchanged."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape and type."""
        if input.numel() > input.shape[1]:
            return super().forward(input)
        return batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            eps=self.eps,
        )


class BatchNorm1d(_BatchNormOfAnyBatch, nn.BatchNorm1d):
    """nn.BatchNorm1d."""


class BatchNorm2d(_BatchNormOfAnyBatch, nn.BatchNorm2d):
    """nn.BatchNorm2d."""
