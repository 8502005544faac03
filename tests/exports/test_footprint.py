"""What a network needs on a device, against the networks that are built and the files that are exported."""

from math import prod

import numpy as np
import onnxruntime.quantization as quantization
import pytest

from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import onnx_bytes
from remap_core.space.architecture import Architecture
from remap_core.space.footprint import footprint
from remap_core.space.layers import KINDS, BatchNorm
from remap_core.space.text import parse_layers
from remap_core.training.network.build import build

SMALL = "MaxPool 3, Conv 32x1, MaxPool 2, MaxPool 2"
CHAINS = [
    SMALL,
    "Conv 16x3, MaxPool 5, Dense 256, ReLU",
    "Conv 16x3 same, BatchNorm, ReLU, SepConv 32x3 stride 2 same, BatchNorm, ReLU, GlobalAvgPool",
    "Conv 16x3 same, BatchNorm, ReLU, Residual 16, Residual 32 stride 2, GlobalAvgPool",
    "Conv 16x3 same, BatchNorm, ReLU, MBConv 24x3 expand 4 stride 2, MBConv 24x3 expand 4 se, GlobalAvgPool",
]


def chain(layers: str) -> Architecture:
    return Architecture((1, 28, 28), 10, parse_layers(layers))


def exported(architecture: Architecture) -> bytes:
    weights = {name: tensor.numpy() for name, tensor in build(architecture).state_dict().items()}
    names = tuple("abcdefghij")
    return onnx_bytes(FinishedModel(1, architecture, "noise", names, weights, b"", (0.0,), (1.0,), {}))


class NoiseReader(quantization.CalibrationDataReader):
    def __init__(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (4, 1, 28, 28), dtype=np.uint8)
        self.batches = iter([{"images": pixels}])

    def get_next(self) -> dict | None:
        return next(self.batches, None)


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind is not BatchNorm])
def test_kernels_hold_every_weight_that_is_built(kind):
    for layer in (kind.grid()[0], kind.grid()[-1]):
        image = Architecture((2, 12, 12), 3, (layer,))
        head = 3 * prod(image.output_shapes[-1])
        built = sum(tensor.numel() for tensor in build(image).state_dict().values() if tensor.dim() > 1)
        assert sum(kernel.weights for kernel in layer.kernels(image.input_shape)) == built - head


@pytest.mark.parametrize("layers", CHAINS)
def test_the_flash_of_float32_is_the_size_of_the_exported_file(layers):
    size = len(exported(chain(layers)))
    assert footprint(chain(layers), int8=False).flash_bytes == pytest.approx(size, rel=0.07)


@pytest.mark.parametrize("layers", CHAINS)
def test_the_flash_of_int8_is_the_size_of_the_quantized_file(layers, tmp_path):
    exact, quantized = tmp_path / "float.onnx", tmp_path / "int8.onnx"
    exact.write_bytes(exported(chain(layers)))
    quantization.quant_pre_process(exact, exact, skip_symbolic_shape=True)
    quantization.quantize_static(exact, quantized, NoiseReader(), per_channel=True)
    assert footprint(chain(layers), int8=True).flash_bytes == pytest.approx(quantized.stat().st_size, rel=0.25)


@pytest.mark.parametrize(
    ("layers", "same"),
    [
        ("Conv 4x3, BatchNorm, ReLU", "Conv 4x3, ReLU"),
        ("Conv 4x3, Dropout 0.5, BatchNorm, ReLU", "Conv 4x3, ReLU"),
        ("Dense 8, BatchNorm, ReLU, Dropout 0.5", "Dense 8, ReLU"),
    ],
)
def test_a_batch_norm_after_a_kernel_costs_nothing(layers, same):
    assert footprint(chain(layers), int8=True) == footprint(chain(same), int8=True)


def test_a_batch_norm_after_an_activation_stays():
    with_norm, without = chain("Conv 4x3, ReLU, BatchNorm"), chain("Conv 4x3, ReLU")
    assert footprint(with_norm, int8=True).flash_bytes > footprint(without, int8=True).flash_bytes


def test_activations_take_one_byte_in_int8_and_four_in_float32():
    tiny = chain("MaxPool 2, Conv 2x1")
    assert footprint(tiny, int8=True).ram_bytes == tiny.peak_values
    assert footprint(tiny, int8=False).ram_bytes == 4 * tiny.peak_values
