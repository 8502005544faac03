"""Published data sets that load by their name alone: their addresses, their checksums, and how they are read."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Images
from remap_core.datasets.readers.arrays.labelled_arrays import Labelled, found_in_arrays
from remap_core.datasets.readers.found import Found
from remap_core.datasets.readers.published_sets.download import Download
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part

CIFAR_10 = "cifar-10-binary.tar.gz"


@dataclass(frozen=True, kw_only=True)
class Published(Download):
    """A data set as its authors publish it, whose images are pooled.

    read: returns all images of the data set from its files, which come in this order and with the right MD5.
    """

    class_names: tuple[str, ...]
    read: Callable[[Sequence[Path]], Images]

    def load(self, folder: Path) -> Images:
        """Download the files that `folder` does not have, then return all images.

        The authors' test images are treated like all others. As the split is our own, scores cannot be compared with
        those of papers: data folders hold models that were trained on it. `PUBLISHED_SOURCES` keeps the authors' split.
        Raises DatasetError with what was tried and what to do.
        """
        self.fetch(folder)
        return self.read([folder / name for name, _ in self.files])


def _read_idx(files: Sequence[Path]) -> Images:
    """Read pairs of gzipped idx files, images and labels: the length of each axis in 4 bytes, then the values."""
    pixels = [_idx(file, axes=3) for file in files[::2]]
    labels = [_idx(file, axes=1) for file in files[1::2]]
    images = np.concatenate(pixels)
    return Images(images[..., np.newaxis], np.concatenate(labels))


def _idx(file: Path, axes: int) -> NDArray[np.uint8]:
    content = gzip.decompress(file.read_bytes())
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    return values.reshape(shape)


def read_cifar_10(folder: Path) -> Found:
    """The images of the downloaded archive, in the authors' split."""
    file = folder / CIFAR_10
    batches = _cifar_batches(file)
    names = PUBLISHED["cifar-10"].class_names
    return found_in_arrays("published files", batches, file, Choices(), class_names=names)


def _read_cifar(files: Sequence[Path]) -> Images:
    batches = _cifar_batches(files[0])
    pixels = np.concatenate([batch.images for batch in batches])
    return Images(pixels, np.concatenate([batch.labels for batch in batches]))


def _cifar_batches(file: Path) -> list[Labelled]:
    """Read a tar archive of records: a label, then 32 x 32 pixels of red, green and blue. Nothing is extracted."""
    batches = []
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member)
            name = Path(member.name)
            if content is None or name.suffix != ".bin":
                continue
            values = np.frombuffer(content.read(), np.uint8)
            records = values.reshape(-1, 1 + 3 * 32 * 32)
            labels = records[:, 0].copy()
            planes = records[:, 1:].reshape(-1, 3, 32, 32)
            pixels = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
            part = Part.TRAIN
            if name.stem.startswith("test"):
                part = Part.TEST
            batches.append(Labelled(pixels, labels, part, name.stem))
    return batches


PUBLISHED = {
    "mnist": Published(
        address="https://ossci-datasets.s3.amazonaws.com/mnist/",
        files=(
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ),
        class_names=tuple("0123456789"),
        read=_read_idx,
    ),
    "fashion-mnist": Published(
        address="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files=(
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ),
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        read=_read_idx,
    ),
    "cifar-10": Published(
        address="https://www.cs.toronto.edu/~kriz/",
        files=((CIFAR_10, "c32a1d4ab5d03f1284b67883e8d87530"),),
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        read=_read_cifar,
    ),
}
"""By the names that people use."""
