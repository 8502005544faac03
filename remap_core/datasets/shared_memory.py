"""One copy of a data set's pixels for all worker processes of a machine: files that each maps into its memory."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.dataset import Dataset
from remap_core.datasets.images import Images

log = logging.getLogger(__name__)

SHARED_FROM = 16 * 2**20
"""Bytes of pixels from which on a part of a data set is shared: smaller ones are not worth a file."""
KEPT = 6
"""Files that stay, those used last: the three parts of two data sets. What is mapped lives on without its file."""


def shared(dataset: Dataset, folder: Path) -> Dataset:
    """The same data set, the pixels of its larger parts mapped from files in `folder`, which are made where needed.

    Files are named after what is in them: processes that load the same images at once share them, and a source that
    was changed gets others. Where no file can be kept (a full disk) the pixels stay this process's own.
    """
    try:
        train, validation, test = (_mapped(part, folder) for part in (dataset.train, dataset.validation, dataset.test))
        _forget_old(folder)
    except OSError as error:
        log.warning("each worker process holds %s for itself: %s", dataset.name, error)
        return dataset
    return replace(dataset, train=train, validation=validation, test=test)


def _mapped(images: Images, folder: Path) -> Images:
    if images.images.nbytes < SHARED_FROM:
        return images
    path = _written(np.ascontiguousarray(images.images), folder)
    # "c": nothing is ever written to the file, and PyTorch takes only arrays that could be written to
    return Images(np.asarray(np.load(path, mmap_mode="c", allow_pickle=False)), images.labels)


def _written(pixels: NDArray[np.uint8], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    path = folder / f"{digest.hexdigest()}.npy"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".unfinished") as file:
            np.save(file, pixels, allow_pickle=False)
            file.flush()
            with suppress(FileExistsError):  # another process was first: its file is the one that is shared
                os.link(file.name, path)
    os.utime(path)
    return path


def _forget_old(folder: Path) -> None:
    if folder.is_dir():
        for path in sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            path.unlink(missing_ok=True)
