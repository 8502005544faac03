"""The classes of blocks in exported PyTorch source. Their modules have the names of those that are trained."""

RESIDUAL = '''\
class Residual(nn.Module):
    """The basic block of a ResNet (He et al., 2016)."""

    def __init__(self, channels: int, filters: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Identity()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride=stride, bias=False),
                nn.BatchNorm2d(filters),
            )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        output = self.norm1(self.conv1(images)).relu()
        output = self.norm2(self.conv2(output))
        return (output + self.shortcut(images)).relu()
'''

INVERTED_RESIDUAL = '''\
class SqueezeExcite(nn.Module):
    """Scales each channel by a share that depends on the means of all (Hu et al., 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = max(1, channels // 4)
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        means = images.mean((2, 3), keepdim=True)
        return images * nn.functional.hardsigmoid(self.expand(self.reduce(means).relu()))


class InvertedResidual(nn.Module):
    """The block of MobileNetV2 (Sandler et al., 2018), with squeeze-excite that of MobileNetV3."""

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel_size: int,
        expand: int,
        stride: int = 1,
        squeeze_excite: bool = False,
    ) -> None:
        super().__init__()
        self.has_shortcut = stride == 1 and channels == filters
        expanded = expand * channels
        self.expand = nn.Identity()
        if expand != 1:
            self.expand = nn.Sequential(
                nn.Conv2d(channels, expanded, 1, bias=False),
                nn.BatchNorm2d(expanded),
                nn.ReLU6(),
            )
        self.depthwise = nn.Sequential(
            nn.Conv2d(
                expanded,
                expanded,
                kernel_size,
                stride=stride,
                padding=kernel_size // 2,
                groups=expanded,
                bias=False,
            ),
            nn.BatchNorm2d(expanded),
            nn.ReLU6(),
        )
        self.squeeze_excite = SqueezeExcite(expanded) if squeeze_excite else nn.Identity()
        self.project = nn.Sequential(
            nn.Conv2d(expanded, filters, 1, bias=False),
            nn.BatchNorm2d(filters),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        output = self.project(self.squeeze_excite(self.depthwise(self.expand(images))))
        return output + images if self.has_shortcut else output
'''
