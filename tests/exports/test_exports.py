"""Exports against PyTorch: an exported model predicts what the trained network does."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tasks import BARS, run, trial_on
from strategies import architectures

from remap_core.errors import ExportFailed
from remap_core.exports.export_formats import FORMS, export
from remap_core.exports.finished_model import FinishedModel, placed_layers, read_model
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.training.network.build import build
from remap_core.training.training_loop import train
from remap_core.trials.evaluation import SealedScore

EVERY_KIND = (
    "Conv 4x3 same, BatchNorm, ReLU, Residual 6, MBConv 6x3 expand 3 se, MaxPool 2, SepConv 6x3 stride 2 same, "
    "GELU, Dropout 0.25, AvgPool 2 stride 1, SiLU, GlobalAvgPool, Dense 8, Tanh, BatchNorm, Sigmoid"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trial that was trained, its evaluation, and the folder with its weights."""
    folder = tmp_path_factory.mktemp("trained")
    trial = trial_on(BARS, EVERY_KIND, epochs=2, batch_size=20)
    epochs, evaluation = run(train(trial, BARS, device="cpu", folder=folder))
    return replace(trial, last=epochs[-1]), evaluation, folder / "weights.safetensors"


@pytest.fixture(scope="module")
def model(trained):
    trial, _, weights = trained
    return read_model(weights, trial, BARS.card(), SealedScore(18, 9, 1.0))


def images() -> np.ndarray:
    """The validation images as exports take them: (n, channels, height, width) uint8."""
    return np.ascontiguousarray(BARS.validation.images.transpose(0, 3, 1, 2))


def onnx_logits(content: bytes, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": pixels})[0]


def test_an_onnx_file_predicts_what_the_trained_network_did(trained, model):
    _, evaluation, _ = trained
    assert onnx_logits(onnx_bytes(model), images()).argmax(1).tolist() == evaluation.predictions.tolist()


def test_an_onnx_file_carries_its_metadata(trained, model):
    trial, _, _ = trained
    metadata = {entry.key: entry.value for entry in onnx.load_from_string(onnx_bytes(model)).metadata_props}
    assert json.loads(metadata["architecture"]) == trial.architecture.to_json()
    assert json.loads(metadata["class_names"]) == ["top", "middle", "bottom"]
    assert json.loads(metadata["accuracies"]) == {
        "validation": trial.last.validation_accuracy,
        "sealed test": 0.5,
    }


SCRIPT = """
import sys, numpy, torch
sys.path.insert(0, ".")
from model import load
with torch.no_grad():
    print(load()(torch.from_numpy(numpy.load("images.npy"))).argmax(1).tolist())
assert not any(name.startswith("remap") for name in sys.modules)
"""


def test_pytorch_source_stands_alone_and_predicts_what_the_trained_network_did(trained, model, tmp_path):
    _, evaluation, _ = trained
    for name in ("model.py", "model.safetensors"):
        (tmp_path / name).write_bytes(export(model, name))
    np.save(tmp_path / "images.npy", images())
    printed = subprocess.run(
        [sys.executable, "-I", "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(printed) == evaluation.predictions.tolist()


def untrained(architecture, seed: int) -> tuple[FinishedModel, torch.nn.Module]:
    """A network with random weights and running statistics, and the model that it is."""
    torch.manual_seed(seed)
    network = build(architecture).eval()
    for name, buffer in network.named_buffers():
        if name.endswith(("mean", "var")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    names = tuple(f"class {number}" for number in range(architecture.classes))
    channels = architecture.input_shape[0]
    scale = (100.0, 120.0, 140.0)[:channels], (60.0, 70.0, 80.0)[:channels]
    return FinishedModel(1, architecture, "random", names, weights, b"", *scale, {}), network


def expected(model: FinishedModel, network: torch.nn.Module, pixels: np.ndarray) -> np.ndarray:
    scaled = (pixels - np.array(model.mean).reshape(1, -1, 1, 1)) / np.array(model.deviation).reshape(1, -1, 1, 1)
    with torch.no_grad():
        return network(torch.from_numpy(scaled.astype(np.float32))).numpy()


@settings(max_examples=40)
@given(architectures(), st.integers(0, 9))
def test_both_forms_of_any_network_output_its_logits(architecture, seed):
    model, network = untrained(architecture, seed)
    pixels = np.random.default_rng(seed).integers(0, 256, (3, *architecture.input_shape), dtype=np.uint8)
    logits = expected(model, network, pixels)
    assert onnx_logits(onnx_bytes(model), pixels) == pytest.approx(logits, rel=1e-3, abs=1e-4)
    source: dict = {}
    exec(pytorch_source(model, "weights.safetensors"), source)  # noqa: S102 (our own)
    alone = source["Network"]()
    alone.layers.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in model.weights.items()})
    with torch.no_grad():
        from_source = alone.eval()(torch.from_numpy(pixels)).numpy()
    assert from_source == pytest.approx(logits, rel=1e-3, abs=1e-4)


@given(architectures())
def test_positions_are_those_of_the_networks_weights(architecture):
    named = {name.split(".")[0] for name in build(architecture).state_dict()}
    weighted = {
        str(placed.position) for placed in placed_layers(architecture) if placed.layer.parameters(placed.input_shape)
    }
    assert weighted == named


def test_pytorch_source_refuses_images_that_are_not_uint8(model):
    source: dict = {}
    exec(pytorch_source(model, "weights.safetensors"), source)  # noqa: S102 (our own)
    with pytest.raises(TypeError, match=r"images must be uint8 \(0..255\), but they are torch.float32"):
        source["Network"]()(torch.zeros(1, 1, 8, 8))


EVIL = '"""\nraise SystemExit\n\'\\'


def test_names_of_classes_data_sets_and_files_are_never_run_as_code(model):
    source: dict = {}
    named = replace(model, dataset=EVIL, class_names=(EVIL, "b", "c"))
    exec(pytorch_source(named, EVIL), source)  # noqa: S102 (our own)
    assert (source["DATASET"], source["CLASSES"], source["WEIGHTS"]) == (EVIL, [EVIL, "b", "c"], EVIL)


def test_the_other_forms_are_the_weights_file_and_the_architecture(trained, model):
    trial, _, weights = trained
    assert set(FORMS) == {".onnx", ".onnx.zip", ".py", ".py.zip", ".safetensors", ".json"}
    assert export(model, "a.safetensors") == weights.read_bytes()
    assert json.loads(export(model, "a.JSON")) == trial.architecture.to_json()
    assert b'WEIGHTS = "a b.safetensors"' in export(model, "a b.py")


@pytest.mark.parametrize(("name", "found"), [("a.pt", ".pt"), ("a", "without suffix")])
def test_another_suffix_is_refused(model, name, found):
    with pytest.raises(ExportFailed, match=f"one of {', '.join(FORMS)}, but not as {found}"):
        export(model, name)


def test_a_model_without_weights_is_refused(trained, tmp_path):
    with pytest.raises(ExportFailed, match="Model 7 has no weights in the data folder"):
        read_model(tmp_path / "weights.safetensors", trained[0], BARS.card())


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: b"",
        lambda file: file[:100],
        lambda file: file[:-1] + bytes([file[-1] ^ 1]),
        lambda file: b"\xff" * 200,
        lambda file: (2).to_bytes(8, "little") + b"{}",
    ],
)
def test_damaged_weights_are_refused(trained, tmp_path, damage):
    trial, _, weights = trained
    damaged = tmp_path / "weights.safetensors"
    damaged.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(ExportFailed, match="The weights of Model 7 cannot be read"):
        read_model(damaged, trial, BARS.card())


def test_weights_of_another_model_are_refused(trained):
    _, _, weights = trained
    with pytest.raises(ExportFailed, match="does not hold the weights of Model 7 but those of another model"):
        read_model(weights, trial_on(BARS, "Dense 4"), BARS.card())
