"""How the values of a child stand for those of its parent at one place of both chains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from remap_core.space.layers import Shape

Channels = Tensor
"""(m,) int64: for each channel of the child the parent's channel that it is a copy of."""


@dataclass(frozen=True, eq=False)
class Correspondence:
    """Shapes of one example of the parent and of the child, and which channels correspond.

    copied: None where nothing is known: then channels correspond one to one if they are as many.
    """

    parent: Shape
    child: Shape
    copied: Channels | None

    @classmethod
    def of_channels(cls, parent: int, copied: Channels) -> Self:
        """Between vectors: of `parent` values, these are copied."""
        return cls((parent,), (len(copied),), copied)

    @property
    def channels(self) -> Channels | None:
        """For each channel of the child the parent's that it stands for; None where that cannot be said."""
        if self.copied is None and self.parent[0] == self.child[0]:
            return torch.arange(self.parent[0])
        return self.copied

    def mixed(self, weight: Tensor) -> Tensor | None:
        """A kernel on the child's channels that does what `weight`, (units, parent's channels, ...), does on its own.

        Copies of a channel share its weight (Net2WiderNet: Chen et al., ICLR 2016), in parts that are drawn for each
        single weight: with equal ones all copies would have the same gradient and stay copies. A channel without a copy
        is left out. None where the channels do not correspond.
        """
        channels = self.channels
        if channels is None:
            return None
        copies = weight[:, channels]
        parts = torch.rand(copies.shape) + 0.5
        whole = torch.zeros(weight.shape).index_add_(1, channels, parts)
        return copies * (parts / whole[:, channels])

    def mixed_image(self, weight: Tensor) -> Tensor | None:
        """`mixed` for (units, values) weights of flattened images or vectors, (channels, height, width) in C order.

        Images of another size are averaged to the parent's size in adaptive windows: exact where its size is a divisor
        and the parent averaged, too.
        """
        before, after = _as_image(self.parent), _as_image(self.child)
        kernel = weight.view(-1, *before)
        rows, columns = _averages(before[1], after[1]), _averages(before[2], after[2])
        if before[1:] != after[1:]:
            kernel = torch.einsum("ucij,ia,jb->ucab", kernel, rows, columns)
        mixed = self.mixed(kernel)
        return None if mixed is None else mixed.flatten(1)

    def after(self, *, parent: Shape | None = None, child: Shape | None = None) -> Correspondence:
        """The same channels, behind a layer of one chain or of both that keeps each channel apart."""
        return replace(self, parent=parent or self.parent, child=child or self.child)

    def with_channels(self, copied: Channels | None) -> Correspondence:
        """The same shapes, and these channels."""
        return replace(self, copied=copied)


def chosen(channels: int, norms: Tensor) -> Channels:
    """So many of the parent's channels, whose kernels have these norms, (n,), in their order.

    Fewer: those of the largest norms. More: all, then copies of some that are drawn at random.

    >>> chosen(2, torch.tensor([3.0, 1.0, 2.0])).tolist()
    [0, 2]
    """
    n = len(norms)
    if channels <= n:
        return norms.topk(channels).indices.sort().values
    return torch.cat([torch.arange(n), torch.randint(n, (channels - n,))])


def norms(weight: Tensor) -> Tensor:
    """(units,) Euclidean norms of the kernels of (units, ...) weights."""
    found: Tensor = torch.linalg.vector_norm(weight.flatten(1), dim=1)
    return found


def _as_image(shape: Shape) -> tuple[int, int, int]:
    if len(shape) == 1:
        return shape[0], 1, 1
    channels, height, width = shape
    return channels, height, width


def _averages(parent: int, child: int) -> Tensor:
    """(parent, child): the means of adaptive windows, as by PyTorch's AdaptiveAvgPool."""
    matrix = torch.zeros(parent, child)
    for row in range(parent):
        first, last = row * child // parent, -(-(row + 1) * child // parent)
        matrix[row, first:last] = 1 / (last - first)
    return matrix
