"""An ONNX file as an architecture: only its graph is looked at, and nothing of it is run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from remap_core.errors import InvalidArchitecture
from remap_core.imports.imported import SCALING_LEFT, WEIGHTS_LEFT, Images, Imported
from remap_core.imports.onnx_blocks import match_block
from remap_core.imports.onnx_graph import Graph, Node, UnreadableNode, read_graph
from remap_core.imports.onnx_layers import Match, is_operator, match_layer
from remap_core.imports.onnx_steps import Step, node_of, steps_of
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Dense, Dropout, Layer, Shape

_SCALING = ("Cast", "Sub", "Add", "Mul", "Div", "Identity")
_SCORES = ("Softmax", "LogSoftmax")
_ON_IMAGES = ("Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean")


def read_onnx(content: bytes, images: Images | None = None) -> Imported:
    """The architecture of an .onnx file.

    images: what it is for, where the file does not say the size of its images. A file of REMAP's own also names the
    dropouts, which a graph for predicting has none of. Raises InvalidArchitecture with the node that no layer is.
    """
    try:
        graph = read_graph(content)
        input_shape = _input_shape(graph, images)
        steps = steps_of(graph)
        body, has_scaling = _without_scaling(steps, input_shape)
        architecture = _read(body, input_shape)
    except UnreadableNode as problem:
        raise InvalidArchitecture(_sentence(problem.node, str(problem))) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # of attributes that are none
        raise InvalidArchitecture("it is damaged, or no ONNX file that this version can read.") from None
    notes = [WEIGHTS_LEFT]
    stated = _stated(graph.metadata, architecture)
    if has_scaling and stated is None:
        notes.append(SCALING_LEFT)
    return Imported(stated or architecture, tuple(notes))


def _sentence(node: Node, reason: str) -> str:
    return f"{node.title} cannot be read: {reason.rstrip('.')}."


def _input_shape(graph: Graph, images: Images | None) -> tuple[int, int, int]:
    shape = graph.input_shape
    if len(shape) != 3:
        raise InvalidArchitecture(
            f"its input {graph.input[:40]!r} has {len(shape) + 1} dimensions, and images 4: n, channels, height, width."
        )
    asked: Sequence[int | None] = images.input_shape if images else (None,) * 3
    whole = tuple(size or other for size, other in zip(shape, asked, strict=True))
    if None in whole:
        raise InvalidArchitecture("it leaves the size of its images open: name a data set.")
    return cast(tuple[int, int, int], whole)


def _without_scaling(steps: list[Step], input_shape: Shape) -> tuple[list[Step], bool]:
    """The steps after what scales the pixels, and whether there was any."""
    start = 0
    while start < len(steps) and _scales(steps[start], input_shape[0]):
        start += 1
    return steps[start:], any(not is_operator(step, "Identity", "Cast") for step in steps[:start])


def _scales(step: Step, channels: int) -> bool:
    """Whether a step is one number for each channel, or for all."""
    if not isinstance(step, Node) or step.operator not in _SCALING:
        return False
    sizes = [sorted(constant.shape)[-1:] or [1] for constant in step.constants.values()]
    return all(size in ([1], [channels]) for size in sizes)


def _read(steps: list[Step], input_shape: tuple[int, int, int]) -> Architecture:
    """The layers of the steps. The head is the last one, a dense layer with a unit for each class."""
    while steps and is_operator(steps[-1], *_SCORES, "Identity"):
        steps = steps[:-1]
    layers: list[Layer] = []
    shape: Shape = input_shape
    is_flat = False
    while steps:
        node = node_of(steps[0])
        match = _match(steps, shape, is_flat=is_flat)
        is_flat = is_flat or match.flattens
        if match.layer:
            _require_place(node, match.layer, shape, is_flat=is_flat)
            shape = _shape_behind(node, match.layer, shape)
            layers.append(match.layer)
        steps = steps[match.used :]
    head = layers.pop() if layers else None
    if not isinstance(head, Dense):
        raise InvalidArchitecture("its last operator must be a Gemm that puts out the classes (the head).")
    return Architecture(input_shape, head.units, tuple(layers))


def _match(steps: list[Step], shape: Shape, *, is_flat: bool) -> Match:
    block = None if is_flat else match_block(steps, shape)
    if block is None and len(shape) == 1 and is_operator(steps[0], *_ON_IMAGES):
        raise UnreadableNode(node_of(steps[0]), "it needs an image, but a vector comes in")
    return block or match_layer(steps, shape)


def _require_place(node: Node, layer: Layer, shape: Shape, *, is_flat: bool) -> None:
    """Raise UnreadableNode where a layer cannot stand behind what came before."""
    if len(shape) != 3:
        return
    if isinstance(layer, Dense) and not is_flat:
        raise UnreadableNode(node, "it multiplies an image that was not flattened")
    if is_flat and node.operator == "BatchNormalization":
        raise UnreadableNode(node, "a layer normalizes the channels of an image, and not its single values")
    if is_flat and node.operator in _ON_IMAGES:
        raise UnreadableNode(node, "it needs an image, but a vector comes in")


def _shape_behind(node: Node, layer: Layer, shape: Shape) -> Shape:
    try:
        return layer.output_shape(shape)
    except InvalidArchitecture as error:
        raise UnreadableNode(node, str(error)) from None


def _stated(metadata: Mapping[str, str], found: Architecture) -> Architecture | None:
    """The architecture that REMAP wrote into its file, where the graph is the same but for dropouts; else None."""
    try:
        stated = Architecture.from_json(json.loads(metadata["architecture"]))
    except (KeyError, ValueError, RecursionError, InvalidArchitecture):
        return None
    layers = [_unpadded(layer) for layer in stated.layers if not isinstance(layer, Dropout)]
    same_task = (stated.input_shape, stated.classes) == (found.input_shape, found.classes)
    return stated if same_task and layers == list(found.layers) else None


def _unpadded(layer: Layer) -> Layer:
    """A kernel of 1 has no padding, whatever it is called."""
    if getattr(layer, "padding", "valid") == "same" and getattr(layer, "kernel_size", 0) == 1:
        return replace(layer, padding="valid")  # type: ignore[type-var]
    return layer
