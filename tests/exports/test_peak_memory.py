"""The peak of values that a block foresees, against the memory that its exported graph needs."""

from math import prod

import onnx
from hypothesis import given
from hypothesis import strategies as st
from onnx import shape_inference
from strategies import blocks

from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.space.architecture import Architecture
from remap_core.training.network.build import build

ELEMENTWISE = ("BatchNormalization", "Relu", "Clip", "HardSigmoid", "Add", "Mul")
"""Operators that can write their output over an input."""


def graph_of(architecture: Architecture) -> onnx.GraphProto:
    weights = {name: tensor.numpy() for name, tensor in build(architecture).state_dict().items()}
    channels = architecture.input_shape[0]
    scale = (0.0,) * channels, (1.0,) * channels
    model = FinishedModel(1, architecture, "noise", ("a", "b"), weights, b"", *scale, {})
    return shape_inference.infer_shapes(onnx.load_from_string(onnx_bytes(model))).graph


def peak(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> int:
    """Most values of one image that are needed at once while these nodes are computed one after another."""
    shapes = {info.name: info.type.tensor_type.shape.dim for info in graph.value_info}
    sizes = {name: prod(dimension.dim_value for dimension in shape[1:]) for name, shape in shapes.items()}
    constants = {tensor.name for tensor in graph.initializer}
    reads = [[name for name in node.input if name not in constants] for node in nodes]
    held = {reads[0][0]}
    most = 0
    for index, node in enumerate(nodes):
        (output,) = node.output
        still_needed = {name for later in reads[index + 1 :] for name in later}
        is_over_input = node.op_type in ELEMENTWISE and any(
            sizes[name] == sizes[output] and name not in still_needed for name in reads[index]
        )
        total = sum(sizes[name] for name in held)
        most = max(most, total if is_over_input else total + sizes[output])
        held = {name for name in held if name in still_needed} | {output}
    return most


@given(blocks, st.integers(1, 8), st.integers(3, 9), st.integers(3, 9))
def test_the_peak_of_a_block_is_that_of_its_graph(block, channels, height, width):
    shape = (channels, height, width)
    graph = graph_of(Architecture(shape, 2, (block,)))
    first = 3  # after the pixels are scaled
    last = -2  # before Flatten and Gemm of the head
    assert block.peak_values(shape) == peak(graph, list(graph.node)[first:last])
