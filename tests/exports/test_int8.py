"""int8 exports of real digits models, run independently of what made them."""

import importlib.util
import shutil
import sys
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from small_tasks import run, trial_on

from remap_core.datasets.dataset import load_dataset
from remap_core.errors import ExportFailed, MissingPackage, NotFound
from remap_core.exports.checks.compiled_header import header_logits
from remap_core.exports.finished_model import read_model
from remap_core.exports.int8.c_header import c_header
from remap_core.exports.int8.litert_file import litert_file
from remap_core.exports.int8.quantised_onnx import Int8Form, quantised_onnx
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.training.training_loop import train

DIGITS = load_dataset("digits")
CHAINS = (
    "Conv 16x3, ReLU, MaxPool 2, Dense 32, ReLU",
    "Conv 8x3 same, BatchNorm, ReLU, Residual 8, MBConv 8x3 expand 2 se, GlobalAvgPool",
)


def pixels(part) -> np.ndarray:
    return np.ascontiguousarray(part.images.transpose(0, 3, 1, 2))


CALIBRATION = pixels(DIGITS.train)[::3]
VALIDATION = pixels(DIGITS.validation)


@pytest.fixture(scope="module", params=CHAINS)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    trial = trial_on(DIGITS, request.param, epochs=3, batch_size=32)
    epochs, _ = run(train(trial, DIGITS, device="cpu", folder=folder))
    return read_model(folder / "weights.safetensors", replace(trial, last=epochs[-1]), DIGITS.card())


def logits(content: bytes) -> np.ndarray:
    """As the file says it, without any of onnxruntime's rewriting of graphs."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": VALIDATION})[0]


def test_int8_predicts_what_float_does(model):
    quantised, single = quantised_onnx(model, CALIBRATION), onnx_bytes(model)
    agreement = np.mean(logits(quantised).argmax(1) == logits(single).argmax(1))
    assert agreement > 0.95


def test_int8_does_not_depend_on_the_processor(model):
    """With weights of 8 bits, processors without VNNI would clip sums in the graph that onnxruntime makes of it."""
    quantised = quantised_onnx(model, CALIBRATION)
    session = onnxruntime.InferenceSession(quantised, providers=["CPUExecutionProvider"])
    rewritten = session.run(["logits"], {"images": VALIDATION})[0]
    assert np.mean(rewritten.argmax(1) == logits(quantised).argmax(1)) > 0.99


def test_weights_are_int8_with_a_scale_per_channel_and_metadata_stay(model):
    graph = onnx.load_from_string(quantised_onnx(model, CALIBRATION))
    constants = {tensor.name: tensor for tensor in graph.graph.initializer}
    kernels = [tensor for name, tensor in constants.items() if name.endswith("weight_quantized")]
    assert kernels
    for kernel in kernels:
        assert kernel.data_type == onnx.TensorProto.INT8
        assert list(constants[kernel.name.replace("quantized", "scale")].dims) == [kernel.dims[0]]
    assert {"class_names", "accuracies", "photo_steps"} <= {entry.key for entry in graph.metadata_props}


def test_a_handful_of_images_is_too_few_to_calibrate_on(model):
    with pytest.raises(ExportFailed, match=r"at least 10 training images to calibrate on, but digits has 1 training"):
        quantised_onnx(model, CALIBRATION[:1])


@pytest.mark.parametrize(
    ("package", "make", "sentence"),
    [
        ("onnx", quantised_onnx, "needs onnx, which is not installed"),
        ("onnxruntime.quantization", quantised_onnx, "needs onnxruntime, which is not installed"),
        ("emx_onnx_cgen", c_header, r"pip install -e '\.\[microcontroller\]'"),
    ],
)
def test_a_missing_package_is_named(model, monkeypatch, package, make, sentence):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=sentence):
        make(model, CALIBRATION)


@pytest.mark.skipif(importlib.util.find_spec("litert_torch") is not None, reason="the extra is installed")
def test_litert_without_its_extra_is_named(model):
    with pytest.raises(MissingPackage, match=r"pip install -e '\.\[litert\]'"):
        litert_file(model, CALIBRATION, VALIDATION)


def test_a_c_header_computes_what_onnxruntime_does(model):
    pytest.importorskip("emx_onnx_cgen")
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    code = c_header(replace(model, dataset="digits */ #error", class_names=("*/", *"123456789")), CALIBRATION)
    computed = header_logits(code, model, VALIDATION)
    assert "malloc" not in code
    assert computed == pytest.approx(logits(quantised_onnx(model, CALIBRATION, Int8Form.OPERATORS)), abs=0.05)


def test_a_header_that_does_not_compile_and_one_without_a_compiler_are_said(model, monkeypatch):
    if shutil.which("cc"):
        with pytest.raises(ExportFailed, match="The C header of Model 7 does not compile: "):
            header_logits("nonsense", model, VALIDATION)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotFound, match="no C compiler"):
        header_logits("", model, VALIDATION)
