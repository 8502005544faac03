"""Steps of an ONNX graph that are a block with a shortcut; batch norms may be folded into the convolutions before."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import NamedTuple

from remap_core.imports.onnx_graph import Node, UnreadableNode
from remap_core.imports.onnx_layers import Match, is_clip, is_operator, require_norm, step_at
from remap_core.imports.onnx_steps import Join, Step, node_of
from remap_core.imports.onnx_windows import Convolution, Window, read_convolution
from remap_core.space.layers import InvertedResidual, Residual, Shape


class _Inner(NamedTuple):
    """The node of a convolution of a block, and the place behind it and its batch norm."""

    node: Node
    end: int


def match_block(steps: Sequence[Step], shape: Shape) -> Match | None:
    """What the first steps are, if they are a block on an image; None where they are not.

    Raises UnreadableNode for what begins as a block and is none.
    """
    if len(shape) != 3:
        return None
    step = steps[0]
    if not isinstance(step, Join):
        return _match_inverted(steps, shape)
    if step.node.operator != "Add":
        return None
    long, short = step.longer_first
    inverted = _match_inverted(long, shape)
    if inverted and inverted.used == len(long) and not short:
        return _with_shortcut(inverted, step.node, shape)
    if is_operator(step_at(steps, 1), "Relu"):
        return _match_residual(step.node, long, short, shape)
    return None


def _with_shortcut(match: Match, node: Node, shape: Shape) -> Match:
    layer = match.layer
    if not isinstance(layer, InvertedResidual) or not layer.keeps_shape(shape[0]):
        raise UnreadableNode(node, "it adds images of different shapes")
    return Match(layer)


def _match_residual(node: Node, long: Sequence[Step], short: Sequence[Step], shape: Shape) -> Match | None:
    first = _inner(long, 0)
    if first is None or not is_operator(step_at(long, first.end), "Relu"):
        return None
    second = _inner(long, first.end + 1)
    if second is None or second.end != len(long):
        return None
    conv = read_convolution(first.node, shape)
    channels, stride, filters = shape[0], conv.window.stride, conv.filters
    layer = Residual(filters, stride)
    _require(conv, Window(3, stride, 1), (channels, filters))
    _require(read_convolution(second.node, (filters, *shape[1:])), Window(3, 1, 1), (filters, filters))
    if layer.keeps_shape(channels):
        if short:
            raise UnreadableNode(node, "its shortcut has layers, and that of a residual block here is its input")
        return Match(layer, used=2)
    shortcut = _inner(short, 0)
    if shortcut is None or shortcut.end != len(short):
        raise UnreadableNode(node, "its shortcut is no convolution of 1 x 1")
    _require(read_convolution(shortcut.node, shape), Window(1, stride, 0), (channels, filters))
    return Match(layer, used=2)


def _match_inverted(steps: Sequence[Step], shape: Shape) -> Match | None:
    """An MBConv without its shortcut: what the two or three convolutions with ReLU6 between them are."""
    first = _inner(steps, 0)
    if first is None or not is_clip(step_at(steps, first.end), 0, 6):
        return None
    second = _inner(steps, first.end + 1)
    expansion, depthwise = None, first
    if second and is_clip(step_at(steps, second.end), 0, 6):
        expansion, depthwise = first, second
    place = depthwise.end + 1
    excite = step_at(steps, place)
    has_excite = isinstance(excite, Join) and excite.node.operator == "Mul"
    project = _inner(steps, place + has_excite)
    if project is None:
        return None
    layer = _inverted(expansion, depthwise, project, shape, has_excite=has_excite)
    if has_excite and isinstance(excite, Join):
        _require_squeeze_excite(excite, layer, shape[0])
    return Match(layer, used=project.end)


def _inverted(
    expansion: _Inner | None, depthwise: _Inner, project: _Inner, shape: Shape, *, has_excite: bool
) -> InvertedResidual:
    """The block of its convolutions, each of which is checked."""
    channels = shape[0]
    expanded = read_convolution(expansion.node, shape).filters if expansion else channels
    conv = read_convolution(depthwise.node, (expanded, *shape[1:]))
    last = read_convolution(project.node, (expanded, *shape[1:]))
    size, stride, _ = conv.window
    if size % 2 == 0 or expanded % channels or (expansion is None) != (expanded == channels):
        raise UnreadableNode(conv.node, f"no MBConv has a kernel of {size} on {expanded} of {channels} channels")
    if expansion:
        _require(read_convolution(expansion.node, shape), Window(1, 1, 0), (channels, expanded))
    _require(conv, Window(size, stride, size // 2), (expanded, expanded), groups=expanded)
    _require(last, Window(1, 1, 0), (expanded, last.filters))
    return InvertedResidual(last.filters, size, expanded // channels, stride, has_excite)


def _require_squeeze_excite(join: Join, layer: InvertedResidual, channels: int) -> None:
    """Raise UnreadableNode unless the channels are scaled by what the block scales them by."""
    branch, other = join.longer_first
    operators = [step.operator if isinstance(step, Node) else "" for step in branch]
    means = ["GlobalAveragePool"] if operators[:1] == ["GlobalAveragePool"] else ["ReduceMean"]
    if other or operators != [*means, "Conv", "Relu", "Conv", "HardSigmoid"]:
        raise UnreadableNode(join.node, "it scales channels by something else than squeeze-excite")
    expanded, squeezed = layer.expanded(channels), layer.squeezed(channels)
    for step, (inside, outside) in zip(
        (branch[1], branch[3]), ((expanded, squeezed), (squeezed, expanded)), strict=True
    ):
        _require(read_convolution(node_of(step), (inside, 1, 1)), Window(1, 1, 0), (inside, outside))
    last = branch[4]
    if isinstance(last, Node) and not isclose(last.attributes.get("alpha", 0.2), 1 / 6, rel_tol=1e-4):
        raise UnreadableNode(last, "its alpha is not 1/6")


def _inner(steps: Sequence[Step], place: int) -> _Inner | None:
    """The convolution at a place, with its batch norm where it has no bias; None where there is none."""
    step = step_at(steps, place)
    if not isinstance(step, Node) or step.operator != "Conv":
        return None
    if 2 in step.constants:
        return _Inner(step, place + 1)
    norm = step_at(steps, place + 1)
    if not isinstance(norm, Node) or norm.operator != "BatchNormalization":
        return None
    require_norm(norm)
    return _Inner(step, place + 2)


def _require(conv: Convolution, window: Window, channels: tuple[int, int], groups: int = 1) -> None:
    found = (conv.window, (conv.channels, conv.filters), conv.groups)
    if found != (window, channels, groups):
        wanted = _convolution_text(window, channels, groups)
        raise UnreadableNode(conv.node, f"the block has a convolution of {wanted} there, and not of {_text(conv)}")


def _text(conv: Convolution) -> str:
    return _convolution_text(conv.window, (conv.channels, conv.filters), conv.groups)


def _convolution_text(window: Window, channels: tuple[int, int], groups: int) -> str:
    parts = [f"{window.size} x {window.size} on {channels[0]} to {channels[1]} channels"]
    parts += [f"stride {window.stride}"] if window.stride != 1 else []
    parts += [f"padding {window.margin}"] if window.margin else []
    parts += [f"group {groups}"] if groups != 1 else []
    return ", ".join(parts)
