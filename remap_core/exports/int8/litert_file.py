"""A model as a LiteRT file in int8, converted by litert-torch in a process of its own, as that imports torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import MissingPackage
from remap_core.exports.checks.child_processes import read_logits, run_child
from remap_core.exports.checks.torch_process import write_source
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.int8.quantised_onnx import calibration_images
from remap_core.exports.onnx_session import Logits
from remap_core.formatting import model_name

CHILD = "remap_core.training.exported.litert_child"


def has_litert() -> bool:
    """Whether the extra `litert` is installed."""
    return find_spec("litert_torch") is not None


def litert_file(
    model: FinishedModel, calibration: NDArray[np.uint8], images: NDArray[np.uint8]
) -> tuple[bytes, Logits]:
    """The content of a .tflite file, and its logits for images.

    Its input is int8, a pixel minus 128; its output is int8 with the scale that the file tells. calibration: see
    `quantised_onnx`. Raises ExportFailed, and MissingPackage without the extra `litert`.
    """
    if not has_litert():
        raise MissingPackage("A LiteRT file needs litert-torch, which is not installed: pip install -e '.[litert]'.")
    with TemporaryDirectory(prefix="remap-litert-") as name:
        folder = Path(name)
        write_source(folder, model, images)
        np.save(folder / "calibration.npy", calibration_images(model, calibration), allow_pickle=False)
        run_child(CHILD, folder, f"{model_name(model.id)} cannot be converted to LiteRT")
        return (folder / "model.tflite").read_bytes(), read_logits(folder)
