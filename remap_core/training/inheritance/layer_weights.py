"""The weights of one layer of a child from those of the parent's layer that it was."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from remap_core.space.layers import BatchNorm, Conv2d, Dense, Layer, SeparableConv2d
from remap_core.training.inheritance.correspondence import Channels, Correspondence, chosen, norms

Weights = Mapping[str, Tensor]
"""Tensors of a layer's module by name."""
Inherited = tuple[dict[str, Tensor], Channels | None]
"""New tensors of the child's module (all others keep their first values), and the channels of its output."""


def kept(layer: Layer, weights: Weights, inputs: Correspondence) -> Inherited:
    """A layer that the parent has, with these weights there, perhaps of other hyperparameters."""
    match layer:
        case Conv2d():
            return _conv(layer, weights, inputs)
        case SeparableConv2d():
            return _separable_conv(layer, weights, inputs)
        case Dense():
            return dense(layer.units, weights, inputs)
        case BatchNorm():
            return _batch_norm(weights, inputs)
    return {}, inputs.copied


def inserted(layer: Layer, inputs: Correspondence) -> Inherited:
    """A layer that the parent lacks: one that can do nothing starts so (Net2DeeperNet: Chen et al., ICLR 2016)."""
    channels = inputs.child[0]
    match layer:
        case Conv2d(filters=filters) if filters >= channels:
            picked = _repeated(filters, channels)
            kernel = torch.zeros(filters, channels, layer.kernel_size, layer.kernel_size)
            middle = layer.kernel_size // 2
            kernel[torch.arange(filters), picked, middle, middle] = 1
            return {"weight": kernel, "bias": torch.zeros(filters)}, _of(inputs, picked)
        case SeparableConv2d(filters=filters) if filters >= channels:
            picked = _repeated(filters, channels)
            kernel = torch.zeros(channels, 1, layer.kernel_size, layer.kernel_size)
            kernel[:, :, layer.kernel_size // 2, layer.kernel_size // 2] = 1
            pointwise = torch.eye(channels)[picked][..., None, None]
            return {"0.weight": kernel, "1.weight": pointwise, "1.bias": torch.zeros(filters)}, _of(inputs, picked)
        case Dense(units=units) if len(inputs.child) == 1 and units >= channels:
            picked = _repeated(units, channels)
            return {"weight": torch.eye(channels)[picked], "bias": torch.zeros(units)}, _of(inputs, picked)
        case Conv2d() | SeparableConv2d() | Dense():
            return {}, None
    return {}, inputs.copied


def resized(kernel: Tensor, size: int) -> Tensor:
    """(..., size, size): a kernel with zeros around it, or its middle.

    >>> resized(torch.ones(1, 1), 3).tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    before = kernel.shape[-1]
    margin = (size - before) // 2 if size > before else -((before - size) // 2)
    end = size - before - margin
    return torch.nn.functional.pad(kernel, (margin, end, margin, end))


def of_channels(weights: Weights, prefix: str, channels: Channels) -> dict[str, Tensor]:
    """The tensors of a batch norm or a depthwise convolution, one entry per channel, for these channels."""
    found = {name: tensor for name, tensor in weights.items() if name.startswith(prefix)}
    return {name: tensor[channels] if tensor.dim() else tensor for name, tensor in found.items()}


def dense(units: int, weights: Weights, inputs: Correspondence) -> Inherited:
    """A dense layer, the head included, which flattens images."""
    mixed = inputs.mixed_image(weights["weight"])
    return _units(units, weights, mixed, "")


def _conv(layer: Conv2d, weights: Weights, inputs: Correspondence) -> Inherited:
    mixed = inputs.mixed(weights["weight"])
    if mixed is not None:
        mixed = resized(mixed, layer.kernel_size)
    return _units(layer.filters, weights, mixed, "")


def _separable_conv(layer: SeparableConv2d, weights: Weights, inputs: Correspondence) -> Inherited:
    found, outputs = _units(layer.filters, weights, inputs.mixed(weights["1.weight"]), "1.")
    if inputs.channels is not None:
        found["0.weight"] = resized(weights["0.weight"][inputs.channels], layer.kernel_size)
    return found, outputs


def _batch_norm(weights: Weights, inputs: Correspondence) -> Inherited:
    if inputs.channels is None:
        return {}, None
    return of_channels(weights, "", inputs.channels), inputs.copied


def _units(units: int, weights: Weights, mixed: Tensor | None, prefix: str) -> Inherited:
    """Weight and bias for so many units; `mixed`: the parent's on the child's input, None where that is another."""
    if mixed is None:
        return {}, None
    outputs = chosen(units, norms(weights[f"{prefix}weight"]))
    return {f"{prefix}weight": mixed[outputs], f"{prefix}bias": weights[f"{prefix}bias"][outputs]}, outputs


def _repeated(outputs: int, channels: int) -> Channels:
    """All channels, again and again."""
    return torch.arange(outputs) % channels


def _of(inputs: Correspondence, picked: Channels) -> Channels | None:
    """The parent's channels of these of the child's input."""
    return None if inputs.channels is None else inputs.channels[picked]
