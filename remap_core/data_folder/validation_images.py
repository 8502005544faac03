"""A data set's validation images, published by the trainer for the app to show which ones are misclassified."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.data_folder.folder import DataFolder
from remap_core.errors import CatalogueError, NotFound
from remap_core.trials.dataset_card import DatasetCard


def write_validation_images(folder: DataFolder, dataset: str, images: NDArray[np.uint8]) -> None:
    """Publish (n, height, width, channels) uint8 images in the data set's order; raises FolderUnusable."""
    path = validation_images_path(folder, dataset)
    with folder.errors_as_unusable():
        path.parent.mkdir(parents=True, exist_ok=True)
    with folder.replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, images, allow_pickle=False)


def read_validation_images(folder: DataFolder, card: DatasetCard) -> NDArray[np.uint8]:
    """Return a memory map, (n, height, width, channels) uint8, of one image for each of the card's validation labels.

    Nothing is ever unpickled. Raises NotFound where they were not published, and CatalogueError where the file does
    not hold this data set's images.
    """
    path = validation_images_path(folder, card.name)
    if not path.is_file():
        raise NotFound("The validation images were not published; start the trainer once to publish them.")
    try:
        images: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="r")  # only the images that are shown are read
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}.") from error
    n_images = len(card.validation_labels)
    channels, height, width = card.input_shape
    if images.dtype != np.uint8 or images.shape != (n_images, height, width, channels):
        raise CatalogueError(
            f"{path} must hold {n_images} images of {height} x {width} x {channels}, but holds {images.dtype} of "
            f"shape {images.shape}."
        )
    return images


def validation_images_path(folder: DataFolder, dataset: str) -> Path:
    """The file of a data set's images. Its name can be any text, even a path, but its hash is a safe folder name."""
    digest = hashlib.sha256(dataset.encode()).hexdigest()[:32]
    return folder.artifacts / "datasets" / digest / "validation.npy"
