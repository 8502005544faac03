"""A child's first weights from its parent's trained ones, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from remap_core.space.architecture import Architecture
from remap_core.space.edits import Edit
from remap_core.space.layers import Conv2d, Dense, InvertedResidual, Layer, Residual
from remap_core.space.linear_runs import linear_run
from remap_core.training.inheritance import block_weights, layer_weights
from remap_core.training.inheritance.ancestry import NEW, sources
from remap_core.training.inheritance.correspondence import Correspondence
from remap_core.training.inheritance.layer_weights import Inherited, Weights
from remap_core.training.network.build import build, modules_of
from remap_core.training.network.fusion import FusedLayer


@torch.no_grad()
def inherit(
    network: nn.Sequential,
    child: Architecture,
    parent: Architecture,
    tensors: Mapping[str, Tensor],
    edits: Sequence[Edit],
) -> None:
    """Give the child's new network what fits of its parent's trained weights; the rest keeps its first weights.

    tensors: the parent's, by name in its network. Random numbers come from torch's global generator.

    Layers that the parent has keep their weights. More units are copies whose outgoing weights add up to the
    original's, fewer are those with the largest norms; kernels get a margin of zeros or lose theirs; a merged layer is
    the product; an inserted layer does nothing at first where it can. So outputs, in evaluation mode, stay the parent's
    where the edit allows it. Sources: Chen et al., Net2Net (ICLR 2016); Wei et al., Network Morphism (ICML 2016).

    Raises ValueError where the tensors are not the parent's.
    """
    _Walk(child, parent, _with_weights(parent, tensors)).give(modules_of(network, child), sources(parent, child, edits))


class _Walk:
    """From the image to the head of both chains; `place` is how their values correspond on the way."""

    def __init__(self, child: Architecture, parent: Architecture, trained: nn.Sequential) -> None:
        self._child = child
        self._parent = parent
        self._trained = modules_of(trained, parent)
        self._next = 0  # the first layer of the parent that was not passed yet
        self._place = Correspondence(parent.input_shape, child.input_shape, torch.arange(parent.input_shape[0]))

    def give(self, modules: Sequence[Sequence[nn.Module]], made_of: Sequence[range]) -> None:
        """Set the weights of the child's modules, those of each layer and last of the head."""
        head = len(self._parent.layers)
        origins = [*made_of, range(head, head + 1)]
        layers = [*self._child.layers, Dense(self._child.classes)]
        for index, (layer, group) in enumerate(zip(layers, modules, strict=True)):
            self._pass_until(next(origin.start for origin in origins[index:] if origin))
            found, copied = self._weights(layer, origins[index])
            _copy(found, group[-1])
            shapes = (*self._child.output_shapes, (self._child.classes,))
            self._place = self._place.with_channels(copied).after(child=shapes[index])

    def _weights(self, layer: Layer, origin: range) -> Inherited:
        if origin == NEW:
            return _inserted(layer, self._place)
        before = self._source(origin)
        place = self._place
        self._next = origin.stop
        self._place = place.after(parent=self._parent_shape())
        if before is None or before[0].kind != layer.kind:
            return {}, None
        return _kept(layer, before[1], place)

    def _source(self, origin: range) -> tuple[Layer, Weights] | None:
        """A layer of the parent, or several as the one that does the same, with its weights."""
        layers = [*self._parent.layers, Dense(self._parent.classes)]
        if len(origin) == 1:
            return layers[origin.start], self._trained[origin.start][-1].state_dict()
        run = linear_run(self._parent.layers, self._parent.input_shapes, origin.start, origin.stop)
        if run is None:
            return None
        parts = [module for group in self._trained[origin.start : origin.stop] for module in group]
        kernel, bias = FusedLayer(run, parts).kernel()
        if not isinstance(run.layer, Conv2d):
            kernel = kernel.flatten(1)
        return run.layer, {"weight": kernel, "bias": bias}

    def _pass_until(self, start: int) -> None:
        """Pass the parent's layers that the child lacks."""
        while self._next < start:
            before = self._parent.input_shapes[self._next]
            mixes = bool(self._parent.layers[self._next].parameters(before)) and not self._keeps_channels(self._next)
            self._next += 1
            self._place = self._place.after(parent=self._parent_shape())
            if mixes:
                self._place = self._place.with_channels(None)

    def _keeps_channels(self, index: int) -> bool:
        """Whether each channel behind a layer of the parent is more or less the one before it: by a shortcut."""
        layer, channels = self._parent.layers[index], self._parent.input_shapes[index][0]
        if isinstance(layer, Residual | InvertedResidual):
            return layer.keeps_shape(channels)
        return layer.works_in_place

    def _parent_shape(self) -> tuple[int, ...]:
        """The parent's shape behind the layers that were passed."""
        return (*self._parent.input_shapes, (self._parent.classes,))[self._next]


def _kept(layer: Layer, weights: Weights, place: Correspondence) -> Inherited:
    match layer:
        case Residual():
            return block_weights.kept_residual(layer, weights, place)
        case InvertedResidual():
            return block_weights.kept_inverted(layer, weights, place)
    return layer_weights.kept(layer, weights, place)


def _inserted(layer: Layer, place: Correspondence) -> Inherited:
    if isinstance(layer, Residual | InvertedResidual):
        return block_weights.inserted_block(layer, place)
    return layer_weights.inserted(layer, place)


def _with_weights(parent: Architecture, tensors: Mapping[str, Tensor]) -> nn.Sequential:
    network = build(parent)
    own = network.state_dict()
    if _shapes(own) != _shapes(tensors):
        raise ValueError("they are not those of its parent's architecture.")
    network.load_state_dict(dict(tensors))
    return network


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _copy(found: Mapping[str, Tensor], module: nn.Module) -> None:
    """In place: the memory layout of the weights stays."""
    targets = module.state_dict()
    for name, tensor in found.items():
        if targets[name].shape != tensor.shape:
            raise ValueError(f"{name} has the shape {tuple(targets[name].shape)}, but got {tuple(tensor.shape)}.")
        targets[name].copy_(tensor)
