"""The weights of a block of a child from those of the parent's block that it was."""

from __future__ import annotations

import torch
from torch import Tensor

from remap_core.space.layers import InvertedResidual, Residual
from remap_core.training.inheritance.correspondence import Channels, Correspondence, chosen, norms
from remap_core.training.inheritance.layer_weights import Inherited, Weights, of_channels, resized


def kept_residual(layer: Residual, weights: Weights, inputs: Correspondence) -> Inherited:
    """A residual block that the parent has. Its shortcut becomes a convolution where the child needs one."""
    channels = inputs.channels
    first = inputs.mixed(weights["conv1.weight"])
    if channels is None or first is None:
        return {}, None
    inner = chosen(layer.filters, norms(weights["conv1.weight"]))
    had_shortcut = "shortcut.0.weight" not in weights
    outputs = chosen(layer.filters, norms(weights["conv2.weight"]))
    if had_shortcut:
        outputs = channels if layer.keeps_shape(inputs.child[0]) else inner
    second = Correspondence.of_channels(len(weights["conv1.weight"]), inner).mixed(weights["conv2.weight"])
    found = {
        "conv1.weight": first[inner],
        **of_channels(weights, "norm1.", inner),
        "conv2.weight": _selected(second, outputs),
        **of_channels(weights, "norm2.", outputs),
    }
    if not layer.keeps_shape(inputs.child[0]):
        shortcut = _identity(inputs.parent[0]) if had_shortcut else weights["shortcut.0.weight"]
        found["shortcut.0.weight"] = _selected(inputs.mixed(shortcut), outputs)
        found |= of_channels(weights, "shortcut.1.", outputs)
    return found, outputs


def kept_inverted(layer: InvertedResidual, weights: Weights, inputs: Correspondence) -> Inherited:
    """An inverted residual block that the parent has."""
    channels = inputs.channels
    if channels is None:
        return {}, None
    found, hidden = _expansion(layer, weights, inputs, channels)
    found["depthwise.0.weight"] = resized(weights["depthwise.0.weight"][hidden], layer.kernel_size)
    found |= of_channels(weights, "depthwise.1.", hidden)
    inner = Correspondence.of_channels(len(weights["depthwise.0.weight"]), hidden)
    if layer.squeeze_excite and "squeeze_excite.reduce.weight" in weights:
        found |= _squeeze_excite(layer.squeezed(inputs.child[0]), weights, inner)
    outputs = chosen(layer.filters, norms(weights["project.0.weight"]))
    if layer.keeps_shape(inputs.child[0]) and len(weights["project.0.weight"]) == inputs.parent[0]:
        outputs = channels
    found["project.0.weight"] = _selected(inner.mixed(weights["project.0.weight"]), outputs)
    found |= of_channels(weights, "project.1.", outputs)
    return found, outputs


def inserted_block(layer: Residual | InvertedResidual, inputs: Correspondence) -> Inherited:
    """A block that the parent lacks: with a shortcut the last batch norm starts at 0, so it adds nothing at first."""
    if not layer.keeps_shape(inputs.child[0]):
        return {}, None
    last = "norm2.weight" if isinstance(layer, Residual) else "project.1.weight"
    return {last: torch.zeros(layer.filters)}, inputs.copied


def _expansion(
    layer: InvertedResidual, weights: Weights, inputs: Correspondence, channels: Channels
) -> tuple[dict[str, Tensor], Channels]:
    """The first convolution, if the child has one, and the channels of the depthwise convolution."""
    expanded = layer.expanded(inputs.child[0])
    had = "expand.0.weight" in weights
    kernel = weights["expand.0.weight"] if had else _identity(inputs.parent[0])
    if expanded == inputs.child[0]:
        return {}, chosen(expanded, norms(kernel)) if had else channels
    hidden = chosen(expanded, norms(kernel))
    found = {"expand.0.weight": _selected(inputs.mixed(kernel), hidden), **of_channels(weights, "expand.1.", hidden)}
    return found, hidden


def _squeeze_excite(squeezed: int, weights: Weights, inner: Correspondence) -> dict[str, Tensor]:
    reduce, expand = weights["squeeze_excite.reduce.weight"], weights["squeeze_excite.expand.weight"]
    picked = chosen(squeezed, norms(reduce))
    return {
        "squeeze_excite.reduce.weight": _selected(inner.mixed(reduce), picked),
        "squeeze_excite.reduce.bias": weights["squeeze_excite.reduce.bias"][picked],
        "squeeze_excite.expand.weight": _selected(
            Correspondence.of_channels(len(reduce), picked).mixed(expand), inner.copied
        ),
        "squeeze_excite.expand.bias": weights["squeeze_excite.expand.bias"][inner.copied],
    }


def _identity(channels: int) -> Tensor:
    """The kernel of a Conv 1 x 1 that changes nothing."""
    return torch.eye(channels)[..., None, None]


def _selected(kernel: Tensor | None, units: Channels | None) -> Tensor:
    if kernel is None or units is None:
        raise ValueError("The channels of a block correspond, or it has new weights.")
    return kernel[units]
