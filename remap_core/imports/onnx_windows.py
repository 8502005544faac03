"""Windows of convolutions and pools in ONNX: square, and padded by nothing or by half of an odd kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from remap_core.imports.onnx_graph import Node, UnreadableNode
from remap_core.space.layers import Shape


class Window(NamedTuple):
    """Edge, stride and padding on each side, in pixels."""

    size: int
    stride: int
    margin: int


class Convolution(NamedTuple):
    """A Conv node: its window, channels in and out, groups, and whether it has a bias."""

    node: Node
    window: Window
    channels: int
    filters: int
    groups: int
    has_bias: bool

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel has one kernel."""
        return self.groups == self.channels == self.filters

    @property
    def is_pointwise(self) -> bool:
        """Whether it mixes channels, pixel by pixel."""
        return self.groups == 1 and self.window == Window(1, 1, 0)


def read_convolution(node: Node, shape: Shape) -> Convolution:
    """A Conv node on an input of a shape. Raises UnreadableNode."""
    weights = node.constants.get(1)
    if weights is None:
        raise UnreadableNode(node, "its weights are computed, and not in the file")
    if len(weights.shape) != 4:
        raise UnreadableNode(node, f"its weights have {len(weights.shape)} dimensions, and those of images 4")
    filters, per_group, height, width = weights.shape
    groups = int(node.attributes.get("group", 1))
    if len(node.inputs) > 1:
        raise UnreadableNode(node, "its bias is computed, and not in the file")
    if shape and per_group * groups != shape[0]:
        raise UnreadableNode(node, f"it takes {per_group * groups} channels, but {shape[0]} come in")
    if _edge(node, "dilations", node.attributes.get("dilations", (1, 1))) != 1:
        raise UnreadableNode(node, "it has a dilation")
    size = _edge(node, "kernel_shape", (height, width))
    window = read_window(node, size, shape)
    return Convolution(node, window, per_group * groups, filters, groups, has_bias=2 in node.constants)


def read_pool(node: Node, shape: Shape) -> Window:
    """A pool's window, without padding. Raises UnreadableNode."""
    if node.attributes.get("ceil_mode", 0):
        raise UnreadableNode(node, "it has ceil_mode=1")
    if _edge(node, "dilations", node.attributes.get("dilations", (1, 1))) != 1:
        raise UnreadableNode(node, "it has a dilation")
    if len(node.outputs) > 1 and node.outputs[1]:
        raise UnreadableNode(node, "it puts out indices, too")
    window = read_window(node, _edge(node, "kernel_shape", node.attributes.get("kernel_shape", ())), shape)
    if window.margin:
        raise UnreadableNode(node, "it pads its input")
    return window


def read_window(node: Node, size: int, shape: Shape) -> Window:
    """The window of a node, whose edge is known. Raises UnreadableNode for a padding that no layer has."""
    stride = _edge(node, "strides", node.attributes.get("strides", (1, 1)))
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = _same_pads(auto, size, stride, shape)
    else:
        pads = [0] * 4 if auto == "VALID" else [int(pad) for pad in node.attributes.get("pads", [0] * 4)]
    margin = pads[0] if pads else 0
    if pads != [margin] * 4 or (margin and size != 2 * margin + 1):
        raise UnreadableNode(node, f"it has pads={pads}, and a layer none, or half of an odd kernel on each side")
    return Window(size, stride, margin)


def _same_pads(auto: str, size: int, stride: int, shape: Shape) -> list[int]:
    """What an automatic padding adds: top, left, bottom, right."""
    before, after = [], []
    for pixels in shape[1:]:
        total = max(0, (-(-pixels // stride) - 1) * stride + size - pixels)
        small, large = total // 2, total - total // 2
        before.append(small if auto == "SAME_UPPER" else large)
        after.append(large if auto == "SAME_UPPER" else small)
    return before + after


def _edge(node: Node, name: str, sizes: Any) -> int:
    """One number for height and width."""
    if not isinstance(sizes, Sequence) or len(sizes) != 2:
        raise UnreadableNode(node, f"it has {name}={sizes!r:.30}, and images have height and width")
    height, width = sizes
    if height != width:
        raise UnreadableNode(node, f"it has {name}={[int(height), int(width)]}, and a layer squares")
    return int(height)
