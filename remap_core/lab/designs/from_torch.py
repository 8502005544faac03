"""Designs of PyTorch modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remap_core.errors import InvalidArchitecture, InvalidArgument
from remap_core.lab.arguments import shown
from remap_core.lab.designs.design import Design
from remap_core.lab.designs.new_designs import design_of
from remap_core.lab.designs.torch_blocks import block_reader
from remap_core.lab.designs.torch_modules import (
    READERS,
    Reader,
    Unreadable,
    is_known,
    is_separable,
    read_separable,
)
from remap_core.lab.image_task import HasCard, read_task
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Layer, Shape

IMAGE_MODULES = ("Conv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "GlobalAvgPool2d", "BatchNorm2d")
HEADS = ("Linear", "FlatLinear")


@dataclass(frozen=True)
class Part:
    """A module of the chain, and its place in it: "2", or "2.0" inside another nn.Sequential."""

    place: str
    module: Any

    @property
    def name(self) -> str:
        """The name of its class."""
        return type(self.module).__name__


def from_torch(
    module: Any,
    *,
    dataset: str | Path | HasCard | None = None,
    input_shape: tuple[int, int, int] | None = None,
    classes: int | None = None,
) -> Design:
    """Read the architecture of a PyTorch nn.Sequential. Its weights are not taken.

    The last module must be the nn.Linear that puts out the classes; it and nn.Flatten are implied in a design. Blocks
    that are read: those of exported PyTorch source, and torchvision's BasicBlock and InvertedResidual (MobileNetV2).
    dataset: name, path or lab whose images it is for; or else input_shape, (channels, height, width), and, if you like,
    the number of classes.

    Raises InvalidArchitecture with the first module that cannot be read, its place and the reason; InvalidArgument for
    anything that is not an nn.Sequential.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    >>> remap.from_torch(net, dataset="digits").text
    'Conv 8x3, ReLU'
    """
    if not _is_sequential(module):
        raise InvalidArgument(f"from_torch reads an nn.Sequential, but got {shown(module)}.")
    parts = list(_parts(module))
    if not parts or parts[-1].name not in HEADS:
        raise InvalidArchitecture("The last module must be an nn.Linear that puts out the classes (the head).")
    outputs = parts[-1].module.out_features
    if dataset is None and classes is None:
        classes = outputs
    task = read_task(dataset, input_shape, classes)
    if outputs != task.classes:
        raise InvalidArchitecture(f"The head puts out {outputs} classes, but there are {task.classes}.")
    reading = _Reading(Architecture(task.input_shape, task.classes, ()))
    return design_of(reading.of(parts))


class _Reading:
    """Reads parts in order. is_flat: whether an nn.Flatten came after the last layer that puts out an image."""

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._is_flat = False

    def of(self, parts: list[Part]) -> Architecture:
        """The architecture of the chain, without its head."""
        *body, head = parts
        while body:
            part = body.pop(0)
            pointwise = None
            if body and is_separable(part.module, body[0].module):
                pointwise = body.pop(0).module
            layer = self._checked(part, pointwise)
            if layer is not None:
                self._append(part, layer)
        self._checked(head)
        return self._architecture

    @property
    def _shape(self) -> Shape:
        return self._architecture.input_shapes[-1]

    def _checked(self, part: Part, pointwise: Any = None) -> Layer | None:
        try:
            self._require_place(part)
            if pointwise is not None:
                return read_separable(part.module, pointwise, self._shape)
            return self._read(part)
        except Unreadable as reason:
            raise InvalidArchitecture(_sentence(part, str(reason))) from None

    def _read(self, part: Part) -> Layer | None:
        if part.name == "Flatten" and is_known(part.module):
            self._is_flat = True
            if part.module.start_dim != 1 or part.module.end_dim != -1:
                raise Unreadable("it does not flatten from the first dimension of an image to the last")
            return None
        reader = _reader(part.module)
        if reader is None:
            raise Unreadable("a design has no such layer")
        return reader(part.module, self._shape)

    def _require_place(self, part: Part) -> None:
        """Raise Unreadable where a module of this class cannot stand behind what came before."""
        is_image = len(self._shape) == 3
        needs_image = part.name in IMAGE_MODULES or block_reader(part.module)
        if needs_image and (self._is_flat or not is_image):
            raise Unreadable("it needs an image, but a vector comes in")
        if part.name in HEADS and is_image and not self._is_flat:
            raise Unreadable("it needs an nn.Flatten before it")
        if part.name == "BatchNorm1d" and is_image:
            raise Unreadable("a design normalizes the channels of an image, and not its single values")

    def _append(self, part: Part, layer: Layer) -> None:
        try:
            self._architecture = self._architecture.with_layers((*self._architecture.layers, layer))
        except InvalidArchitecture as error:
            raise InvalidArchitecture(_sentence(part, str(error).rstrip("."))) from None
        if len(self._shape) == 1:
            self._is_flat = True


def _reader(module: Any) -> Reader | None:
    """What reads a module; None where a design has no such layer."""
    if is_known(module) and type(module).__name__ in READERS:
        return READERS[type(module).__name__]
    return block_reader(module)


def _parts(module: Any, prefix: str = "") -> Iterator[Part]:
    """The modules of a chain and of the chains in it."""
    for name, child in module.named_children():
        place = f"{prefix}{name}"
        if _is_sequential(child):
            yield from _parts(child, f"{place}.")
        else:
            yield Part(place, child)


def _is_sequential(module: object) -> bool:
    return type(module).__name__ == "Sequential" and is_known(module)


def _sentence(part: Part, reason: str) -> str:
    return f"Module {part.place} ({part.name}) cannot be read: {reason}."
