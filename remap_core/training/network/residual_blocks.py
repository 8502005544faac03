"""Blocks with shortcuts, made of the modules that are fast on a CPU."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import hardsigmoid, relu

from remap_core.training.network.modules import BatchNorm2d, Conv2d


class Residual(nn.Module):
    """Conv 3 x 3 - batch norm - ReLU - Conv 3 x 3 - batch norm, plus the shortcut, then ReLU.

    The shortcut is the input, or a Conv 1 x 1 with batch norm where the shape changes. Source: He et al. (CVPR 2016).
    """

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = Conv2d(channels, filters, 3, stride, padding=1, bias=False)
        self.norm1 = BatchNorm2d(filters)
        self.conv2 = Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norm2 = BatchNorm2d(filters)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != filters:
            self.shortcut.append(Conv2d(channels, filters, 1, stride, bias=False))
            self.shortcut.append(BatchNorm2d(filters))

    def forward(self, images: Tensor) -> Tensor:
        """(n, filters, height / stride, width / stride), rounded up, from (n, channels, height, width)."""
        inner = relu(self.norm1(self.conv1(images)), inplace=True)
        output = self.norm2(self.conv2(inner))
        return relu(output + self.shortcut(images), inplace=True)


class SqueezeExcite(nn.Module):
    """Each channel times a hard sigmoid of all channels' means. Source: Hu et al. (2018), Howard et al. (2019)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce = Conv2d(channels, squeezed, 1)
        self.expand = Conv2d(squeezed, channels, 1)

    def forward(self, images: Tensor) -> Tensor:
        """The same shape and type."""
        means = images.mean((2, 3), keepdim=True)
        scale = hardsigmoid(self.expand(relu(self.reduce(means))))
        return images * scale


class InvertedResidual(nn.Module):
    """Conv 1 x 1 to `expanded` channels - depthwise convolution - squeeze-excite, if any - Conv 1 x 1.

    The first two have batch norm and ReLU6, the last only batch norm. The first is left out where the channels are
    already `expanded`. The input is added where its shape is unchanged. squeezed: channels inside squeeze-excite, 0 for
    none. Source: Sandler et al. (2018), Howard et al. (2019).
    """

    def __init__(  # noqa: PLR0917 (in the order of the layers)
        self,
        channels: int,
        expanded: int,
        filters: int,
        kernel_size: int,
        stride: int,
        squeezed: int = 0,
    ) -> None:
        super().__init__()
        self.has_shortcut = stride == 1 and channels == filters
        self.expand = nn.Sequential()
        if expanded != channels:
            self.expand.append(Conv2d(channels, expanded, 1, bias=False))
            self.expand.append(BatchNorm2d(expanded))
            self.expand.append(nn.ReLU6(inplace=True))
        depthwise = Conv2d(
            expanded,
            expanded,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            groups=expanded,
            bias=False,
        )
        self.depthwise = nn.Sequential(depthwise, BatchNorm2d(expanded), nn.ReLU6(inplace=True))
        self.squeeze_excite: nn.Module = nn.Identity()
        if squeezed:
            self.squeeze_excite = SqueezeExcite(expanded, squeezed)
        self.project = nn.Sequential(Conv2d(expanded, filters, 1, bias=False), BatchNorm2d(filters))

    def forward(self, images: Tensor) -> Tensor:
        """(n, filters, height / stride, width / stride), rounded up, from (n, channels, height, width)."""
        filtered = self.depthwise(self.expand(images))
        output: Tensor = self.project(self.squeeze_excite(filtered))
        if self.has_shortcut:
            return output + images
        return output
