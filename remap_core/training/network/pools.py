"""PyTorch's pooling layers, faster on a CPU. Outputs and gradients are those of the textbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

from remap_core.training.network import compilation
from remap_core.training.network.tensors import to_numpy, to_torch

_MIN_CHANNELS = 8
"""PyTorch pools many channels several times as fast as few."""
_MAX_COMPILED_WINDOW = 15
"""`kernels` stores the position of a maximum in one byte."""


class _Pool(nn.Module):
    """Uses `kernels` with `compiled`, on a CPU and where they are available, else PyTorch."""

    by_pytorch: Callable[[Tensor, int, int], Tensor]
    by_kernels: type[torch.autograd.Function]

    def __init__(
        self,
        window: int,
        stride: int,
        compiled: bool = False,
    ) -> None:
        super().__init__()
        self.window = window
        self.stride = stride
        self.compiled = compiled and window <= _MAX_COMPILED_WINDOW and compilation.is_available()

    def forward(self, images: Tensor) -> Tensor:
        """Pool (n, channels, height, width); the number of channels stays."""
        if images.shape[1] >= _MIN_CHANNELS or images.device.type != "cpu":
            return self._pool(images)
        # channels do not depend on each other, so the batch is pooled as one image of many channels
        one_image = images.reshape(1, -1, *images.shape[2:])
        pooled = self._pool(one_image.contiguous(memory_format=torch.channels_last))
        batch = pooled.reshape(*images.shape[:2], *pooled.shape[2:])
        return batch.contiguous(memory_format=torch.channels_last)

    def _pool(self, images: Tensor) -> Tensor:
        if self.compiled and images.device.type == "cpu":
            return self.by_kernels.apply(images, self.window, self.stride)  # type: ignore[no-any-return]
        return self.by_pytorch(images, self.window, self.stride)


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        images: Tensor,
        window: int,
        stride: int,
    ) -> Tensor:
        from remap_core.training.network.kernels import max_pool

        values = _to_rows(images)
        pooled, context.positions = max_pool(values, window, stride)
        context.shape = values.shape
        context.window = window
        context.stride = stride
        return _to_images(pooled)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        from remap_core.training.network.kernels import max_pool_gradient

        gradient = max_pool_gradient(
            _to_rows(gradients[0]), context.positions, context.shape, context.window, context.stride
        )
        return _to_images(gradient), None, None


class _AvgPool(torch.autograd.Function):
    """PyTorch's averages are fast, only their gradients are slow."""

    @staticmethod
    def forward(
        context: Any,
        images: Tensor,
        window: int,
        stride: int,
    ) -> Tensor:
        n, channels, height, width = images.shape
        context.shape = (n, height, width, channels)
        context.window = window
        context.stride = stride
        return avg_pool2d(images, window, stride)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        from remap_core.training.network.kernels import avg_pool_gradient

        gradient = avg_pool_gradient(
            _to_rows(gradients[0]),
            context.shape,
            context.window,
            context.stride,
        )
        return _to_images(gradient), None, None


class MaxPool2d(_Pool):
    """Maxima of windows, without padding."""

    by_pytorch = staticmethod(max_pool2d)
    by_kernels = _MaxPool


class AvgPool2d(_Pool):
    """Averages of windows, without padding."""

    by_pytorch = staticmethod(avg_pool2d)
    by_kernels = _AvgPool


def _to_rows(images: Tensor) -> NDArray[Any]:
    """(n, height, width, channels) in C order: with channels_last, no copy."""
    return to_numpy(images.permute(0, 2, 3, 1).contiguous())


def _to_images(rows: NDArray[Any]) -> Tensor:
    """(n, channels, height, width), channels_last."""
    return to_torch(rows).permute(0, 3, 1, 2)
