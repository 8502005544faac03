"""The validation images of a data set, published by the trainer so that the app can show which ones are misread."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, NotFound
from remap_core.trials.dataset_card import DatasetCard


def write_validation_images(folder: DataFolder, dataset: str, images: NDArray[np.uint8]) -> None:
    """Publish (n, height, width, channels) uint8, in the data set's order; whole or not at all.

    Raises FolderUnusable.
    """
    path = _path(folder, dataset)
    with folder.using():
        path.parent.mkdir(parents=True, exist_ok=True)
    with folder.replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, images, allow_pickle=False)


def read_validation_images(folder: DataFolder, card: DatasetCard) -> NDArray[np.uint8]:
    """(n, height, width, channels) uint8, one image for each of the card's validation labels; read as they are used.

    Nothing is ever unpickled. Raises NotFound where they were not published, CatalogueError where what is there are
    not this data set's.
    """
    path = _path(folder, card.name)
    if not path.is_file():
        raise NotFound("The validation images were not published; the trainer does so when it starts.")
    try:
        images: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="r")  # in memory is only what is shown
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}.") from error
    channels, height, width = card.input_shape
    if images.dtype != np.uint8 or images.shape != (len(card.validation_labels), height, width, channels):
        raise CatalogueError(
            f"{path} must hold {len(card.validation_labels)} images of {height} x {width} x {channels}, but holds "
            f"{images.dtype} of shape {images.shape}."
        )
    return images


def _path(folder: DataFolder, dataset: str) -> Path:
    """A data set's name can be any text, a path too; its hash is a safe name for a folder."""
    return folder.artifacts / "datasets" / hashlib.sha256(dataset.encode()).hexdigest()[:32] / "validation.npy"
