"""Published data sets that are downloaded on first use: their addresses, their checksums, and how they are read."""

from __future__ import annotations

import gzip
import hashlib
import logging
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.images import Images
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError
from remap_core.system.files import write_file

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
"""How long to wait for a server that sends nothing."""


@dataclass(frozen=True)
class Published:
    """A data set as its authors publish it.

    address: of the folder on their server, ending in "/". files: names in this folder, each with its published MD5.
    read: returns all images of the data set from these files, which come in this order and with the right MD5.
    """

    address: str
    files: tuple[tuple[str, str], ...]
    class_names: tuple[str, ...]
    read: Callable[[Sequence[Path]], Images]

    def missing_files(self, folder: Path) -> list[str]:
        """Names of the files that are not in `folder`, or that have another MD5 there."""
        return [name for name, md5 in self.files if not _is_intact(folder / name, md5)]

    def load(self, folder: Path) -> Images:
        """Download the files that `folder` does not have, then return all images.

        The authors' test images are treated like all others. As the split is our own, scores cannot be compared with
        those of papers. Raises DatasetError with what was tried and what to do.
        """
        missing = self.missing_files(folder)
        advice = (
            f"connect this machine to the internet, or put {', '.join(missing)} from there into {folder.absolute()}"
        )
        checksums = dict(self.files)
        for name in missing:
            _download(self.address + name, checksums[name], folder / name, advice)
        return self.read([folder / name for name in checksums])


def _download(address: str, md5: str, path: Path, advice: str) -> None:
    log.info("downloading %s into %s", address, path.parent)
    try:
        with urlopen(address, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 (the address is ours, the content is checked)
            content: bytes = response.read()
    except (OSError, HTTPException) as error:
        raise DatasetError(f"{address} cannot be downloaded ({reason(error)}): {advice}.") from error
    received = _md5(content)
    if received != md5:
        raise DatasetError(f"{address} gave a file whose MD5 is {received}, but must be {md5}: {advice}.")
    _write(content, path)


def _write(content: bytes, path: Path) -> None:
    try:
        write_file(path, content)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error.strerror}.") from error


def _is_intact(path: Path, md5: str) -> bool:
    try:
        return _md5(path.read_bytes()) == md5
    except OSError:
        return False


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


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


def _read_cifar(files: Sequence[Path]) -> Images:
    """Read a tar archive of records: a label, then 32 x 32 pixels of red, green and blue. Nothing is extracted."""
    labels = []
    pixels = []
    with tarfile.open(files[0]) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None or not member.name.endswith(".bin"):
                continue
            records = np.frombuffer(file.read(), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
            planes = records[:, 1:].reshape(-1, 3, 32, 32)
            labels.append(records[:, 0].copy())
            pixels.append(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)))
    return Images(np.concatenate(pixels), np.concatenate(labels))


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
        files=(("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),),
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        read=_read_cifar,
    ),
}
"""By the names that people use. Not read by torchvision, which imports torch and unpickles CIFAR-10."""
