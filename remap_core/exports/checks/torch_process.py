"""Exported PyTorch source in a process of its own, as whoever downloads it runs it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from remap_core.exports.checks.child_processes import read_logits, run_child
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_session import Logits
from remap_core.exports.pytorch_source import pytorch_source
from remap_core.formatting import model_name

SOURCE = "remap_core.training.exported.source_child"


def pytorch_logits(model: FinishedModel, images: NDArray[np.uint8]) -> Logits:
    """The logits of the exported source for images (n, channels, height, width); raises ExportFailed."""
    with TemporaryDirectory(prefix="remap-source-") as name:
        folder = Path(name)
        write_source(folder, model, images)
        run_child(SOURCE, folder, f"The PyTorch source of {model_name(model.id)} cannot be run")
        return read_logits(folder)


def write_source(folder: Path, model: FinishedModel, images: NDArray[np.uint8]) -> None:
    """Write model.py, model.safetensors and images.npy."""
    (folder / "model.py").write_text(pytorch_source(model, "model.safetensors"), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(model.file)
    np.save(folder / "images.npy", images, allow_pickle=False)
