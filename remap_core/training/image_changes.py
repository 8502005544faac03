"""Augmentation on the device: the changes that `datasets.augmentation` draws, applied to a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from remap_core.datasets.augmentation import Changes


@dataclass(frozen=True, eq=False)
class ImageChanges:
    """Changes of all n training images in one epoch, on a device. maps: (n, 2, 3), brightness: (n,), both float32."""

    maps: Tensor
    brightness: Tensor

    @classmethod
    def of(cls, changes: Changes, device: str) -> ImageChanges:
        """Copy changes to a device."""
        return cls(torch.from_numpy(changes.maps).to(device), torch.from_numpy(changes.brightness).to(device))

    def apply(self, pixels: Tensor, rows: Tensor) -> Tensor:
        """Change the images of these rows. pixels: (b, channels, height, width) float32 of 0..255, as is the result."""
        grid = affine_grid(self.maps[rows], list(pixels.shape), align_corners=False)
        moved = grid_sample(pixels, grid, padding_mode="border", align_corners=False)
        brighter = moved.mul_(self.brightness[rows].reshape(-1, 1, 1, 1)).clamp_(0, 255)
        return brighter.contiguous(memory_format=torch.channels_last)
