"""Scikit-learn's handwritten digits, read from its file: the package itself takes a second and 100 MB to import."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from remap_core.datasets.images import Images
from remap_core.errors import DatasetError

_MAX_VALUE = 16
_SIDE = 8
_FILE = Path("datasets", "data", "digits.csv.gz")


def read_digits() -> tuple[Images, tuple[str, ...]]:
    """1,797 grey images of 8 x 8, and their class names. Raises DatasetError where scikit-learn has no such file."""
    rows = _rows()  # (1797, 65): 64 values of 0..16, then the class
    values = np.rint(rows[:, :-1] * (255 / _MAX_VALUE))
    pixels = values.astype(np.uint8).reshape(-1, _SIDE, _SIDE, 1)
    labels = np.ascontiguousarray(rows[:, -1])
    return Images(pixels, labels), tuple("0123456789")


def _rows() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DatasetError("digits: they come with scikit-learn, which is not installed.")
    file = Path(package.origin).parent / _FILE
    try:
        with gzip.open(file, "rt", encoding="ascii") as opened:
            rows: np.ndarray[tuple[int, int], np.dtype[np.uint8]] = np.loadtxt(opened, np.uint8, delimiter=",")
    except (OSError, ValueError) as error:
        raise DatasetError(f"digits: {file} cannot be read: {error}.") from error
    return rows
