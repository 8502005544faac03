"""Run a compiled C header: `python -m remap_core.exports.checks.header_child FOLDER`.

The folder holds model.so, and images.npy, (n, channels, height, width) uint8; it gets logits.npy. An own process,
since activations that do not fit on the stack end it.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import numpy as np

FUNCTION = "remap_model"


def main(folder: Path, classes: int) -> None:
    """Write the logits of the images in the folder."""
    images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    function = ctypes.CDLL(str(folder / "model.so"))[FUNCTION]
    logits = np.zeros((len(images), classes), np.float32)
    for row, image in enumerate(images):
        pixels = np.ascontiguousarray(image)
        function(pixels.ctypes.data_as(ctypes.c_void_p), logits[row].ctypes.data_as(ctypes.c_void_p))
    np.save(folder / "logits.npy", logits, allow_pickle=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int((Path(sys.argv[1]) / "classes").read_text()))
