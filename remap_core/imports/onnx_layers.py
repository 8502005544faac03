"""Steps of an ONNX graph that are one layer, or none: what `onnx_blocks` has not taken for a block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isclose, prod
from types import MappingProxyType
from typing import NamedTuple

from remap_core.imports.onnx_graph import Node, UnreadableNode
from remap_core.imports.onnx_steps import Join, Step, node_of
from remap_core.imports.onnx_windows import read_convolution, read_pool
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Function,
    GlobalAvgPool2d,
    Layer,
    MaxPool2d,
    SeparableConv2d,
    Shape,
)

EPSILON = 1e-5
"""Of a batch norm: the only one that a layer has."""
_SHAPES = {"Shape", "Gather", "Slice", "Unsqueeze", "Squeeze", "Concat", "Cast"}
"""What computes the size to which an image is flattened."""


class Match(NamedTuple):
    """What some steps are: a layer, None where they do nothing. used: how many steps. flattens: images, to vectors."""

    layer: Layer | None
    used: int = 1
    flattens: bool = False


def match_layer(steps: Sequence[Step], shape: Shape) -> Match:
    """What the first steps are, of those that begin at a value of a shape. Raises UnreadableNode."""
    step = steps[0]
    if isinstance(step, Join):
        return _match_join(step, steps)
    matcher = _MATCHERS.get(step.operator)
    if matcher is None:
        raise UnreadableNode(step, "no layer does that")
    return matcher(steps, shape)


def is_operator(step: Step | None, *names: str) -> bool:
    """Whether a step is a node with one of these operators."""
    return isinstance(step, Node) and step.operator in names


def step_at(steps: Sequence[Step], place: int) -> Step | None:
    """The step at a place, None behind the last."""
    return steps[place] if place < len(steps) else None


def require_norm(node: Node) -> None:
    """Raise UnreadableNode for a batch norm with another epsilon than a layer's."""
    epsilon = node.attributes.get("epsilon", EPSILON)
    if not isclose(epsilon, EPSILON, rel_tol=1e-4):
        raise UnreadableNode(node, f"it has epsilon={epsilon:.3g}, and a layer {EPSILON:g}")


def is_clip(step: Step | None, low: float, high: float) -> bool:
    """Whether a step cuts values off below and above."""
    if not isinstance(step, Node) or step.operator != "Clip":
        return False
    return step.numbers("min", 1) == [low] and step.numbers("max", 2) == [high]


def _match_join(join: Join, steps: Sequence[Step]) -> Match:
    """SiLU, GELU spelt out, or a Reshape to a size that is computed."""
    if join.node.operator in ("Reshape", "Flatten") and _is_shape(join.branches[1]):
        return Match(None, flattens=True)
    if join.node.operator == "Mul":
        long, short = join.longer_first
        if len(long) == 1 and not short and is_operator(long[0], "Sigmoid"):
            return Match(Activation("silu"))
        if _is_normal(long) and (not short or _is_number(short, "Mul", 0.5)):
            halved = bool(short) or _is_number(steps[1:2], "Mul", 0.5)
            if halved:
                return Match(Activation("gelu"), used=1 if short else 2)
    raise UnreadableNode(join.node, f"it joins two branches, and no layer does that{_branch_text(join)}")


def _branch_text(join: Join) -> str:
    operators = [step_node.operator for step_node in map(node_of, join.longer_first[0])]
    shown = ", ".join(operators[:5])
    return f" ({shown}{', …' if len(operators) > 5 else ''})" if shown else ""


def _is_shape(branch: Sequence[Step]) -> bool:
    return bool(branch) and all(node_of(step).operator in _SHAPES for step in branch)


def _is_normal(branch: Sequence[Step]) -> bool:
    """Whether a branch is 1 + erf(x / sqrt(2))."""
    if len(branch) != 3 or not is_operator(branch[1], "Erf"):
        return False
    return (_is_number(branch[:1], "Div", 2**0.5) or _is_number(branch[:1], "Mul", 0.5**0.5)) and _is_number(
        branch[2:], "Add", 1.0
    )


def _is_number(branch: Sequence[Step], operator: str, number: float) -> bool:
    """Whether a branch is one operator with this number."""
    if len(branch) != 1 or not isinstance(branch[0], Node) or branch[0].operator != operator:
        return False
    values = [constant.values(branch[0]) for constant in branch[0].constants.values()]
    return len(values) == 1 and len(values[0]) == 1 and isclose(values[0][0], number, rel_tol=1e-4)


def _conv(steps: Sequence[Step], shape: Shape) -> Match:
    node = node_of(steps[0])
    conv = read_convolution(node, shape)
    following = step_at(steps, 1)
    size, stride, margin = conv.window
    padding = "same" if margin else "valid"
    if conv.is_depthwise and not conv.has_bias and isinstance(following, Node) and following.operator == "Conv":
        pointwise = read_convolution(following, ())
        if pointwise.is_pointwise and pointwise.has_bias:
            return Match(SeparableConv2d(size, pointwise.filters, stride, padding), used=2)  # type: ignore[arg-type]
    if conv.groups != 1:
        raise UnreadableNode(node, f"it has group={conv.groups}, and a layer 1, or a separable convolution")
    if not conv.has_bias:
        raise UnreadableNode(node, "it has no bias")
    return Match(Conv2d(size, conv.filters, stride, padding))  # type: ignore[arg-type]


def _pool(kind: type[MaxPool2d | AvgPool2d]) -> Callable[[Sequence[Step], Shape], Match]:
    def match(steps: Sequence[Step], shape: Shape) -> Match:
        window = read_pool(node_of(steps[0]), shape)
        return Match(kind(window.size, window.stride))

    return match


def _mean(steps: Sequence[Step], _shape: Shape) -> Match:
    node = node_of(steps[0])
    axes = sorted(int(axis) % 4 for axis in node.numbers("axes", 1))
    if axes != [2, 3]:
        raise UnreadableNode(node, f"it takes the mean over axes {axes}, and a layer over height and width")
    return Match(GlobalAvgPool2d())


def _flatten(steps: Sequence[Step], _shape: Shape) -> Match:
    node = node_of(steps[0])
    axis = node.attributes.get("axis", 1)
    if axis not in (1, -3):
        raise UnreadableNode(node, f"it has axis={axis}, and images are flattened from axis 1 on")
    return Match(None, flattens=True)


def _reshape(steps: Sequence[Step], shape: Shape) -> Match:
    node = node_of(steps[0])
    if 1 not in node.constants:
        raise UnreadableNode(node, "it reshapes to a size that is computed")
    sizes = [int(size) for size in node.constants[1].values(node)]
    if len(sizes) != 2 or (sizes[1] != prod(shape) and (sizes[1] != -1 or sizes[0] == -1)):
        raise UnreadableNode(node, f"it reshapes to {sizes}, and a layer flattens images")
    return Match(None, flattens=True)


def _squeeze(steps: Sequence[Step], shape: Shape) -> Match:
    node = node_of(steps[0])
    if len(shape) == 3 and shape[1:] != (1, 1):
        raise UnreadableNode(node, "it squeezes an image")
    return Match(None, flattens=True)


def _gemm(steps: Sequence[Step], shape: Shape) -> Match:
    node = node_of(steps[0])
    attributes = node.attributes
    if attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1 or attributes.get("beta", 1.0) != 1:
        raise UnreadableNode(node, "it has transA, alpha or beta")
    if 2 not in node.constants:
        raise UnreadableNode(node, "it has no bias")
    return Match(_dense(node, shape, is_transposed=bool(attributes.get("transB", 0))))


def _matmul(steps: Sequence[Step], shape: Shape) -> Match:
    node, following = node_of(steps[0]), step_at(steps, 1)
    if not isinstance(following, Node) or following.operator != "Add" or not following.constants:
        raise UnreadableNode(node, "it has no bias")
    return Match(_dense(node, shape, is_transposed=False), used=2)


def _dense(node: Node, shape: Shape, *, is_transposed: bool) -> Layer:
    weights = node.constants.get(1)
    if weights is None or len(weights.shape) != 2:
        raise UnreadableNode(node, "it multiplies two computed values")
    takes, units = weights.shape[::-1] if is_transposed else weights.shape
    if takes != prod(shape):
        raise UnreadableNode(node, f"it takes {takes} values, but {prod(shape)} come in")
    return Dense(units)


def _norm(steps: Sequence[Step], _shape: Shape) -> Match:
    require_norm(node_of(steps[0]))
    return Match(BatchNorm())


def _dropout(steps: Sequence[Step], _shape: Shape) -> Match:
    node = node_of(steps[0])
    (rate,) = node.numbers("ratio", 1, default=[0.5]) or [0.5]
    return Match(Dropout(round(rate, 6)) if 0 < rate < 1 else None)


def _gelu(steps: Sequence[Step], _shape: Shape) -> Match:
    node = node_of(steps[0])
    if node.attributes.get("approximate", "none") != "none":
        raise UnreadableNode(node, f"it has approximate={node.attributes['approximate']!r:.20}")
    return Match(Activation("gelu"))


def _clip(steps: Sequence[Step], _shape: Shape) -> Match:
    raise UnreadableNode(node_of(steps[0]), "no layer cuts values off but ReLU6 inside an MBConv")


def _activation(function: Function) -> Callable[[Sequence[Step], Shape], Match]:
    return lambda _steps, _shape: Match(Activation(function))


def _nothing(_steps: Sequence[Step], _shape: Shape) -> Match:
    return Match(None)


_MATCHERS: Mapping[str, Callable[[Sequence[Step], Shape], Match]] = MappingProxyType(
    {
        "Conv": _conv,
        "MaxPool": _pool(MaxPool2d),
        "AveragePool": _pool(AvgPool2d),
        "GlobalAveragePool": lambda _steps, _shape: Match(GlobalAvgPool2d()),
        "ReduceMean": _mean,
        "Flatten": _flatten,
        "Reshape": _reshape,
        "Squeeze": _squeeze,
        "Gemm": _gemm,
        "MatMul": _matmul,
        "BatchNormalization": _norm,
        "Dropout": _dropout,
        "Relu": _activation("relu"),
        "Tanh": _activation("tanh"),
        "Sigmoid": _activation("sigmoid"),
        "Gelu": _gelu,
        "Clip": _clip,
        "Identity": _nothing,
    }
)
"""What the steps are that begin with an operator."""
