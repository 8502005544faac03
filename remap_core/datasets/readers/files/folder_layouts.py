"""Folders of image files: what their names say about classes and about the split."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from remap_core.datasets.readers.part_names import part_of
from remap_core.datasets.splits import Part
from remap_core.formatting import listed, pluralize

CLASS_FOLDERS = "class folders"
SPLIT_FOLDERS = "train, validation and test folders"
FILE_NAMES = "classes in file names"
NO_CLASSES = "images without classes"
_UNLABELLED = {"unlabelled", "unlabeled", "pred", "predict", "prediction", "predictions", "unsup"}
_MAY_NOT_FOLLOW = 0.05
"""Share of the files that need not follow a pattern of file names."""
_MIN_PER_CLASS = 3
"""Files for each class, on average; with fewer, the pattern finds names of images and not of classes."""
_PATTERNS = (
    ("cat.0.jpg, cat_001.png", re.compile(r"(?P<label>.*?[^\d\W].*?)[ ._-]*\(?\d+\)?")),
    ("001_cat.png", re.compile(r"\d+[ ._-]+(?P<label>\D.*?)")),
    ("7_0001.png", re.compile(r"(?P<label>[^ ._-]+)[ ._-]+\d+")),
    ("cat-anything.png", re.compile(r"(?P<label>[^ ._-]+)[ ._-].+")),
)

PathParts = tuple[str, ...]
"""The folders above a file, and its name."""


class Layout(NamedTuple):
    """How the paths of n files were understood.

    labels: the class of each, "" for none. parts: the part of each, UNKNOWN where nothing says it. warnings: sentences.
    not_classes: folders that are no classes by their names.
    """

    form: str
    labels: list[str]
    parts: list[Part]
    warnings: list[str]
    not_classes: tuple[str, ...] = ()


def read_layout(files: Sequence[str]) -> Layout:
    """Understand the paths of image files: class folders, with or without a split above them, or file names."""
    paths = _unwrapped([PurePosixPath(file).parts for file in files])
    split = _split_folders(paths)
    if split is not None:
        return split
    if _has_class_folders(paths):
        return _class_folders(paths)
    return _file_names(paths)


def without_class(number: int, where: str = "") -> str:
    """A sentence on images that are left out. where: a folder or a table.

    >>> without_class(3, "seg_pred")
    '3 images left out: no class in seg_pred.'
    """
    place = ""
    if where:
        place = f" in {where}"
    return f"{pluralize(number, 'image')} left out: no class{place}."


def _unwrapped(paths: Sequence[PathParts]) -> list[PathParts]:
    """Without the folders that hold everything, but for the last one where the images lie in it directly."""
    folders = [path[:-1] for path in paths]
    shared = 0
    # what the first and the last in order share, all of them share
    for name, other in zip(min(folders), max(folders), strict=False):
        if name != other:
            break
        shared += 1
    lie_in_it = all(len(path) == shared + 1 for path in paths)
    if shared and lie_in_it:
        shared -= 1
    return [path[shared:] for path in paths]


def _top_folder(path: PathParts) -> str:
    """The outermost folder of a file; "" for a file that is in none."""
    if len(path) > 1:
        return path[0]
    return ""


def _unknown_parts(paths: Sequence[PathParts]) -> list[Part]:
    return [Part.UNKNOWN] * len(paths)


def _split_folders(paths: Sequence[PathParts]) -> Layout | None:
    """Folders such as train and test, if they say of at least one class folder below which part it is."""
    places_in: dict[str, list[int]] = defaultdict(list)
    for place, path in enumerate(paths):
        places_in[_top_folder(path)].append(place)
    labels = [""] * len(paths)
    parts = _unknown_parts(paths)
    with_classes = []
    for folder, places in places_in.items():
        part = part_of(folder)
        if part is Part.UNKNOWN:
            continue
        inner_labels = _labels_inside([paths[place][1:] for place in places], part)
        if not any(inner_labels):
            continue
        with_classes.append(part)
        for place, label in zip(places, inner_labels, strict=True):
            labels[place] = label
            parts[place] = part
    if Part.TRAIN not in with_classes and len(with_classes) < 2:
        return None
    folders = [_top_folder(path) for path in paths]
    without = Counter(folder for folder, label in zip(folders, labels, strict=True) if not label)
    warnings = [without_class(number, folder) for folder, number in sorted(without.items())]
    return Layout(SPLIT_FOLDERS, labels, parts, warnings + _missing_classes(labels, parts))


def _labels_inside(paths: list[PathParts], part: Part) -> list[str]:
    """The class folders of the files in one part's folder; "" for a file that is in none. paths: below that folder."""
    while all(len(path) > 2 for path in paths):
        if any(part_of(path[0]) is not part for path in paths):
            break
        paths = [path[1:] for path in paths]
    return [_top_folder(path) for path in paths]


def _missing_classes(labels: Sequence[str], parts: Sequence[Part]) -> list[str]:
    """The classes that a part does not have, and another one has."""
    classes_of: dict[Part, set[str]] = defaultdict(set)
    for label, part in zip(labels, parts, strict=True):
        if label:
            classes_of[part].add(label)
    all_classes = set(labels) - {""}
    warnings = []
    for part, classes in sorted(classes_of.items()):
        missing = sorted(all_classes - classes)
        if missing:
            warnings.append(f"No {part.title} images of {listed(missing)}.")
    return warnings


def _has_class_folders(paths: Sequence[PathParts]) -> bool:
    """Whether most files are in folders, of which at least one is no part of a split."""
    folders = [path[0] for path in paths if len(path) > 1]
    if 2 * len(folders) <= len(paths):
        return False
    return any(part_of(folder) is Part.UNKNOWN for folder in set(folders))


def _class_folders(paths: Sequence[PathParts]) -> Layout:
    labels = [_top_folder(path) for path in paths]
    images = Counter(labels)
    warnings = []
    if images[""]:
        warnings.append(without_class(images[""]))
    names = sorted(set(labels) - {""})
    not_classes = tuple(filter(_is_no_class, names))
    if len(names) - len(not_classes) < 2:
        not_classes = ()
    for name in not_classes:
        left_out = pluralize(images[name], "image")
        warnings.append(f"{left_out} left out: {name} does not look like a class.")
    return Layout(CLASS_FOLDERS, labels, _unknown_parts(paths), warnings, not_classes)


def _is_no_class(folder: str) -> bool:
    is_part = part_of(folder) is not Part.UNKNOWN
    return is_part or folder.lower() in _UNLABELLED


def _file_names(paths: Sequence[PathParts]) -> Layout:
    """Classes from file names, by the first pattern that nearly all files follow and that gives a few classes.

    Files in a folder of test images need not follow it: those of a competition have no classes.
    """
    parts = [part_of(_top_folder(path)) for path in paths]
    must_follow = [place for place, part in enumerate(parts) if part is not Part.TEST]
    if not must_follow:
        must_follow = list(range(len(paths)))
    if Part.TRAIN not in parts:
        parts = _unknown_parts(paths)
    for example, pattern in _PATTERNS:
        labels = [_label_in(path, pattern) for path in paths]
        if not _are_few_classes([labels[place] for place in must_follow]):
            continue
        first = must_follow[0]
        warnings = [f"Classes come from the file names, as in {example}: {paths[first][-1]} is {labels[first]}."]
        if "" in labels:
            warnings.append(without_class(labels.count("")))
        return Layout(FILE_NAMES, labels, parts, warnings)
    return Layout(NO_CLASSES, [""] * len(paths), _unknown_parts(paths), [])


def _label_in(path: PathParts, pattern: re.Pattern[str]) -> str:
    stem = PurePosixPath(path[-1]).stem
    match = pattern.fullmatch(stem)
    if match is None:
        return ""
    return match["label"].rstrip(" ._-(")


def _are_few_classes(labels: Sequence[str]) -> bool:
    images = Counter(labels)
    without = images.pop("", 0)
    if without > _MAY_NOT_FOLLOW * len(labels):
        return False
    return 2 <= len(images) <= len(labels) / _MIN_PER_CLASS
