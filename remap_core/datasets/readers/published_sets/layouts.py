"""The files of published data sets as their authors lay them out, read from the folder of a download."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from remap_core.datasets.readers.arrays.array_archives import read_archives
from remap_core.datasets.readers.arrays.cifar_batches import read_cifar
from remap_core.datasets.readers.arrays.idx_files import read_idx
from remap_core.datasets.readers.arrays.labelled_arrays import Labelled, found_in_arrays
from remap_core.datasets.readers.files.encoded_images import FilePictures
from remap_core.datasets.readers.files.file_list import list_files
from remap_core.datasets.readers.files.image_folders import find_images, sorted_names
from remap_core.datasets.readers.found import Found
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part
from remap_core.system.files import write_file

FORM = "published files"
_PROPOSED = Choices()
_STL_SHAPE = (-1, 3, 96, 96)
_FLOWER_PARTS = {"trnid": Part.TRAIN, "valid": Part.VALIDATION, "tstid": Part.TEST}
_SPLITS = (("train", Part.TRAIN), ("test", Part.TEST))


class LabelledFile(NamedTuple):
    """An image file below a folder, its class, and its part."""

    file: str
    label: str
    part: Part


def read_mnist(folder: Path, class_names: Sequence[str]) -> Found:
    """Four gzipped idx files."""
    return named(read_idx(folder, _PROPOSED), class_names)


def read_emnist(name: str, folder: Path, class_names: Sequence[str]) -> Found:
    """Four of the gzipped idx files in EMNIST's archive, which are unpacked first."""
    unpacked = folder / name
    with zipfile.ZipFile(folder / "gzip.zip") as archive:
        for member in archive.namelist():
            file = unpacked / Path(member).name
            is_wanted = f"/{name}-" in member and member.endswith(".gz")
            if is_wanted and not file.exists():
                write_file(file, archive.read(member))
    return named(read_idx(unpacked, _PROPOSED), class_names)


def read_svhn(folder: Path) -> Found:
    """Two MATLAB files of cropped digits; the label of a zero is 10."""
    groups = []
    for split, part in _SPLITS:
        file = folder / f"{split}_32x32.mat"
        content = _matlab(file)
        pixels = np.moveaxis(content["X"], -1, 0)
        digits = content["y"].reshape(-1) % 10
        groups.append(Labelled(pixels, digits, part, file.stem))
    return found_in_arrays(FORM, groups, folder, _PROPOSED)


def read_cifar_100(folder: Path) -> Found:
    """Batches for Python, which are read without unpickling: a hundred fine classes."""
    return read_cifar(folder / "cifar-100-python", _PROPOSED)


def read_stl_10(folder: Path) -> Found:
    """Binary files of whole columns of pixels; the unlabelled images are left out."""
    home = folder / "stl10_binary"
    groups = []
    for split, part in _SPLITS:
        values = np.fromfile(home / f"{split}_X.bin", np.uint8)
        labels = np.fromfile(home / f"{split}_y.bin", np.uint8)
        planes = values.reshape(_STL_SHAPE).swapaxes(2, 3)
        groups.append(Labelled(planes, labels, part, split))
    class_names = (home / "class_names.txt").read_text(encoding="utf-8").split()
    return found_in_arrays(FORM, groups, folder, _PROPOSED, class_names=class_names)


def read_imagenette(folder: Path, class_names: Sequence[str]) -> Found:
    """Class folders called by their WordNet number, in folders for training and validation."""
    found = find_images(list_files(folder / "imagenette2-160"), _PROPOSED)
    return replace(found, class_names=tuple(class_names))


def read_flowers(folder: Path, class_names: Sequence[str]) -> Found:
    """Numbered photos, with labels (1, 2, ...) and the numbers of each part in MATLAB files."""
    home = folder / "flowers-102"
    labels = _matlab(home / "imagelabels.mat")["labels"].reshape(-1)
    numbers = _matlab(home / "setid.mat")
    files = []
    for key, part in _FLOWER_PARTS.items():
        for number in numbers[key].reshape(-1).tolist():
            label = labels[number - 1]
            files.append(LabelledFile(f"image_{number:05d}.jpg", class_names[label - 1], part))
    return _in_files(home / "jpg", files)


def read_eurosat(folder: Path) -> Found:
    """Class folders without a split."""
    return find_images(list_files(folder / "eurosat" / "2750"), _PROPOSED)


def read_gtsrb(folder: Path) -> Found:
    """Numbered class folders of training images, and a folder of test images with a table of their classes."""
    home = folder / "gtsrb" / "GTSRB"
    files = []
    for file in list_files(home / "Training").files:
        if file.suffix == ".ppm":
            folder_name, _ = file.path.split("/")
            label = _two_digits(folder_name)
            files.append(LabelledFile(f"Training/{file.path}", label, Part.TRAIN))
    with (folder / "gtsrb" / "GT-final_test.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter=";"):
            label = _two_digits(row["ClassId"])
            files.append(LabelledFile(f"Final_Test/Images/{row['Filename']}", label, Part.TEST))
    return _in_files(home, files)


def _two_digits(number: str) -> str:
    return f"{int(number):02d}"


def read_medmnist(name: str, folder: Path, class_names: Sequence[str]) -> Found:
    """One .npz file with the images and labels of each part."""
    return named(read_archives(folder / f"{name}.npz", _PROPOSED), class_names)


def named(found: Found, class_names: Sequence[str]) -> Found:
    """The same, with names for classes that are numbered 0, 1, ... or 1, 2, ...; unchanged without names."""
    if not class_names:
        return found
    numbers = [int(number) for number in found.class_names]
    first = int(max(numbers) == len(class_names))
    names = tuple(class_names[number - first] for number in numbers)
    return replace(found, class_names=names)


def _in_files(root: Path, files: Sequence[LabelledFile]) -> Found:
    class_names = sorted_names({file.label for file in files})
    places = {name: place for place, name in enumerate(class_names)}
    return Found(
        form=FORM,
        class_names=class_names,
        labels=np.array([places[file.label] for file in files], np.int64),
        pictures=FilePictures(root, [file.file for file in files]),
        parts=np.array([file.part for file in files], np.uint8),
    )


def _matlab(file: Path) -> dict[str, NDArray[Any]]:
    from scipy.io import loadmat  # noqa: PLC0415 (only these data sets need it)

    content: dict[str, NDArray[Any]] = loadmat(file)
    return content
