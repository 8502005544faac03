"""An exported C header, compiled and run on this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import ExportFailed, NotFound
from remap_core.exports.checks.child_processes import read_logits, run_child
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.onnx_session import Logits
from remap_core.formatting import model_name

CHILD = "remap_core.exports.checks.header_child"


def header_logits(code: str, model: FinishedModel, images: NDArray[np.uint8]) -> Logits:
    """The logits of a header's code for images (n, channels, height, width).

    Raises NotFound without a C compiler, ExportFailed where it refuses the code or the code crashes.
    """
    subject = f"The C header of {model_name(model.id)}"
    with TemporaryDirectory(prefix="remap-header-") as name:
        folder = Path(name)
        _compile(folder, code, subject)
        (folder / "classes").write_text(str(model.architecture.classes))
        np.save(folder / "images.npy", images, allow_pickle=False)
        run_child(CHILD, folder, f"{subject} cannot be run")
        return read_logits(folder)


def _compile(folder: Path, code: str, subject: str) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        raise NotFound("There is no C compiler (cc) here to run it with.")
    (folder / "model.h").write_text(code, encoding="utf-8")
    (folder / "model.c").write_text('#include "model.h"\n', encoding="utf-8")
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", "model.so", "model.c", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise ExportFailed(f"{subject} does not compile: {lines[0]}.")
