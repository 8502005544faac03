"""Modules that are run on a folder in a process of their own: what they import or compute cannot take the app along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from remap_core.errors import ExportFailed
from remap_core.exports.onnx_session import Logits


def run_child(module: str, folder: Path, subject: str) -> None:
    """Run a module on a folder until it ends; raises ExportFailed with the last line of its error."""
    command = [sys.executable, "-m", module, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ExportFailed(f"{subject}: {lines[-1].rstrip('.')}.")


def read_logits(folder: Path) -> Logits:
    """The logits that a child has written."""
    logits: Logits = np.load(folder / "logits.npy", allow_pickle=False)
    return logits
