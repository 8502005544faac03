"""ONNX files as architectures: what is exported reads back, and what no layer is gets named."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from strategies import architectures

from remap_core.errors import InvalidArchitecture
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.imports.imported import WEIGHTS_LEFT, Images
from remap_core.imports.onnx_reading import read_onnx
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Dropout
from remap_core.space.markov.sampler import sample_architectures
from remap_core.space.markov.search_spaces import SPACES
from remap_core.space.text import layers_text, parse_layers
from remap_core.training.network.build import build


def exported(architecture: Architecture, *, with_metadata: bool = True) -> bytes:
    """The .onnx file of a model that was never trained."""
    weights = {name: tensor.numpy() for name, tensor in build(architecture).state_dict().items()}
    channels, names = architecture.input_shape[0], tuple(map(str, range(architecture.classes)))
    scale = ((0.0,) * channels, (1.0,) * channels)
    content = onnx_bytes(FinishedModel(1, architecture, "toy", names, weights, b"", *scale, {}))
    if with_metadata:
        return content
    model = onnx.load_from_string(content)
    del model.metadata_props[:]
    return model.SerializeToString()


def as_graph(layer):
    """A layer as a graph for predicting shows it: a kernel of 1 has no padding."""
    is_same = getattr(layer, "padding", "valid") == "same"
    return replace(layer, padding="valid") if is_same and layer.kernel_size == 1 else layer


def without_dropouts(architecture: Architecture) -> Architecture:
    return architecture.with_layers([as_graph(one) for one in architecture.layers if not isinstance(one, Dropout)])


@settings(max_examples=12)
@given(st.sampled_from(list(SPACES)), st.sampled_from([(1, 28, 28), (3, 32, 32)]), st.integers(0, 999))
def test_an_exported_file_reads_back_as_the_same_architecture_whatever_space_it_is_from(space, input_shape, seed):
    (sampled,) = sample_architectures(SPACES[space], input_shape, 10, 1, np.random.default_rng(seed))
    assert read_onnx(exported(sampled)).architecture == sampled
    assert read_onnx(exported(sampled, with_metadata=False)).architecture == without_dropouts(sampled)


@settings(max_examples=25)
@given(architectures())
def test_any_exported_file_reads_back(architecture):
    assert read_onnx(exported(architecture)).architecture == architecture
    assert read_onnx(exported(architecture, with_metadata=False)).architecture == without_dropouts(architecture)


EVERY_KIND = (
    "Conv 4x3 same, BatchNorm, ReLU, Residual 6 stride 2, Residual 6, MBConv 6x3 expand 3 se, "
    "MBConv 8x5 expand 1 stride 2, SepConv 6x3 same, GELU, AvgPool 2 stride 1, SiLU, GlobalAvgPool, Dense 8, Tanh, "
    "BatchNorm, Sigmoid"
)


def test_a_graph_that_was_changed_counts_and_not_what_its_metadata_say():
    model = onnx.load_from_string(exported(Architecture((1, 8, 8), 10, parse_layers("Conv 4x3, ReLU"))))
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Tanh"
    assert layers_text(read_onnx(model.SerializeToString()).architecture.layers) == "Conv 4x3, Tanh"


def test_every_kind_of_layer_is_read_and_the_weights_are_said_to_be_left():
    imported = read_onnx(exported(Architecture((3, 16, 16), 10, parse_layers(EVERY_KIND)), with_metadata=False))
    assert layers_text(imported.architecture.layers) == EVERY_KIND
    assert WEIGHTS_LEFT in imported.notes


def graph(*nodes, shape=("n", 1, 8, 8), outputs=("out",), inputs=("in",), **weights) -> bytes:
    """An .onnx file of nodes from "in" to "out". weights: shapes of float tensors, or arrays."""
    tensors = [
        numpy_helper.from_array(value if isinstance(value, np.ndarray) else np.zeros(value, np.float32), name)
        for name, value in weights.items()
    ]
    made = helper.make_graph(
        list(nodes),
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        tensors,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)]).SerializeToString()


def node(operator, *inputs, out="out", name="", **attributes):
    return helper.make_node(operator, list(inputs), [out], name=name or operator.lower(), **attributes)


HEAD = (node("Flatten", "x", out="flat"), node("Gemm", "flat", "w", "b", transB=1))
LINEAR = {"w": (10, 64), "b": (10,)}


def single(operator, *constants, **attributes):
    """One node on the image, then the head."""
    return graph(node(operator, "in", *constants, out="x", **attributes), *HEAD, **LINEAR)


def text_of(content: bytes) -> str:
    return layers_text(read_onnx(content).architecture.layers)


def test_dense_layers_of_a_product_and_a_sum_and_a_softmax_at_the_end_are_read():
    content = graph(
        node("Reshape", "in", "size", out="flat"),
        node("MatMul", "flat", "v", out="product"),
        node("Add", "product", "c", out="sum"),
        node("Relu", "sum", out="hidden"),
        node("Gemm", "hidden", "w", "b", out="scores"),
        node("Softmax", "scores"),
        size=np.array([-1, 64]),
        v=(64, 16),
        c=(16,),
        w=(16, 3),
        b=(3,),
    )
    assert text_of(content) == "Dense 16, ReLU"
    assert read_onnx(content).architecture.classes == 3


def test_a_gelu_that_is_spelt_out_is_one():
    content = graph(
        node("Div", "in", "root", out="scaled"),
        node("Erf", "scaled", out="erf"),
        node("Add", "erf", "one", out="moved"),
        node("Mul", "in", "moved", out="product"),
        node("Mul", "product", "half", out="x"),
        *HEAD,
        root=np.array(2**0.5, np.float32),
        one=np.array(1, np.float32),
        half=np.array(0.5, np.float32),
        **LINEAR,
    )
    assert text_of(content) == "GELU"


def test_automatic_padding_that_is_half_of_a_kernel_is_read():
    content = graph(
        node("Conv", "in", "k", "c", out="x", auto_pad="SAME_UPPER"), *HEAD, k=(1, 1, 5, 5), c=(1,), **LINEAR
    )
    assert text_of(content) == "Conv 1x5 same"


def residual(*, norm: bool, shortcut: str = "in") -> bytes:
    """A block on the image, its batch norms folded into the convolutions or not."""
    scales = ("s", "o", "m", "v")
    nodes, value = [], "in"
    for number in (1, 2):
        biases = () if norm else ("c",)
        nodes.append(node("Conv", value, "k", *biases, out=f"conv{number}", pads=[1] * 4))
        value = f"conv{number}"
        if norm:
            nodes.append(node("BatchNormalization", value, *scales, out=f"norm{number}"))
            value = f"norm{number}"
        if number == 1:
            nodes.append(node("Relu", value, out="inner"))
            value = "inner"
    nodes += [node("Add", value, shortcut, out="sum"), node("Relu", "sum", out="x"), *HEAD]
    return graph(*nodes, k=(1, 1, 3, 3), c=(1,), s=(1,), o=(1,), m=(1,), v=(1,), **LINEAR)


@pytest.mark.parametrize("norm", [True, False])
def test_a_residual_block_is_read_with_its_batch_norms_folded_into_the_convolutions_or_not(norm):
    assert text_of(residual(norm=norm)) == "Residual 1"


def test_weights_that_are_copied_are_weights():
    copied = (node("Identity", "w", out="w2", name="copy"), HEAD[0], node("Gemm", "flat", "w2", "b", transB=1))
    assert text_of(graph(node("Relu", "in", out="x"), *copied, **LINEAR)) == "ReLU"


def external(content: bytes) -> bytes:
    """The same file with its weights in another one, which is not there."""
    model = onnx.load_from_string(content)
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../../etc/passwd")
    return model.SerializeToString()


def test_weights_in_another_file_are_not_opened_as_their_shapes_are_enough():
    assert text_of(external(single("Relu"))) == "ReLU"


LOOP = (node("Relu", "b", out="a", name="first"), node("Relu", "a", out="b", name="second"))
BAD = {
    "another operator": (single("LRN", size=3), r"Node lrn \(LRN\) cannot be read: no layer does that\."),
    "another domain": (single("Relu", domain="com.acme"), r"Node relu \(com\.acme\.Relu\)"),
    "three ways": (
        graph(
            *(node("Relu", "in", out=f"r{number}") for number in range(3)),
            node("Concat", "r0", "r1", "r2", out="x", axis=1),
            *HEAD,
            **LINEAR,
        ),
        r"goes to 3 nodes at once \(Relu, Relu, Relu\): that is no chain",
    ),
    "two ways": (
        graph(
            node("Relu", "in", out="r"),
            node("Tanh", "in", out="t"),
            node("Concat", "r", "t", out="x", axis=1),
            *HEAD,
            **LINEAR,
        ),
        r"Node concat \(Concat\) cannot be read: it joins two branches, and no layer does that \((Relu|Tanh)\)",
    ),
    "branches that do not meet": (
        graph(node("Relu", "in", out="r", name="dead"), node("Tanh", "in", out="x"), *HEAD, **LINEAR),
        r"Node tanh \(Tanh\).*it and Node dead \(Relu\) start branches that do not meet",
    ),
    "a shortcut that is none": (residual(norm=True, shortcut="inner"), r"Node (conv|add) \((Conv|Add)\)"),
    "a lone ReLU6": (
        graph(
            node("Clip", "in", "low", "high", out="x"),
            *HEAD,
            low=np.array(0, np.float32),
            high=np.array(6, np.float32),
            **LINEAR,
        ),
        "ReLU6 inside an MBConv",
    ),
    "no bias": (
        graph(node("Conv", "in", "k", out="x"), *HEAD, k=(1, 1, 1, 1), **LINEAR),
        r"Node conv \(Conv\) cannot be read: it has no bias",
    ),
    "other channels": (
        graph(node("Conv", "in", "k", "c", out="x"), *HEAD, k=(1, 3, 1, 1), c=(1,), **LINEAR),
        "it takes 3 channels, but 1 come in",
    ),
    "no square": (single("MaxPool", kernel_shape=[2, 3]), r"it has kernel_shape=\[2, 3\], and a layer squares"),
    "a padded pool": (single("MaxPool", kernel_shape=[3, 3], pads=[1] * 4), "it pads its input"),
    "uneven padding": (
        graph(node("Conv", "in", "k", "c", out="x", pads=[0, 0, 1, 1]), *HEAD, k=(1, 1, 2, 2), c=(1,), **LINEAR),
        r"it has pads=\[0, 0, 1, 1\]",
    ),
    "too large a window": (single("MaxPool", kernel_shape=[9, 9]), r"Node maxpool \(MaxPool\).*9 x 9 window"),
    "another epsilon": (
        graph(
            node("BatchNormalization", "in", "s", "o", "m", "v", out="x", epsilon=1e-3),
            *HEAD,
            s=(1,),
            o=(1,),
            m=(1,),
            v=(1,),
            **LINEAR,
        ),
        "it has epsilon=0.001, and a layer 1e-05",
    ),
    "other values": (graph(*HEAD[1:], w=(10, 9), b=(10,), shape=("n", 9)), "has 2 dimensions, and images 4"),
    "not flattened": (
        graph(node("Gemm", "in", "w", "b", transB=1), **LINEAR),
        "it multiplies an image that was not flattened",
    ),
    "no head": (graph(node("Relu", "in")), "its last operator must be a Gemm that puts out the classes"),
    "one class": (
        graph(node("Flatten", "in", out="flat"), node("Gemm", "flat", "w", "b", transB=1), w=(1, 64), b=(1,)),
        "classes must be a whole number of at least 2, but got 1",
    ),
    "two inputs": (graph(node("Add", "in", "other"), inputs=("in", "other")), r"it has 2 inputs \(in, other\)"),
    "two outputs": (graph(node("Relu", "in"), outputs=("out", "more")), r"it has 2 outputs \(out, more\)"),
    "open size": (graph(*HEAD, **LINEAR, shape=("n", 1, "h", "w")), "it leaves the size of its images open"),
    "a circle": (graph(*LOOP, *HEAD, **LINEAR), "its last operator must be"),
    "a constant elsewhere": (
        external(graph(node("Clip", "in", "low", out="x"), *HEAD, low=np.array(0, np.float32), **LINEAR)),
        "Node clip",
    ),
    "empty": (b"", "it is damaged, or no ONNX file"),
    "no ONNX": (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is damaged, or no ONNX file"),
    "cut off": (single("Relu")[:-40], "it is damaged, or no ONNX file|cannot be read|its last operator"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_what_no_chain_of_layers_is_gets_one_sentence_that_names_the_node(content, sentence):
    with pytest.raises(InvalidArchitecture, match=sentence) as raised:
        read_onnx(content)
    assert "\n" not in str(raised.value)


def test_the_size_that_a_file_leaves_open_is_that_of_the_data_set():
    content = graph(node("Relu", "in", out="x"), *HEAD, shape=("n", 1, "h", "w"), **LINEAR)
    assert read_onnx(content, Images((1, 8, 8), 10, "digits")).architecture.input_shape == (1, 8, 8)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_raise(content):
    with pytest.raises(InvalidArchitecture):
        read_onnx(content)


VALID = exported(Architecture((1, 8, 8), 10, parse_layers("Conv 4x3, ReLU, Residual 4")))


@settings(max_examples=100)
@given(st.integers(0, len(VALID) - 1), st.integers(0, 255))
def test_a_byte_that_is_changed_does_no_more_than_raise(place, byte):
    try:
        read_onnx(VALID[:place] + bytes([byte]) + VALID[place + 1 :])
    except InvalidArchitecture:
        return
