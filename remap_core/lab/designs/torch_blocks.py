"""Blocks of PyTorch modules as layers: those of a network that REMAP trains or exports, and torchvision's.

A block is read where its class is known to compute what the layer does, and its parts are the layer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import CodeType, MappingProxyType
from typing import Any

from remap_core.exports.block_definitions import INVERTED_RESIDUAL, RESIDUAL
from remap_core.lab.designs.torch_modules import Reader, Unreadable, edge, is_known, read_batch_norm
from remap_core.space.layers import InvertedResidual, Layer, Residual, Shape

_EXPORTED = MappingProxyType(
    {"Residual": RESIDUAL, "InvertedResidual": INVERTED_RESIDUAL, "SqueezeExcite": INVERTED_RESIDUAL}
)
"""The source that defines each class of an exported block."""


def block_reader(module: Any) -> Reader | None:
    """What reads a block, None for a module that is no block or does not compute what one does."""
    return _torchvision_reader(module) or _own_reader(module)


def _torchvision_reader(module: Any) -> Reader | None:
    kind = type(module)
    return _TORCHVISION.get(f"{kind.__module__}.{kind.__name__}")


def _own_reader(module: Any) -> Reader | None:
    reader = _OWN.get(type(module).__name__)
    return reader if reader and _is_own(module) else None


def _is_own(module: Any) -> bool:
    """Whether its class is one that REMAP trains, or computes what the exported class of its name does."""
    kind = type(module)
    if is_known(module):
        return True
    forward = getattr(kind.forward, "__code__", None)
    return kind.__name__ in _EXPORTED and forward is not None and _steps(forward) == _exported_steps(kind.__name__)


@cache
def _exported_steps(name: str) -> tuple[Any, ...]:
    source = compile(_EXPORTED[name], "<export>", "exec")
    (forward,) = [code for code in _codes(source) if code.co_qualname == f"{name}.forward"]
    return _steps(forward)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _steps(code: CodeType) -> tuple[Any, ...]:
    """What a function does, wherever it is written."""
    return code.co_code, code.co_names, code.co_consts, code.co_varnames


def _residual(module: Any, shape: Shape) -> Layer:
    shortcut = [] if type(module.shortcut).__name__ == "Identity" else list(module.shortcut)
    return _read_residual(module, ("norm1", "norm2"), shortcut, shape)


def _basic_block(module: Any, shape: Shape) -> Layer:
    if type(module.relu).__name__ != "ReLU":
        raise Unreadable(f"its relu is a {type(module.relu).__name__}, and the block has a ReLU")
    shortcut = [] if module.downsample is None else list(module.downsample)
    return _read_residual(module, ("bn1", "bn2"), shortcut, shape)


def _read_residual(module: Any, norms: tuple[str, str], shortcut: Sequence[Any], shape: Shape) -> Layer:
    """A block of two convolutions and a shortcut: its modules, or none for the input itself."""
    channels, filters, stride = shape[0], module.conv1.out_channels, edge("stride", module.conv1.stride)
    layer = Residual(filters, stride)
    _require_conv("conv1", module.conv1, (channels, filters), kernel=3, stride=stride)
    _require_norm(norms[0], getattr(module, norms[0]), filters)
    _require_conv("conv2", module.conv2, (filters, filters), kernel=3)
    _require_norm(norms[1], getattr(module, norms[1]), filters)
    if layer.keeps_shape(channels):
        _require_number("shortcut", shortcut, 0)
        return layer
    _require_number("shortcut", shortcut, 2)
    _require_conv("shortcut", shortcut[0], (channels, filters), stride=stride)
    _require_norm("shortcut", shortcut[1], filters)
    return layer


def _inverted_residual(module: Any, shape: Shape) -> Layer:
    expand = [] if type(module.expand).__name__ == "Identity" else list(module.expand)
    layer = _read_inverted(expand, list(module.depthwise), list(module.project), shape)
    if type(module.squeeze_excite).__name__ != "Identity":
        layer = InvertedResidual(layer.filters, layer.kernel_size, layer.expand, layer.stride, squeeze_excite=True)
        _require_squeeze_excite(module.squeeze_excite, layer, shape[0])
    _require_shortcut(module.has_shortcut, layer, shape[0])
    return layer


def _torchvision_inverted(module: Any, shape: Shape) -> Layer:
    *convolutions, conv, norm = module.conv
    if len(convolutions) not in (1, 2):
        raise Unreadable(f"it has {len(module.conv)} parts, and the block has 3 or 4")
    expand = list(convolutions[0]) if len(convolutions) == 2 else []
    layer = _read_inverted(expand, list(convolutions[-1]), [conv, norm], shape)
    _require_shortcut(module.use_res_connect, layer, shape[0])
    return layer


def _read_inverted(
    expand: Sequence[Any], depthwise: Sequence[Any], project: Sequence[Any], shape: Shape
) -> InvertedResidual:
    """A block by the modules of its parts, without squeeze-excite."""
    channels = shape[0]
    _require_number("depthwise part", depthwise, 3)
    _require_number("projection", project, 2)
    conv = depthwise[0]
    expanded, filters = conv.in_channels, project[0].out_channels
    if expanded % channels:
        raise Unreadable(f"it expands {channels} channels to {expanded}, which is no multiple")
    layer = InvertedResidual(
        filters, edge("kernel_size", conv.kernel_size), expanded // channels, edge("stride", conv.stride)
    )
    _require_number("expansion", expand, 0 if layer.expand == 1 else 3)
    if expand:
        _require_conv("expansion", expand[0], (channels, expanded))
        _require_norm("expansion", expand[1], expanded)
        _require_relu6("expansion", expand[2])
    _require_conv("depthwise part", conv, (expanded, expanded), layer.kernel_size, layer.stride, expanded)
    _require_norm("depthwise part", depthwise[1], expanded)
    _require_relu6("depthwise part", depthwise[2])
    _require_conv("projection", project[0], (expanded, filters))
    _require_norm("projection", project[1], filters)
    return layer


def _require_squeeze_excite(module: Any, layer: InvertedResidual, channels: int) -> None:
    if type(module).__name__ != "SqueezeExcite" or not _is_own(module):
        raise Unreadable(f"its squeeze_excite is a {type(module).__name__} that is not the block's")
    expanded, squeezed = layer.expanded(channels), layer.squeezed(channels)
    _require_conv("squeeze_excite.reduce", module.reduce, (expanded, squeezed), has_bias=True)
    _require_conv("squeeze_excite.expand", module.expand, (squeezed, expanded), has_bias=True)


def _require_shortcut(has_shortcut: bool, layer: InvertedResidual, channels: int) -> None:
    if has_shortcut != layer.keeps_shape(channels):
        raise Unreadable("it adds its input where the block does not, or the other way round")


def _require_number(place: str, modules: Sequence[Any], number: int) -> None:
    if len(modules) != number:
        raise Unreadable(f"its {place} has {len(modules)} modules, and the block has {number}")


def _require_conv(  # noqa: PLR0917 (in the order of nn.Conv2d)
    place: str,
    module: Any,
    channels: tuple[int, int],
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    *,
    has_bias: bool = False,
) -> None:
    """Raise Unreadable unless it is this convolution, padded by half of its kernel."""
    _require_class(place, module, "Conv2d")
    wanted = {
        "in_channels": channels[0],
        "out_channels": channels[1],
        "kernel_size": (kernel, kernel),
        "stride": (stride, stride),
        "padding": (kernel // 2, kernel // 2),
        "dilation": (1, 1),
        "groups": groups,
        "padding_mode": "zeros",
    }
    for name, value in wanted.items():
        found = getattr(module, name)
        if found != value:
            raise Unreadable(f"its {place} has {name}={found}, and the block has {value}")
    if (module.bias is not None) != has_bias:
        raise Unreadable(f"its {place} has {'no' if has_bias else 'a'} bias")


def _require_norm(place: str, module: Any, channels: int) -> None:
    _require_class(place, module, "BatchNorm2d")
    if module.num_features != channels:
        raise Unreadable(f"its {place} normalizes {module.num_features} channels, but {channels} come in")
    try:
        read_batch_norm(module, (channels,))
    except Unreadable as reason:
        raise Unreadable(f"in its {place}, {reason}") from None


def _require_relu6(place: str, module: Any) -> None:
    _require_class(place, module, "ReLU6")


def _require_class(place: str, module: Any, name: str) -> None:
    kind = type(module).__name__
    if kind != name or not is_known(module):
        raise Unreadable(f"its {place} has a {kind} where the block has a {name}")


def _checked(read: Callable[[Any, Shape], Layer]) -> Reader:
    """A reader that says so where a part is missing."""

    def reader(module: Any, shape: Shape) -> Layer:
        try:
            return read(module, shape)
        except (AttributeError, IndexError, TypeError, ValueError):
            raise Unreadable("its parts are not those of the block") from None

    return reader


_OWN: Mapping[str, Reader] = MappingProxyType(
    {"Residual": _checked(_residual), "InvertedResidual": _checked(_inverted_residual)}
)
_TORCHVISION: Mapping[str, Reader] = MappingProxyType(
    {
        "torchvision.models.resnet.BasicBlock": _checked(_basic_block),
        "torchvision.models.mobilenetv2.InvertedResidual": _checked(_torchvision_inverted),
    }
)
