"""A model as an ONNX file in 8-bit integers, by onnxruntime's static quantisation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import ExportFailed, MissingPackage
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_file import IMAGES, onnx_bytes
from remap_core.formatting import pluralize

MIN_CALIBRATION_IMAGES = 10
"""The ranges of activations that fewer images show say little about the next one."""
MAX_CALIBRATION_IMAGES = 512
_BATCH = 64


class Int8Form(Enum):
    """How integers are written into the graph."""

    QDQ = "QDQ"
    """Pairs of QuantizeLinear and DequantizeLinear around the operators: what onnxruntime runs fast."""
    OPERATORS = "QOperator"
    """Operators on integers, such as QLinearConv: what a generator of C code computes in integers."""


def quantised_onnx(model: FinishedModel, calibration: NDArray[np.uint8], form: Int8Form = Int8Form.QDQ) -> bytes:
    """The content of an .onnx file with int8 weights, one scale per output channel, and int8 activations.

    Input and output are those of `onnx_bytes`. calibration: (n, channels, height, width) uint8 training images, which
    show the range of each activation; the first 512 count. Weights have 7 bits: with 8, processors without VNNI clip
    sums of products. Raises ExportFailed for fewer than 10 images, MissingPackage without onnxruntime.
    """
    images = calibration_images(model, calibration)
    with TemporaryDirectory(prefix="remap-int8-") as folder, _quiet():
        return _quantised(Path(folder), model, images, form)


def calibration_images(model: FinishedModel, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The first 512 of training images; raises ExportFailed for fewer than 10."""
    if len(images) < MIN_CALIBRATION_IMAGES:
        raise ExportFailed(
            f"int8 needs at least {MIN_CALIBRATION_IMAGES} training images to calibrate on, "
            f"but {model.dataset} has {pluralize(len(images), 'training image')}."
        )
    return images[:MAX_CALIBRATION_IMAGES]


def _quantised(folder: Path, model: FinishedModel, calibration: NDArray[np.uint8], form: Int8Form) -> bytes:
    quantization = _quantization()
    source, folded, target = folder / "float.onnx", folder / "folded.onnx", folder / "int8.onnx"
    source.write_bytes(onnx_bytes(model))
    quantization.quant_pre_process(source, folded, skip_symbolic_shape=True)  # folds batch norms into convolutions
    quantization.quantize_static(
        folded,
        target,
        _reader(quantization, calibration),
        quant_format=quantization.QuantFormat[form.value],
        per_channel=True,
        reduce_range=True,
        activation_type=quantization.QuantType.QInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    return _with_metadata(target.read_bytes(), source.read_bytes())


def _quantization() -> Any:
    try:
        return import_module("onnxruntime.quantization")
    except ImportError:
        raise MissingPackage(
            "An int8 file needs onnxruntime, which is not installed: pip install onnxruntime."
        ) from None


def _reader(quantization: Any, calibration: NDArray[np.uint8]) -> Any:
    class Batches(quantization.CalibrationDataReader):  # type: ignore[misc]
        """The images in batches, once."""

        def __init__(self) -> None:
            starts = range(0, len(calibration), _BATCH)
            self._batches = iter([np.ascontiguousarray(calibration[start : start + _BATCH]) for start in starts])

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            batch = next(self._batches, None)
            return None if batch is None else {IMAGES: batch}

    return Batches()


def _with_metadata(quantised: bytes, source: bytes) -> bytes:
    """The quantised graph with what the float file says about classes, recipe and photos."""
    import onnx

    graph = onnx.load_from_string(quantised)
    metadata = {entry.key: entry.value for entry in onnx.load_from_string(source).metadata_props}
    onnx.helper.set_model_props(graph, {**metadata, "quantisation": "int8, per channel"})
    graph.producer_name = "remap"
    return bytes(graph.SerializeToString())


@contextmanager
def _quiet() -> Iterator[None]:
    """Onnxruntime warns through the root logger of what was chosen on purpose."""
    root = logging.getLogger()
    root.addFilter(_is_not_advice)
    try:
        yield
    finally:
        root.removeFilter(_is_not_advice)


def _is_not_advice(record: logging.LogRecord) -> bool:
    return record.levelno > logging.WARNING or "quant" not in record.pathname
