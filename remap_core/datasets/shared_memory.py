"""One copy of a data set's pixels for all worker processes of a machine: files that they map into memory."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from mmap import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.dataset import Dataset
from remap_core.datasets.images import Images

log = logging.getLogger(__name__)

MIN_SHARED_BYTES = 16 * 2**20
"""Parts of a data set with fewer bytes of pixels are not worth a file."""
MAX_FILES = 6
"""Files that are kept, the most recently used: the three parts of two data sets. A deleted file stays mapped."""


def share_images(dataset: Dataset, folder: Path) -> Dataset:
    """Map the pixels of the data set's larger parts from files in `folder`, which are written if they do not exist.

    A file is named after its content: processes that load the same images share it, and a changed data set gets other
    files. If a file cannot be written, for example on a full disk, the data set is returned unchanged.
    """
    try:
        shared = replace(
            dataset,
            train=_mapped(dataset.train, folder),
            validation=_mapped(dataset.validation, folder),
            test=_mapped(dataset.test, folder),
        )
        _delete_old_files(folder)
    except OSError as error:
        log.warning("each worker process keeps its own copy of %s: %s", dataset.name, error)
        return dataset
    return shared


def _mapped(images: Images, folder: Path) -> Images:
    if images.images.nbytes < MIN_SHARED_BYTES or _is_mapped(images.images):
        return images
    pixels = np.ascontiguousarray(images.images)
    path = _file_of(pixels, folder)
    # copy on write: the file never changes, but PyTorch only takes arrays that are writable
    mapped = np.load(path, mmap_mode="c", allow_pickle=False)
    return Images(np.asarray(mapped), images.labels)


def _is_mapped(pixels: NDArray[np.uint8]) -> bool:
    """Whether pixels lie in a file already, as those of a data set that was added do."""
    owner: object = pixels
    while owner is not None:
        if isinstance(owner, mmap):
            return True
        owner = getattr(owner, "base", None)
    return False


def _file_of(pixels: NDArray[np.uint8], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shape = repr(pixels.shape)
    digest = hashlib.sha256(shape.encode())
    digest.update(pixels.data)
    path = folder / f"{digest.hexdigest()}.npy"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".unfinished") as file:
            np.save(file, pixels, allow_pickle=False)
            file.flush()
            with suppress(FileExistsError):  # another process was faster: its file is the shared one
                os.link(file.name, path)
    os.utime(path)
    return path


def _delete_old_files(folder: Path) -> None:
    if not folder.is_dir():
        return
    newest_last = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)
    for path in newest_last[:-MAX_FILES]:
        path.unlink(missing_ok=True)
