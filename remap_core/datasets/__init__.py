"""Data sets of images: built-in ones by name, and your own: `check`, `add`, `added`, `remove`.

>>> from remap_core import datasets
>>> datasets.names
('digits', 'leaves', 'mnist', 'fashion-mnist', 'cifar-10')
>>> datasets.load("digits#200").input_shape
(1, 8, 8)
"""

from __future__ import annotations

import tempfile
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.image_report import Report
from remap_core.datasets.kept import Kept, find_kept, kept_datasets, remove_kept
from remap_core.datasets.naming import NAMES
from remap_core.datasets.preparation.intake import add as _add
from remap_core.datasets.preparation.intake import prepare
from remap_core.datasets.preparation.resolving import resolve
from remap_core.datasets.recipe import Choices
from remap_core.errors import DatasetError
from remap_core.formatting import count, pluralize, shape_text
from remap_core.setting_sources import read_settings

__all__ = ["Dataset", "Kept", "Report", "add", "added", "check", "describe", "load", "names", "remove"]

names = NAMES
"""The data sets that are built in. All but digits and leaves are downloaded on first use."""


def check(path: str | Path, **choices: object) -> Report:
    """Say what would be made of images; nothing is kept.

    path: a folder, an archive, or a file of images. choices: see `add`. The report prints itself, and has the same as
    attributes: ok, problem, form, images, class_names, shape, split, skipped, warnings. Raises DatasetError for choices
    that are none.

    >>> from remap_core import datasets
    >>> datasets.check("no photos").problem[-32:]
    'there is no such file or folder.'
    """
    source = _checked_path(path)
    chosen = _read_choices(choices)
    with tempfile.TemporaryDirectory(prefix="remap-") as work:
        prepared = prepare(source, chosen, Path(work), downloads=_home(None))
        return prepared.report


def add(path: str | Path, name: str, *, home: str | Path | None = None, **choices: object) -> Kept:
    """Prepare images and keep them as a data set, which `remap.open(..., dataset=name)` then finds.

    path: a folder, an archive, or a file of images, or the name of a published data set, such as "cifar-100" or
    "emnist-letters". home: the data folder, by default that of the settings.
    choices: side (8 to 224 pixels), colour ("grey", "colour"), fit ("squash", "crop", "pad"), background ("white",
    "black"), label_table, file_column, label_column, left_out (classes), augmentation ("shift", "flip", "rotate",
    "brightness"), images (the size of a balanced subset), seed; what is not given is proposed. `.report` says what was
    found and done. An interrupted call goes on where it was when it is repeated.

    Raises DatasetError with the reason why the images cannot be used, or the name.
    """
    source = _checked_path(path)
    title = _checked_text("name", name)
    return _add(source, title, _read_choices(choices), _home(home))


def added(home: str | Path | None = None) -> list[Kept]:
    """The data sets that were added to a data folder, by default that of the settings."""
    return kept_datasets(_home(home))


def remove(name: str, home: str | Path | None = None) -> None:
    """Delete the prepared images of a data set; your own files stay. Raises DatasetError where there is none."""
    kept = find_kept(_checked_text("name", name), _home(home))
    if kept is None:
        raise DatasetError(f"There is no data set {name!r:.60} to remove.")
    remove_kept(kept)


def load(name: str | Path) -> Dataset:
    """Load a data set: one of `names`, one that was added, or a path, which is then added with proposed choices.

    "#N" at the end takes a class-balanced subset of N images. The split into train, validation and test is always the
    same. Each part has `images`, (n, height, width, channels) uint8, and `labels`, (n,). What is downloaded or added
    goes to the data folder of the settings (REMAP_HOME).

    Raises DatasetError for a name that is not known (with the nearest one that is), and for images that cannot be used.

    >>> digits = load("digits#200")
    >>> digits.train.images.shape, digits.class_names[:3]
    ((140, 8, 8, 1), ('0', '1', '2'))
    """
    home = _home(None)
    return load_dataset(resolve(name, home), home)


def describe(name: str | Path) -> str:
    """Describe a data set in one sentence: images, classes and split. Raises DatasetError, like `load`.

    >>> describe("digits#200")
    'digits#200: 200 images, each 1 channel of 8 x 8, in 10 classes; 140 to train, 30 to validate, 30 to test.'
    """
    dataset = load(name)
    parts = [len(part) for part in (dataset.train, dataset.validation, dataset.test)]
    images = pluralize(sum(parts), "image")
    shape = shape_text(dataset.input_shape)
    train, validation, test = map(count, parts)
    what = f"{images}, each {shape}, in {dataset.classes} classes"
    split = f"{train} to train, {validation} to validate, {test} to test"
    return f"{dataset.name}: {what}; {split}."


def _home(home: str | Path | None) -> Path:
    if home is None:
        settings, _ = read_settings()
        return settings.home
    return Path(home).expanduser()


def _read_choices(choices: dict[str, Any]) -> Choices:
    known = [field.name for field in fields(Choices)]
    unknown = [name for name in choices if name not in known]
    if not unknown:
        return Choices(**choices)
    name = unknown[0]
    nearest = get_close_matches(name, known, n=1, cutoff=0.5)
    if nearest:
        raise DatasetError(f"There is no choice {name}: did you mean {nearest[0]}?")
    raise DatasetError(f"There is no choice {name}: use {', '.join(known)}.")


def _checked_path(path: object) -> str | Path:
    if not isinstance(path, str | Path) or not str(path):
        raise DatasetError(f"path must be a path, but got {path!r:.60}.")
    return path


def _checked_text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise DatasetError(f"{what} must be a text, but got {value!r:.60}.")
    return value
