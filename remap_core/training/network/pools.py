"""PyTorch's pools, faster on a CPU. Results and gradients are those of the textbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

from remap_core.training.network.modules import bare, dressed

_FEW_CHANNELS = 8
_WIDEST_WINDOW = 15
"""`kernels` keeps the place of a maximum in a byte."""


class _Pool(nn.Module):
    """With `compiled`, on a CPU, by `kernels`, else by PyTorch."""

    pytorchs: Callable[[Tensor, int, int], Tensor]
    ours: type[torch.autograd.Function]

    def __init__(self, window: int, stride: int, compiled: bool = False) -> None:
        super().__init__()
        self.window, self.stride = window, stride
        self.compiled = compiled and window <= _WIDEST_WINDOW

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, height, width) of the same channels, pooled."""
        if images.shape[1] >= _FEW_CHANNELS or images.device.type != "cpu":
            return self._pooled(images)
        # several times as fast on many channels as on a few, and no channel knows of another: one image of many
        wide = images.reshape(1, -1, *images.shape[2:]).contiguous(memory_format=torch.channels_last)
        pooled = self._pooled(wide)
        narrow = pooled.reshape(*images.shape[:2], *pooled.shape[2:])
        return narrow.contiguous(memory_format=torch.channels_last)

    def _pooled(self, images: Tensor) -> Tensor:
        if self.compiled and images.device.type == "cpu":
            return self.ours.apply(images, self.window, self.stride)  # type: ignore[no-any-return]
        return self.pytorchs(images, self.window, self.stride)


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, images: Tensor, window: int, stride: int) -> Tensor:
        from remap_core.training.network.kernels import max_pooled

        values = bare(_rows(images))
        pooled, context.where = max_pooled(values, window, stride)
        context.of = values.shape, window, stride
        return _images(pooled)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        from remap_core.training.network.kernels import max_pool_gradient

        return _images(max_pool_gradient(bare(_rows(gradients[0])), context.where, *context.of)), None, None


class _AvgPool(torch.autograd.Function):
    """PyTorch's means are fast, their gradients are not."""

    @staticmethod
    def forward(context: Any, images: Tensor, window: int, stride: int) -> Tensor:
        n, channels, height, width = images.shape
        context.of = (n, height, width, channels), window, stride
        return avg_pool2d(images, window, stride)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        from remap_core.training.network.kernels import mean_pool_gradient

        return _images(mean_pool_gradient(bare(_rows(gradients[0])), *context.of)), None, None


class MaxPool2d(_Pool):
    """The largest values of windows without a margin."""

    pytorchs, ours = staticmethod(max_pool2d), _MaxPool


class AvgPool2d(_Pool):
    """The means of windows without a margin."""

    pytorchs, ours = staticmethod(avg_pool2d), _AvgPool


def _rows(images: Tensor) -> Tensor:
    """(n, height, width, channels) in that order, which in channels_last is no copy."""
    return images.permute(0, 2, 3, 1).contiguous()


def _images(values: NDArray[Any]) -> Tensor:
    """(n, channels, height, width) in channels_last."""
    return dressed(values).permute(0, 3, 1, 2)
