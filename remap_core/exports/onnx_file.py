"""A model as an ONNX file, for onnxruntime and whatever else reads these: pixels in, logits out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from remap_core.datasets.photos import photo_steps
from remap_core.errors import MissingPackage
from remap_core.exports.finished_model import FinishedModel, Weights, placed_layers
from remap_core.exports.layer_exports import Join, Operator, Step, layer_operators

IMAGES, LOGITS = "images", "logits"
OPSET, IR_VERSION = 20, 9
"""The first operator set with GELU, and the file format of its time: onnxruntime reads both since 1.17."""


def onnx_bytes(model: FinishedModel) -> bytes:
    """The content of an .onnx file.

    Input "images": (n, channels, height, width) uint8, 0..255; scaling the pixels is part of the graph. Output
    "logits": (n, classes) float32. The metadata hold the architecture, the class names, the accuracies, the recipe
    of the data set and what is done with a photo as JSON. Raises MissingPackage without onnx.
    """
    try:
        from onnx import checker, helper
    except ImportError:
        raise MissingPackage("An ONNX file needs onnx, which is not installed: pip install onnx.") from None
    graph = helper.make_model(
        _graph(model),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="remap",
    )
    helper.set_model_props(graph, _metadata(model))
    checker.check_model(graph, full_check=True)
    return bytes(graph.SerializeToString())


def _metadata(model: FinishedModel) -> dict[str, str]:
    metadata = {
        "architecture": json.dumps(model.architecture.to_json()),
        "dataset": model.dataset,
        "class_names": json.dumps(model.class_names),
        "accuracies": json.dumps(dict(model.accuracies)),
        "photo_steps": json.dumps(photo_steps(model.recipe, model.architecture.input_shape)),
    }
    if model.recipe:
        metadata["recipe"] = model.recipe.to_json()
    return metadata


def _graph(model: FinishedModel) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    steps = _steps(model)
    operators = list(_operators(steps))
    constants = {
        "mean": _per_channel(model.mean),
        "deviation": _per_channel(model.deviation),
        **_used_constants(operators),
        **_used_weights(model, operators),
    }
    architecture = model.architecture
    images = helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, ["n", *architecture.input_shape])
    logits = helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", architecture.classes])
    return helper.make_graph(
        nodes=_nodes(steps),
        name=f"model_{model.id}",
        inputs=[images],
        outputs=[logits],
        initializer=[numpy_helper.from_array(array, name) for name, array in constants.items()],
    )


def _steps(model: FinishedModel) -> list[Step]:
    """The network after its pixels are scaled."""
    steps: list[Step] = []
    for placed in placed_layers(model.architecture):
        steps += layer_operators(placed)
    return steps


def _operators(steps: Iterable[Step]) -> Iterator[Operator]:
    """The operators of the steps and of their branches, without joins."""
    for step in steps:
        if isinstance(step, Join):
            yield from _operators((*step.branch, *step.other))
        else:
            yield step


def _nodes(steps: list[Step]) -> list[Any]:
    """The nodes of the graph, the last of which outputs the logits."""
    from onnx import TensorProto, helper

    nodes: list[Any] = []

    def add(operator: str, *inputs: str, **attributes: Any) -> str:
        output = f"{operator.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def add_all(steps: Iterable[Step], value: str) -> str:
        for step in steps:
            if isinstance(step, Join):
                value = add(step.name, add_all(step.branch, value), add_all(step.other, value))
            else:
                constants = map(_constant_name, step.constants)
                value = add(step.name, value, *step.weights, *constants, **step.attributes)
        return value

    pixels = add("Cast", IMAGES, to=TensorProto.FLOAT)
    centred = add("Sub", pixels, "mean")
    scaled = add("Div", centred, "deviation")
    add_all(steps, scaled)
    nodes[-1].output[0] = LOGITS
    return nodes


def _constant_name(value: float) -> str:
    return f"constant_{value:g}"


def _used_constants(operators: list[Operator]) -> Weights:
    used = {value for operator in operators for value in operator.constants}
    return {_constant_name(value): np.array(value, np.float32) for value in sorted(used)}


def _per_channel(values: tuple[float, ...]) -> Any:
    return np.array(values, np.float32).reshape(1, -1, 1, 1)


def _used_weights(model: FinishedModel, operators: list[Operator]) -> Weights:
    used = {name for operator in operators for name in operator.weights}
    return {name: array for name, array in model.weights.items() if name in used}
