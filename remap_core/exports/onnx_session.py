"""Running a model's ONNX file in onnxruntime: the app needs no torch for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import MissingPackage
from remap_core.exports.onnx_file import IMAGES, LOGITS

Logits = NDArray[np.float32]
"""(n, classes) float32."""
Progress = Callable[[float], object]
"""Is told which share (0..1) is done."""

BATCH = 64


def onnx_session(content: bytes) -> Any:
    """An `onnxruntime.InferenceSession` on the CPU for the content of an .onnx file; raises MissingPackage."""
    try:
        import onnxruntime
    except ImportError:
        raise MissingPackage(
            "Running an ONNX file needs onnxruntime, which is not installed: pip install onnxruntime."
        ) from None
    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # the memory of a large batch is given back
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads keep no core busy
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def session_logits(
    session: Any, images: NDArray[np.uint8], progress: Progress | None = None, *, at_once: int = BATCH
) -> Logits:
    """The logits of a session's model for images (n, channels, height, width) uint8, so many `at_once`."""
    batches = []
    for start in range(0, len(images), at_once):
        batch = np.ascontiguousarray(images[start : start + at_once])
        batches.append(session.run([LOGITS], {IMAGES: batch})[0])
        if progress:
            progress(min(1.0, (start + at_once) / len(images)))
    return np.concatenate(batches)
