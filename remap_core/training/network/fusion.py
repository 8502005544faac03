"""Consecutive linear layers, computed as one layer.

Its kernel is computed from their weights for every batch, so gradients reach each of them: outputs and training are
those of the layers one after another, except for rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, linear

from remap_core.space.execution_plan import ExecutionPlan
from remap_core.space.layers import Shape
from remap_core.space.linear_runs import LinearRun
from remap_core.training.network import modules, pools
from remap_core.training.network.build import modules_of


def fused_network(network: nn.Sequential, plan: ExecutionPlan) -> nn.Sequential:
    """The modules of `network` in the plan's order, those of each linear run as one. Weights are shared, not copied."""
    layers = modules_of(network, plan.architecture)
    fused: list[nn.Module] = []
    for step in plan.steps:
        if isinstance(step, LinearRun):
            parts = [module for layer in layers[step.start : step.stop] for module in layer]
            fused.append(FusedLayer(step, parts))
        else:
            fused += layers[step]
    return nn.Sequential(*fused)


class FusedLayer(nn.Module):
    """The modules of a linear run as one layer, computed from their weights."""

    def __init__(self, run: LinearRun, parts: Iterable[nn.Module]) -> None:
        super().__init__()
        self.run = run
        self.parts = nn.ModuleList(module for module in parts if not isinstance(module, modules.Flatten))

    def forward(self, images: Tensor) -> Tensor:
        """The output of the modules one after another."""
        with torch.autocast("cpu", enabled=False):
            kernel, bias = self.kernel()
        if len(self.run.shapes[-1]) == 3:
            return modules.convolve(images, kernel, bias, self.run.stride)
        if images.dim() == 4:
            images = _flatten(images)
            kernel = _flatten(kernel)
        return linear(images, kernel, bias)

    def kernel(self) -> tuple[Tensor, Tensor]:
        """The weights of each output unit, (units, *input shape), and the biases, (units,)."""
        # the run has one shape more than parts: that of its output
        shaped = list(zip(self.parts, self.run.shapes, strict=False))
        last, shape = shaped.pop()
        kernel, bias = _kernel(last, shape)
        for module, shape in reversed(shaped):
            kernel, added_bias = _prepend(module, kernel, shape)
            bias = bias + added_bias
        return kernel, bias


def _flatten(values: Tensor) -> Tensor:
    """(n, channels, height, width) to (n, height x width x channels): with channels_last, no copy."""
    return values.permute(0, 2, 3, 1).flatten(1)


def _kernel(module: nn.Module, shape: Shape) -> tuple[Tensor, Tensor]:
    """The kernel and the bias of one module."""
    match module:
        case nn.Linear(bias=bias) | nn.Conv2d(bias=Tensor() as bias):
            return module.weight.view(-1, *shape), bias
        case pools.AvgPool2d():
            return _prepend(module, torch.eye(shape[0])[..., None, None], shape)
        case _:
            return _prepend(module, torch.eye(shape[0]), shape)


def _prepend(module: nn.Module, kernel: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Put a module before a kernel.

    kernel: (n, *output shape of the module). shape: the module's input shape.
    Returns the kernel on the module's input, (n, *shape), and what the module's bias adds to the output, (n,).
    """
    no_bias = kernel.new_zeros(len(kernel))
    match module:
        case modules.Conv2d(bias=Tensor() as bias):
            return _transposed(module, kernel, shape), kernel.sum((2, 3)) @ bias
        case pools.AvgPool2d():
            return _avg_pool_gradient(module, kernel, shape), no_bias
        case modules.GlobalAvgPool2d():
            share = kernel / prod(shape[1:])
            return share[..., None, None].expand(-1, *shape), no_bias
        case nn.Linear(bias=bias):
            return (kernel @ module.weight).view(-1, *shape), kernel @ bias
        case _:
            raise TypeError(f"{type(module).__name__} is not linear.")


def _transposed(convolution: nn.Conv2d, kernel: Tensor, shape: Shape) -> Tensor:
    stride = convolution.stride[0]
    padding = int(convolution.padding[0])
    window = convolution.kernel_size[0]
    output_padding = [(size + 2 * padding - window) % stride for size in shape[1:]]
    return conv_transpose2d(
        kernel,
        convolution.weight,
        bias=None,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
    )


def _avg_pool_gradient(pool: pools.AvgPool2d, kernel: Tensor, shape: Shape) -> Tensor:
    images = kernel.new_empty(()).expand(len(kernel), *shape)  # only its shape is used
    gradient: Tensor = torch.ops.aten.avg_pool2d_backward(
        kernel,
        images,
        kernel_size=(pool.window, pool.window),
        stride=(pool.stride, pool.stride),
        padding=(0, 0),
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    )
    return gradient
