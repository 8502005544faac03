"""The graph of an ONNX file: its nodes, what each computes on and what it takes as a constant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from remap_core.errors import InvalidArchitecture

MAX_NODES = 5_000
MAX_VALUES = 1_000
"""Values of a constant that is looked into; of weights only the shape is."""
MAX_NAME = 40
"""Characters of a node's name in a sentence."""


class UnreadableNode(Exception):
    """A node that no architecture has. The message is the end of a sentence."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(reason)
        self.node = node


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that the file holds, or that another file holds."""

    shape: tuple[int, ...]
    tensor: Any

    def values(self, node: Node) -> list[float]:
        """Its values, for the node that takes them; raises UnreadableNode where they are in another file, or many."""
        from onnx import TensorProto, numpy_helper

        if self.tensor.data_location == TensorProto.EXTERNAL:
            raise UnreadableNode(node, f"its constant {self.tensor.name!r:.60} is in another file, which is not opened")
        count = 1
        for size in self.shape:
            count *= size
        if count > MAX_VALUES:
            raise UnreadableNode(node, f"its constant has {count} values")
        try:
            return [float(value) for value in numpy_helper.to_array(self.tensor).ravel()]
        except (ValueError, TypeError) as error:
            raise UnreadableNode(node, f"its constant cannot be read: {error}") from None


@dataclass(frozen=True, eq=False)
class Node:
    """A node. inputs: what was computed before, in order; constants: by their place among all inputs."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    constants: Mapping[int, Constant]
    attributes: Mapping[str, Any]
    outputs: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its name and operator, for sentences."""
        return f"Node {self.name[:MAX_NAME]} ({self.operator[:MAX_NAME]})"

    def numbers(self, attribute: str, place: int, default: Sequence[float] = ()) -> list[float]:
        """Numbers that older operators have as an attribute, and newer ones as a constant."""
        if place in self.constants:
            return self.constants[place].values(self)
        value = self.attributes.get(attribute, default)
        return [float(number) for number in (value if isinstance(value, Sequence) else [value])]


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph with one input and one output. users: the nodes that take a value, by its name.

    input_shape: without the batch; None for a size that the file leaves open.
    """

    input: str
    input_shape: tuple[int | None, ...]
    output: str
    users: Mapping[str, Sequence[Node]]
    metadata: Mapping[str, str]


def read_graph(content: bytes) -> Graph:
    """The graph of an .onnx file; raises InvalidArchitecture for what is none, or has several inputs or outputs."""
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    model = ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RuntimeError):
        raise InvalidArchitecture("it is damaged, or no ONNX file.") from None
    graph = model.graph
    if not graph.node:
        raise InvalidArchitecture("it is damaged, or no ONNX file: it holds no graph.")
    if len(graph.node) > MAX_NODES:
        raise InvalidArchitecture(f"it has {len(graph.node)} nodes, and at most {MAX_NODES} are read.")
    constants = _constants(graph)
    inputs = [value for value in graph.input if value.name not in constants]
    _require_one("input", [value.name for value in inputs])
    _require_one("output", [value.name for value in graph.output])
    users: dict[str, list[Node]] = defaultdict(list)
    for number, form in enumerate(graph.node, start=1):
        if form.op_type != "Constant":
            node = _node(number, form, constants)
            for name in node.inputs:
                users[name].append(node)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    return Graph(inputs[0].name, _shape(inputs[0]), graph.output[0].name, users, metadata)


def _constants(graph: Any) -> dict[str, Constant]:
    """The tensors of the graph, by name: its initializers, the outputs of its Constant nodes, and copies of these."""
    from onnx import helper

    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for form in graph.node:
        if form.op_type == "Identity" and form.input and form.input[0] in tensors:
            tensors[form.output[0]] = tensors[form.input[0]]  # PyTorch's exporter stores equal tensors once
        if form.op_type != "Constant" or not form.output:
            continue
        for attribute in form.attribute:
            value = helper.get_attribute_value(attribute)
            if attribute.name == "value":
                tensors[form.output[0]] = value
            elif attribute.name in ("value_int", "value_float", "value_ints", "value_floats"):
                tensors[form.output[0]] = _tensor(form.output[0], value)
    return {name: Constant(tuple(tensor.dims), tensor) for name, tensor in tensors.items()}


def _tensor(name: str, value: Any) -> Any:
    from onnx import TensorProto, helper

    values = list(value) if isinstance(value, Sequence) else [value]
    return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], [float(number) for number in values])


def _node(number: int, form: Any, constants: Mapping[str, Constant]) -> Node:
    from onnx import helper

    operator = f"{form.domain}.{form.op_type}" if form.domain not in ("", "ai.onnx") else form.op_type
    return Node(
        form.name or str(number),
        operator,
        tuple(name for name in form.input if name and name not in constants),
        {place: constants[name] for place, name in enumerate(form.input) if name in constants},
        {attribute.name: _plain(helper.get_attribute_value(attribute)) for attribute in form.attribute},
        tuple(form.output),
    )


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _shape(value: Any) -> tuple[int | None, ...]:
    dimensions = value.type.tensor_type.shape.dim
    return tuple(size.dim_value or None for size in list(dimensions)[1:])


def _require_one(what: str, names: Sequence[str]) -> None:
    if len(names) != 1:
        listed = ", ".join(name[:MAX_NAME] for name in names[:3])
        raise InvalidArchitecture(f"it has {len(names)} {what}s ({listed}), and an architecture has 1.")
