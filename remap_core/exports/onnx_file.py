"""A model as an ONNX file, for onnxruntime and whatever else reads these: pixels in, logits out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from remap_core.exports.finished_model import FinishedModel, Module, modules
from remap_core.space.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    GlobalAvgPool2d,
    MaxPool2d,
    SeparableConv2d,
)

IMAGES, LOGITS = "images", "logits"
OPSET, IR_VERSION = 20, 9
"""The first operator set with GELU, and the file format of its time: onnxruntime reads both since 1.17."""

EPSILON = 1e-5
"""PyTorch's, of a batch norm."""

_FUNCTIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "gelu": "Gelu"}


@dataclass(frozen=True)
class _Operator:
    """An operator of ONNX on the value so far; weights are named as in `FinishedModel`. gated: x * operator(x)."""

    name: str
    weights: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    gated: bool = False


def onnx_bytes(model: FinishedModel) -> bytes:
    """The content of an .onnx file.

    Input "images": (n, channels, height, width) uint8, 0..255; how pixels are scaled is part of the graph. Output
    "logits": (n, classes) float32. The metadata hold the architecture, the classes' names and the accuracies as JSON.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes: list[Any] = []

    def put(operator: str, *inputs: str, **attributes: Any) -> str:
        output = f"{operator.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    value = put("Div", put("Sub", put("Cast", IMAGES, to=TensorProto.FLOAT), "mean"), "deviation")
    for module in modules(model.architecture):
        for operator in _operators(module):
            made = put(operator.name, value, *operator.weights, **operator.attributes)
            value = put("Mul", value, made) if operator.gated else made
    nodes[-1].output[0] = LOGITS
    scale = {
        name: np.array(values, np.float32).reshape(1, -1, 1, 1)
        for name, values in (("mean", model.mean), ("deviation", model.deviation))
    }
    constants = [numpy_helper.from_array(array, name) for name, array in {**scale, **_used(model)}.items()]
    graph = helper.make_graph(
        nodes,
        f"model_{model.id}",
        [helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, ["n", *model.architecture.input_shape])],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", model.architecture.classes])],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    made.producer_name = "remap"
    helper.set_model_props(
        made,
        {
            "architecture": json.dumps(model.architecture.to_json()),
            "dataset": model.dataset,
            "class_names": json.dumps(model.class_names),
            "accuracies": json.dumps(dict(model.accuracies)),
        },
    )
    checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString())


def _used(model: FinishedModel) -> dict[str, Any]:
    used = {
        name for module in modules(model.architecture) for operator in _operators(module) for name in operator.weights
    }
    return {name: array for name, array in model.weights.items() if name in used}


def _operators(module: Module) -> Iterator[_Operator]:
    layer, place = module.layer, module.place
    match layer:
        case Conv2d():
            yield _Operator("Conv", (f"{place}.weight", f"{place}.bias"), _window(layer))
        case SeparableConv2d():
            yield _Operator("Conv", (f"{place}.0.weight",), {**_window(layer), "group": module.shape[0]})
            yield _Operator("Conv", (f"{place}.1.weight", f"{place}.1.bias"), {"kernel_shape": [1, 1]})
        case MaxPool2d() | AvgPool2d():
            name = "MaxPool" if isinstance(layer, MaxPool2d) else "AveragePool"
            yield _Operator(name, (), {"kernel_shape": [layer.size] * 2, "strides": [layer.stride] * 2})
        case GlobalAvgPool2d():
            yield from (_Operator("GlobalAveragePool"), _Operator("Flatten"))
        case BatchNorm():
            names = ("weight", "bias", "running_mean", "running_var")
            weights = tuple(f"{place}.{name}" for name in names)
            yield _Operator("BatchNormalization", weights, {"epsilon": EPSILON})
        case Dense():
            if len(module.shape) == 3:
                yield _Operator("Flatten")
            yield _Operator("Gemm", (f"{place}.weight", f"{place}.bias"), {"transB": 1})
        case Activation(function="silu"):
            yield _Operator("Sigmoid", gated=True)
        case Activation():
            yield _Operator(_FUNCTIONS[layer.function])
        case Dropout():
            pass  # does nothing in evaluation
        case _:
            raise TypeError(f"{type(layer).__name__} has no operator of ONNX.")


def _window(layer: Conv2d | SeparableConv2d) -> dict[str, Any]:
    return {
        "kernel_shape": [layer.kernel_size] * 2,
        "strides": [layer.stride] * 2,
        "pads": [layer.margin] * 4,
    }
