"""What a layer kind needs, kind by kind; and a kind that is added, trained, drawn, exported and measured."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnxruntime
import pytest
import torch
from small_tasks import run, trial_on
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from remap_core.datasets.dataset import load_dataset
from remap_core.drawing.snac.chips import Size, chips
from remap_core.drawing.snac.svg import snac_svg
from remap_core.exports.finished_model import FinishedModel, read_model
from remap_core.exports.layer_exports import LAYER_EXPORTS, LayerExport, Operator
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.geometry.otmann.conventions import CONVENTIONS, DEFAULT
from remap_core.geometry.otmann.distances import distances
from remap_core.space.architecture import Architecture
from remap_core.space.layers import KINDS, Appearance, Layer, NodeRule, layer_from_json
from remap_core.space.text import layer_text, parse_layers
from remap_core.training.network.build import MODULES, build, modules_of
from remap_core.training.training_loop import train

SHAPE, CLASSES = (2, 12, 12), ("a", "b", "c")
PIXELS = np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype=np.uint8)


def chain(kind: type[Layer]) -> Architecture:
    """A layer of the kind and the head."""
    return Architecture(SHAPE, len(CLASSES), (kind.grid()[-1],))


def untrained(kind: type[Layer]) -> tuple[nn.Module, FinishedModel]:
    network = build(chain(kind)).eval()
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return network, FinishedModel(1, chain(kind), "noise", CLASSES, weights, b"", (0.0, 0.0), (255.0, 255.0), {})


def onnx_logits(model: FinishedModel, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(onnx_bytes(model), providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": pixels})[0]


def source_logits(model: FinishedModel, pixels: np.ndarray) -> np.ndarray:
    source: dict = {}
    exec(pytorch_source(model, "weights.safetensors"), source)  # noqa: S102 (our own)
    network = source["Network"]().eval()
    network.layers.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in model.weights.items()})
    return logits(network, torch.from_numpy(pixels))


def logits(network: nn.Module, values: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return network(values).numpy()


def has_json_form(kind):
    return all(layer_from_json(layer.to_json()) == layer for layer in kind.grid())


def has_text_form(kind):
    return all(parse_layers(layer_text(layer)) == (layer,) for layer in kind.grid())


def has_examples(kind):
    return {type(layer) for layer in parse_layers(", ".join(kind.examples))} == {kind}


def has_colours(kind):
    colours = (kind.appearance.colour, kind.appearance.border)
    return all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


def has_chip(kind):
    return kind.appearance.colour in snac_svg(chips(chain(kind), Size.LARGE), Size.LARGE)


def module_of(kind: type[Layer]) -> nn.Module:
    """What `build` makes of a layer of the kind."""
    return nn.Sequential(*modules_of(build(chain(kind)), chain(kind))[0])


def has_foreseen_shape(kind):
    return module_of(kind)(torch.zeros(2, *SHAPE)).shape[1:] == chain(kind).output_shapes[0]


def has_foreseen_linearity(kind):
    module = module_of(kind).eval()
    one, other = torch.randn(2, 1, *SHAPE)
    is_affine = np.allclose(
        logits(module, one + other) + logits(module, torch.zeros_like(one)),
        logits(module, one) + logits(module, other),
        atol=1e-4,
    )
    return kind.is_linear == is_affine


def has_foreseen_use_of_the_batch(kind):
    module = module_of(kind)
    first = torch.randn(1, *SHAPE)
    outputs = []
    for second in (first, 2 * first):
        torch.manual_seed(0)
        outputs.append(logits(module, torch.cat([first, second]))[0])
    return kind.uses_batch_statistics != np.allclose(*outputs)


def has_foreseen_parameters(kind):
    return sum(parameter.numel() for parameter in build(chain(kind)).parameters()) == chain(kind).parameters


def has_foreseen_multiply_adds(kind):
    with FlopCounterMode(display=False) as counted:
        build(chain(kind))(torch.zeros(1, *SHAPE))
    return counted.get_total_flops() == 2 * chain(kind).multiply_adds


def has_onnx_operators(kind):
    network, model = untrained(kind)
    expected = logits(network, torch.from_numpy(PIXELS) / 255)
    return np.allclose(onnx_logits(model, PIXELS), expected, rtol=1e-3, atol=1e-4)


def has_pytorch_source(kind):
    network, model = untrained(kind)
    expected = logits(network, torch.from_numpy(PIXELS) / 255)
    return np.allclose(source_logits(model, PIXELS), expected, rtol=1e-3, atol=1e-4)


def node_rule_requirement(convention: str) -> Callable[[type[Layer]], bool]:
    return lambda kind: convention in kind.node_rules


REQUIREMENTS: dict[str, Callable[[type[Layer]], bool]] = {
    "a title": lambda kind: bool(kind.title),
    "offered values": lambda kind: bool(kind.grid()),
    "a place in KINDS, and a JSON form that round-trips": has_json_form,
    "a text form that round-trips": has_text_form,
    "examples of its text form": has_examples,
    "colours": has_colours,
    "a chip": has_chip,
    **{f"an OTMANN rule in {name}": node_rule_requirement(name) for name in CONVENTIONS},
    "an entry in MODULES": lambda kind: kind in MODULES,
    "a module with the foreseen output shape": has_foreseen_shape,
    "a module with the foreseen linearity": has_foreseen_linearity,
    "a module with the foreseen use of the batch": has_foreseen_use_of_the_batch,
    "a module with the foreseen parameters": has_foreseen_parameters,
    "a module with the foreseen multiply-adds": has_foreseen_multiply_adds,
    "an entry in LAYER_EXPORTS": lambda kind: kind in LAYER_EXPORTS,
    "ONNX operators with its module's output": has_onnx_operators,
    "PyTorch source with its module's output": has_pytorch_source,
}


def lacks(kind: type[Layer]) -> list[str]:
    """The requirements that the kind does not meet."""
    missing = []
    for name, is_met in REQUIREMENTS.items():
        try:
            met = is_met(kind)
        except Exception:  # whatever a half-written kind raises
            met = False
        if not met:
            missing.append(name)
    return missing


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_layer_kind_lacks_nothing(kind):
    assert lacks(kind) == []


def test_everything_that_a_new_kind_lacks_is_listed():
    @dataclass(frozen=True)
    class Identity(Layer):
        kind: ClassVar = "identity"

        def output_shape(self, shape):
            return shape

    assert lacks(Identity) == [name for name in REQUIREMENTS if name != "offered values"]


def test_a_kind_is_added_trained_drawn_exported_and_measured(monkeypatch, tmp_path):
    @dataclass(frozen=True)
    class PReLU(Layer):
        kind: ClassVar = "prelu"
        title: ClassVar = "PReLU"
        pattern: ClassVar = "PReLU"
        examples: ClassVar = ("PReLU",)
        is_linear: ClassVar = False
        appearance: ClassVar = Appearance(colour="#d0a0ff", border="#7040a0", symbol="P")
        node_rules: ClassVar = dict.fromkeys(CONVENTIONS, NodeRule("prelu"))

        def output_shape(self, shape):
            return shape

        def parameters(self, shape):
            return 1

    operators = lambda _, placed: [Operator("PRelu", placed.weights("weight"))]  # noqa: E731
    monkeypatch.setitem(KINDS, PReLU.kind, PReLU)
    monkeypatch.setitem(MODULES, PReLU, lambda _layer, _inputs: nn.PReLU())
    monkeypatch.setitem(LAYER_EXPORTS, PReLU, LayerExport(operators, lambda _layer, _placed: "nn.PReLU()"))
    assert lacks(PReLU) == []
    digits = load_dataset("digits#200")
    trial, relu = (trial_on(digits, f"Conv 8x3, {word}, Dense 16", epochs=1) for word in ("PReLU", "ReLU"))
    _, evaluation = run(train(trial, digits, device="cpu", folder=tmp_path))
    assert "#d0a0ff" in snac_svg(chips(trial.architecture, Size.LARGE), Size.LARGE)
    model = read_model(tmp_path / "weights.safetensors", trial, digits.card())
    pixels = np.ascontiguousarray(digits.validation.images.transpose(0, 3, 1, 2))
    assert onnx_logits(model, pixels).argmax(1).tolist() == evaluation.predictions.tolist()
    assert distances([trial.architecture, relu.architecture], DEFAULT)[0, 1] > 0
