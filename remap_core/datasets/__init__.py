"""Data sets of images, by name or path: `names`, `load` and `describe`.

>>> from remap_core import datasets
>>> datasets.names
('digits', 'leaves', 'mnist', 'fashion-mnist', 'cifar-10')
>>> datasets.load("digits#200").input_shape
(1, 8, 8)
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.naming import NAMES, canonical_name
from remap_core.errors import DatasetError
from remap_core.formatting import count, pluralize, shape_text
from remap_core.settings import read_settings

__all__ = ["Dataset", "describe", "load", "names"]

names = NAMES
"""The data sets that have a name. All but digits and leaves are downloaded on first use."""


def load(name: str | Path) -> Dataset:
    """Load a data set: one of `names`, or the path of an .npz file or of a folder of images.

    "#N" at the end takes a class-balanced subset of N images. The split into train, validation and test is always the
    same. Each part has `images`, (n, height, width, channels) uint8, and `labels`, (n,) uint8. Downloads go to the
    data folder of the settings (REMAP_HOME).

    Raises DatasetError for a name that is not known (with the nearest one that is), and for images that cannot be used.

    >>> digits = load("digits#200")
    >>> digits.train.images.shape, digits.class_names[:3]
    ((140, 8, 8, 1), ('0', '1', '2'))
    """
    settings, _ = read_settings()
    return load_dataset(checked_name(name), settings.home)


def describe(name: str | Path) -> str:
    """Describe a data set in one sentence: images, classes and split. Raises DatasetError, like `load`.

    >>> describe("digits#200")
    'digits#200: 200 images, each 1 channel of 8 x 8, in 10 classes; 140 to train, 30 to validate, 30 to test.'
    """
    dataset = load(name)
    parts = [len(part) for part in (dataset.train, dataset.validation, dataset.test)]
    train, validation, test = map(count, parts)
    return (
        f"{dataset.name}: {pluralize(sum(parts), 'image')}, each {shape_text(dataset.input_shape)}, "
        f"in {dataset.classes} classes; {train} to train, {validation} to validate, {test} to test."
    )


def checked_name(name: object) -> str:
    """The name as text. Raises DatasetError where it is neither a known name nor a path, with the nearest name."""
    if not isinstance(name, str | Path):
        raise DatasetError(f"A data set is a name or a path, but got {name!r:.60}.")
    text = str(name)
    source = text.partition("#")[0]
    is_path = "/" in source or source.endswith(".npz")
    nearest = get_close_matches(source.lower(), NAMES, n=1, cutoff=0.5)
    if nearest and source not in NAMES and not is_path:
        raise DatasetError(f"There is no data set {source!r:.60}: did you mean {nearest[0]}?")
    canonical_name(text)
    return text
