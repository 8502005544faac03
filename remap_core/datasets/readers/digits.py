"""Scikit-learn's handwritten digits."""

from __future__ import annotations

import numpy as np

from remap_core.datasets.images import Images

_MAX_VALUE = 16


def read_digits() -> tuple[Images, tuple[str, ...]]:
    """1,797 grey images of 8 x 8, and their class names."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 (takes a second, and only this data set needs it)

    digits = load_digits()
    values = np.rint(digits.images * (255 / _MAX_VALUE))
    pixels = values.astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    images = Images(pixels[..., np.newaxis], labels)
    class_names = tuple(str(name) for name in digits.target_names)
    return images, class_names
