"""Layers that are contracted, as one layer by the weights of all of them.

Its kernel is made of their weights anew for every batch, so that its gradient goes on to them: the network, what it
puts out and how it learns are those of the layers one after another, but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, linear

from remap_core.space.execution_plan import ExecutionPlan
from remap_core.space.layers import Shape
from remap_core.space.linear_runs import LinearRun
from remap_core.training.network import modules, pools
from remap_core.training.network.build import modules_of


def body_of(network: nn.Sequential, plan: ExecutionPlan) -> nn.Sequential:
    """The modules of a plan's architecture, as it says, those of each segment as one. Weights are the network's."""
    of = modules_of(network, plan.architecture)
    body: list[nn.Module] = []
    for step in plan.steps:
        body += [Contracted(step, [*chain(*of[step.start : step.stop])])] if isinstance(step, LinearRun) else of[step]
    return nn.Sequential(*body)


class Contracted(nn.Module):
    """The layer that the modules of a segment are together, by their weights."""

    def __init__(self, segment: LinearRun, of: Sequence[nn.Module]) -> None:
        super().__init__()
        self.segment = segment
        self.of = nn.ModuleList(module for module in of if not isinstance(module, modules.Flatten))

    def forward(self, images: Tensor) -> Tensor:
        """What the modules put out, one after another."""
        with torch.autocast("cpu", enabled=False):
            kernel, bias = self.kernel()
        if len(self.segment.shapes[-1]) == 3:
            return modules.convolved(images, kernel, bias, self.segment.stride)
        if images.dim() == 4:  # in the order of channels_last
            images, kernel = (values.permute(0, 2, 3, 1).flatten(1) for values in (images, kernel))
        return linear(images, kernel, bias)

    def kernel(self) -> tuple[Tensor, Tensor]:
        """What each unit that comes out takes of what comes in, (units, *shape), and what it adds, (units,)."""
        *before, (last, shape) = zip(self.of, self.segment.shapes, strict=False)
        kernel, bias = _own_kernel(last, shape)
        for module, shape in reversed(before):
            kernel, added = _before(module, kernel, shape)
            bias = bias + added
        return kernel, bias


def _own_kernel(module: nn.Module, shape: Shape) -> tuple[Tensor, Tensor]:
    """The kernel of one module, and its bias."""
    match module:
        case nn.Linear(bias=bias) | nn.Conv2d(bias=Tensor() as bias):
            return module.weight.view(-1, *shape), bias
        case pools.AvgPool2d():
            return _before(module, torch.eye(shape[0])[..., None, None], shape)
        case _:
            return _before(module, torch.eye(shape[0]), shape)


def _before(module: nn.Module, rows: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """From the weights of what a module puts out, (n, *its shape), to those of what comes into it, (n, *shape), and
    what its bias adds, (n,)."""
    nothing = rows.new_zeros(len(rows))
    match module:
        case modules.Conv2d(bias=Tensor() as bias):
            step, padding, window = module.stride[0], int(module.padding[0]), module.kernel_size[0]
            rest = [(size + 2 * padding - window) % step for size in shape[1:]]
            before = conv_transpose2d(rows, module.weight, None, step, padding, rest)
            return before, rows.sum((2, 3)) @ bias
        case pools.AvgPool2d():
            seen = rows.new_empty(()).expand(len(rows), *shape)  # nothing but its shape is looked at
            how = (module.window,) * 2, (module.stride,) * 2, (0, 0), False, True, None
            return torch.ops.aten.avg_pool2d_backward(rows, seen, *how), nothing
        case modules.GlobalAvgPool2d():
            return (rows / prod(shape[1:]))[..., None, None].expand(-1, *shape), nothing
        case nn.Linear(bias=bias):
            return (rows @ module.weight).view(-1, *shape), rows @ bias
        case _:
            raise TypeError(f"{type(module).__name__} is not linear.")
