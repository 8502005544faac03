"""CIFAR-10 and CIFAR-100 as their authors publish them: batches for Python, which are pickles, and binary ones.

The pickles are read as data; nothing is unpickled (docs/decisions/023-pickles.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from remap_core.datasets.images import Pixels
from remap_core.datasets.readers.arrays.inert_pickle import Call, NotData, inert_pickle
from remap_core.datasets.readers.arrays.labelled_arrays import Labelled, found_in_arrays
from remap_core.datasets.readers.arrays.pixel_arrays import Array
from remap_core.datasets.readers.files.file_list import starts_with, visible_files
from remap_core.datasets.readers.found import Found
from remap_core.datasets.readers.part_names import part_in
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name, is_printable_line
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError
from remap_core.formatting import listed

FORM = "CIFAR batches"
SIDE = 32
PICKLE_MAGIC = b"\x80"
"""Protocol 2 and later begin with it."""
_PIXELS = 3 * SIDE * SIDE
_BATCH = re.compile(r"data_batch_\d+|test_batch|train|test")
_NUMBER = re.compile(r"b1|[iu][1248]|f[248]")
_NAMES_OF = {
    "labels": "label_names",
    "fine_labels": "fine_label_names",
    "coarse_labels": "coarse_label_names",
}
"""What the files call labels, and the names of their classes."""
_LABEL_KEYS = tuple(_NAMES_OF)
_MAX_SHOWN = 60


class Batch(NamedTuple):
    """images: (n, 3, 32, 32) uint8. labels: (n,), by what the file calls them."""

    images: Pixels
    labels: dict[str, Array]


def is_cifar(path: Path, files: Sequence[Path]) -> bool:
    """Whether there are batches of CIFAR for Python or in binary, by names and first bytes; `files`: all below."""
    return bool(_batches(files or [path]))


def read_cifar(path: Path, choices: Choices) -> Found:
    """The images of all batches. CIFAR-100's fine classes, or the coarse ones if choices.label_column names them.

    Raises DatasetError with the file and the rule that it breaks.
    """
    with errors_name(path):
        files = _batches(visible_files(path))
        if not files:
            raise DatasetError("there are no batches of CIFAR, such as data_batch_1 or train.")
    batches = {}
    for file in files:
        with errors_name(file):
            batches[file] = _read(file)
    with errors_name(path):
        key = _chosen_labels(next(iter(batches.values())), choices)
        groups = [_labelled(file, batch, key) for file, batch in batches.items()]
        names = _class_names(files[0].parent, key)
        return found_in_arrays(FORM, groups, path, choices, class_names=names)


def _batches(files: Sequence[Path]) -> list[Path]:
    """The binary batches; where there are none, the pickles."""
    named = [file for file in files if _BATCH.fullmatch(file.name.removesuffix(".bin"))]
    binary = [file for file in named if file.suffix and _labels_in_record(file)]
    if binary:
        return binary
    return [file for file in named if not file.suffix and starts_with(file, PICKLE_MAGIC)]


def _labelled(file: Path, batch: Batch, key: str) -> Labelled:
    if key not in batch.labels:
        present = listed(list(batch.labels))
        raise DatasetError(f"{file.name} must have {key}, as the other batches, but it has {present}.")
    part = part_in(file.stem)
    if part != Part.TEST:
        part = Part.TRAIN
    return Labelled(batch.images, batch.labels[key], part, file.name)


def _chosen_labels(batch: Batch, choices: Choices) -> str:
    wanted = choices.label_column
    if wanted is None:
        return next(key for key in _LABEL_KEYS if key in batch.labels)
    if wanted not in batch.labels:
        present = listed(list(batch.labels))
        raise DatasetError(f"the label column must be one of {present}, but got {wanted!r:.60}.")
    return wanted


def _labels_in_record(file: Path) -> tuple[str, ...]:
    """The labels in front of each image of a binary file; none if its size is not of whole images."""
    labels: tuple[str, ...] = ("labels",)
    if file.stem in ("train", "test"):
        labels = ("coarse_labels", "fine_labels")
    size = file.stat().st_size
    if size == 0 or size % (len(labels) + _PIXELS):
        return ()
    return labels


def _read(file: Path) -> Batch:
    if file.suffix:
        return _read_binary(file)
    return _read_pickled(file)


def _read_binary(file: Path) -> Batch:
    keys = _labels_in_record(file)
    content = np.fromfile(file, np.uint8)
    records = content.reshape(-1, len(keys) + _PIXELS)
    planes = records[:, len(keys) :]
    images = planes.reshape(-1, 3, SIDE, SIDE)
    labels = {key: records[:, place] for place, key in enumerate(keys)}
    return Batch(images, labels)


def _read_pickled(file: Path) -> Batch:
    batch = _dictionary(file)
    if "data" not in batch:
        raise DatasetError("a batch of CIFAR must have data and labels, but this pickle has no data.")
    pixels = _array(batch["data"], "data")
    is_flat = pixels.shape[1:] == (_PIXELS,)
    if pixels.dtype != np.uint8 or not is_flat:
        raise DatasetError(f"data must be (n, {_PIXELS}) uint8, but it is {pixels.dtype} of shape {pixels.shape}.")
    labels = {}
    for key in _LABEL_KEYS:
        if key in batch:
            labels[key] = _labels(batch[key], key)
    if not labels:
        raise DatasetError(f"a batch of CIFAR must have {' or '.join(_LABEL_KEYS)}, but this pickle has neither.")
    return Batch(pixels.reshape(-1, 3, SIDE, SIDE), labels)


def _dictionary(file: Path) -> dict[str, Any]:
    try:
        value = inert_pickle(file.read_bytes())
    except NotData as error:
        raise DatasetError(f"this is not a batch of CIFAR: {error}.") from error
    if isinstance(value, Call):
        raise DatasetError(
            f"this is not a batch of CIFAR: the pickle would call {_shown(value.name)}, so it is refused."
        )
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise DatasetError(f"this is not a batch of CIFAR: the pickle holds no dictionary, but {kind}.")
    return {_text(key): each for key, each in value.items()}


def _labels(value: Any, key: str) -> Array:
    if not isinstance(value, list):
        return _array(value, key)
    if not all(type(label) is int for label in value):
        raise DatasetError(f"{key} must be integers.")
    return np.array(value, np.int64)


def _array(value: Any, key: str) -> Array:
    """An array of numbers that numpy pickled: with _reconstruct and a state, or since 2.0 from a buffer."""
    array = _from_record(value)
    if array is None:
        name = type(value).__name__
        if isinstance(value, Call):
            name = value.name
        raise DatasetError(f"{key} must be an array of numbers, but it is {_shown(name)}.")
    return array


def _from_record(value: Any) -> Array | None:
    if not isinstance(value, Call) or not value.name.startswith("numpy."):
        return None
    function = value.name.rpartition(".")[2]
    if function == "_reconstruct":
        return _from_state(value.state)
    if function == "_frombuffer":
        return _from_buffer(value.arguments)
    return None


def _from_state(state: Any) -> Array | None:
    match state:
        case (_, tuple(shape), Call() as dtype, is_fortran, content):
            order = "C"
            if is_fortran:
                order = "F"
            return _values(content, dtype, shape, order)
    return None


def _from_buffer(arguments: tuple[Any, ...]) -> Array | None:
    match arguments:
        case (content, Call() as dtype, tuple(shape), order):
            return _values(content, dtype, shape, order)
    return None


def _values(
    content: Any,
    dtype: Call,
    shape: tuple[Any, ...],
    order: Any,
) -> Array | None:
    """An array of the kind that a record of numpy.dtype names; None if that is not one of numbers."""
    kind = _kind(dtype)
    are_numbers = all(type(length) is int for length in shape)
    is_shape = are_numbers and min(shape, default=0) >= 0
    if kind is None or not is_shape or order not in ("C", "F"):
        return None
    if isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(content, (bytes, bytearray)):
        return None
    if len(content) != prod(shape) * kind.itemsize:
        return None
    return np.frombuffer(content, kind).reshape(shape, order=order)


def _kind(dtype: Call) -> np.dtype[Any] | None:
    if dtype.name != "numpy.dtype" or not dtype.arguments:
        return None
    code = _text(dtype.arguments[0])
    if not _NUMBER.fullmatch(code):
        return None
    match dtype.state:
        case (_, ">" | b">", *_):
            return np.dtype(f">{code}")
    return np.dtype(f"<{code}")


def _class_names(folder: Path, key: str) -> list[str]:
    """The names next to the batches: batches.meta or meta, which are pickles, or text files; none if there are none."""
    names_key = _NAMES_OF[key]
    for name in ("batches.meta", "meta", "batches.meta.txt", f"{names_key}.txt"):
        file = folder / name
        if not file.is_file():
            continue
        with errors_name(file):
            try:
                return _names_in(file, names_key)
            except (KeyError, TypeError, UnicodeDecodeError) as error:
                raise DatasetError(f"the file must hold {names_key}, but it does not.") from error
    return []


def _names_in(file: Path, key: str) -> list[str]:
    if file.suffix == ".txt":
        lines = file.read_text("utf-8").splitlines()
        return list(filter(None, map(str.strip, lines)))
    return [_text(name) for name in _dictionary(file)[key]]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    return ""


def _shown(name: str) -> str:
    if is_printable_line(name) and len(name) < _MAX_SHOWN:
        return name
    return ascii(name)[:_MAX_SHOWN]
