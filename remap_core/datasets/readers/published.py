"""Data sets that are downloaded on first use: where their files are, what they must be, and the images in them."""

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
from remap_core.datasets.readers.npz import reason
from remap_core.errors import DatasetError
from remap_core.system.files import write_file

log = logging.getLogger(__name__)

SILENCE = 30.0
"""Seconds after which a server that sends nothing is given up."""


@dataclass(frozen=True)
class Published:
    """A data set as its authors publish it.

    address: of the folder on their server, "/" at its end. files: the names in it, each with its published MD5.
    read: what gets these files, in this order and whole to the byte, and gives all images of the data set.
    """

    address: str
    files: tuple[tuple[str, str], ...]
    class_names: tuple[str, ...]
    read: Callable[[Sequence[Path]], Images]

    def lacking(self, folder: Path) -> list[str]:
        """Names of the files that are not in `folder`, or are others there."""
        return [name for name, md5 in self.files if not _is_whole(folder / name, md5)]

    def load(self, folder: Path) -> Images:
        """All images; what `folder` lacks is downloaded into it first.

        Images that the authors set apart for tests are images like all others: the split is this software's own, so
        scores are not those of papers. Raises DatasetError with what was tried and what to do.
        """
        lacking = self.lacking(folder)
        advice = (
            f"connect this machine to the internet, or put {', '.join(lacking)} from there into {folder.absolute()}"
        )
        for name in lacking:
            _download(self.address + name, dict(self.files)[name], folder / name, advice)
        return self.read([folder / name for name, _ in self.files])


def _download(address: str, md5: str, path: Path, advice: str) -> None:
    log.info("downloading %s into %s", address, path.parent)
    try:
        with urlopen(address, timeout=SILENCE) as response:  # noqa: S310 (an address of ours, and what comes is checked)
            content: bytes = response.read()
    except (OSError, HTTPException) as error:
        raise DatasetError(f"{address} cannot be downloaded ({reason(error)}): {advice}.") from error
    if _md5(content) != md5:
        raise DatasetError(f"{address} gave a file whose MD5 is {_md5(content)} and must be {md5}: {advice}.")
    _write(content, path)


def _write(content: bytes, path: Path) -> None:
    try:
        write_file(path, content)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error.strerror}.") from error


def _is_whole(path: Path, md5: str) -> bool:
    try:
        return _md5(path.read_bytes()) == md5
    except OSError:
        return False


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _read_idx(files: Sequence[Path]) -> Images:
    """From pairs of gzipped idx files, images and their labels: a count of each axis in 4 bytes, then the bytes."""
    pixels = np.concatenate([_idx(file, axes=3) for file in files[::2]])
    return Images(pixels[..., np.newaxis], np.concatenate([_idx(file, axes=1) for file in files[1::2]]))


def _idx(file: Path, axes: int) -> NDArray[np.uint8]:
    content = gzip.decompress(file.read_bytes())
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _read_cifar(files: Sequence[Path]) -> Images:
    """From a tar archive of records: a label, then 32 x 32 pixels in red, in green and in blue; nothing is unpacked."""
    labels, pixels = [], []
    with tarfile.open(files[0]) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".bin") else None
            if content is not None:
                records = np.frombuffer(content.read(), np.uint8).reshape(-1, 1 + 3 * 32 * 32)
                labels.append(records[:, 0].copy())
                pixels.append(np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)))
    return Images(np.concatenate(pixels), np.concatenate(labels))


PUBLISHED = {
    "mnist": Published(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        (
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ),
        tuple("0123456789"),
        _read_idx,
    ),
    "fashion-mnist": Published(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        (
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ),
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        _read_idx,
    ),
    "cifar-10": Published(
        "https://www.cs.toronto.edu/~kriz/",
        (("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),),
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        _read_cifar,
    ),
}
"""By the names that people write. Read here and not by torchvision: that imports torch, and unpickles CIFAR-10."""
