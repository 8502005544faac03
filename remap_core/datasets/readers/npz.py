"""Images in .npz files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Images
from remap_core.datasets.rules import checked_class_names, errors_name, reason, require_enough_images
from remap_core.errors import DatasetError
from remap_core.trials.class_labels import Labels, as_labels

KEYS = ("images", "labels", "class_names")


def read_archive(path: Path) -> tuple[Images, tuple[str, ...]]:
    """Read the images of an .npz file, and its class names.

    `images`: (n, height, width) or (n, height, width, channels) uint8. `labels`: (n,) integers, indices into
    `class_names`: (classes,) strings. Other arrays are ignored, and nothing is unpickled.
    Raises DatasetError with the file and the rule that it breaks.
    """
    arrays = _read_arrays(path)
    with errors_name(path):
        names = _strings(arrays["class_names"])
        class_names = checked_class_names(names)
        labels = _checked_labels(arrays["labels"], class_names)
        pixels = _with_channels(arrays["images"])
        images = Images(pixels, labels)
        require_enough_images(labels, class_names)
    return images, class_names


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file.")
    if not zipfile.is_zipfile(path):
        raise DatasetError(f"{path}: this is not an .npz file, or it is incomplete.")
    with errors_name(path), _opened(path) as archive:
        missing = [key for key in KEYS if key not in archive.files]
        if missing:
            present = ", ".join(archive.files) or "none"
            raise DatasetError(
                f"the arrays {', '.join(KEYS)} are needed, but {', '.join(missing)} is missing: the file has {present}."
            )
        return {key: _read_array(archive, key) for key in KEYS}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:  # opened here, as np.load does not close a file that it cannot read
        try:
            archive = np.load(file, allow_pickle=False)
        except Exception as error:  # a damaged archive can raise nearly anything
            raise DatasetError(f"the file is damaged ({reason(error)}).") from error
        yield archive


def _read_array(archive: Any, key: str) -> NDArray[Any]:
    try:
        return np.asarray(archive[key])
    except Exception as error:  # as above
        if "Object arrays" in str(error):
            raise DatasetError(f"{key} must be a plain array, but it holds Python objects.") from error
        raise DatasetError(f"{key} is damaged ({reason(error)}).") from error


def _strings(names: NDArray[Any]) -> list[str]:
    if names.dtype.kind != "U" or names.ndim != 1:
        raise DatasetError(f"class_names must be a list of strings, but it is {names.dtype} of shape {names.shape}.")
    return [str(name) for name in names]


def _checked_labels(labels: NDArray[Any], class_names: tuple[str, ...]) -> Labels:
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise DatasetError(
            f"labels must be one integer per image, but they are {labels.dtype} of shape {labels.shape}."
        )
    classes = len(class_names)
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise DatasetError(
            f"labels must be 0 to {classes - 1} (there are {classes} class_names), "
            f"but they are {labels.min()} to {labels.max()}."
        )
    return as_labels(labels, classes)


def _with_channels(images: NDArray[Any]) -> NDArray[Any]:
    if images.ndim == 3:
        return images[..., np.newaxis]
    if images.ndim == 4:
        return images
    raise DatasetError(
        f"images must be (n, height, width) or (n, height, width, channels), but their shape is {images.shape}."
    )
