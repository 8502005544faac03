"""Folders of image files: what their names say about classes and about the split."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import NamedTuple

from remap_core.datasets.splits import Part
from remap_core.formatting import count, pluralize

_PARTS = {
    "train": Part.TRAIN,
    "training": Part.TRAIN,
    "trn": Part.TRAIN,
    "val": Part.VALIDATION,
    "valid": Part.VALIDATION,
    "validation": Part.VALIDATION,
    "validate": Part.VALIDATION,
    "dev": Part.VALIDATION,
    "eval": Part.VALIDATION,
    "test": Part.TEST,
    "testing": Part.TEST,
    "tst": Part.TEST,
}
_FILLERS = {"seg", "set", "data", "dataset", "images", "image", "imgs", "img", "split", "pics", "photos", ""}
_UNLABELLED = {"unlabelled", "unlabeled", "pred", "predict", "prediction", "predictions", "unsup"}
_SHARED_BY_FILES = 0.95
"""Share of the files that must follow a pattern of file names."""
_PATTERNS = (
    ("cat.0.jpg, cat_001.png", re.compile(r"(?P<label>.*?[^\d\W].*?)[ ._-]*\(?\d+\)?")),
    ("001_cat.png", re.compile(r"\d+[ ._-]+(?P<label>\D.*?)")),
    ("7_0001.png", re.compile(r"(?P<label>[^ ._-]+)[ ._-]+\d+")),
    ("cat-anything.png", re.compile(r"(?P<label>[^ ._-]+)[ ._-].+")),
)


class Layout(NamedTuple):
    """The class of each file ("" for none) and its part, and what a person should know of how they were read."""

    form: str
    labels: list[str]
    parts: list[Part] | None
    warnings: list[str]
    not_classes: tuple[str, ...] = ()


def read_layout(files: Sequence[str]) -> Layout:
    """Understand the paths of image files: class folders, with or without a split above them, or file names."""
    paths = _unwrapped([PurePosixPath(file).parts for file in files])
    split = _split_layout(paths)
    if split is not None:
        return split
    in_folders = [path[0] for path in paths if len(path) > 1]
    if len(in_folders) * 2 > len(paths) and not all(part_of(folder) is not None for folder in set(in_folders)):
        return _class_folders(paths)
    return _file_names(paths)


def part_of(name: str) -> Part | None:
    """The part that a folder, a file or a cell of a table names, such as "seg_train" or "Validation set"."""
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word not in _FILLERS]
    if len(words) != 1:
        return None
    word = words[0]
    for ending in ("set", "data", "images"):
        word = word.removesuffix(ending)
    return _PARTS.get(word)


def _unwrapped(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the folders that hold everything, but for the last one where the images lie in it directly."""
    folders = [path[:-1] for path in paths]
    first, last = min(folders), max(folders)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    if all(len(path) == shared + 1 for path in paths):
        shared -= 1
    return [path[max(0, shared) :] for path in paths]


def _split_layout(paths: Sequence[tuple[str, ...]]) -> Layout | None:
    """Folders such as train and test, if they say of at least one class folder below which part it is."""
    inside: dict[str, list[int]] = defaultdict(list)
    for place, path in enumerate(paths):
        if len(path) > 1:
            inside[path[0]].append(place)
    named = {folder: part for folder in inside if (part := part_of(folder)) is not None}
    with_classes = {folder: part for folder, part in named.items() if _class_names(paths, inside[folder])}
    if Part.TRAIN not in with_classes.values() and len(with_classes) < 2:
        return None
    labels = [""] * len(paths)
    parts = [Part.UNKNOWN] * len(paths)
    for folder, part in with_classes.items():
        for place, label in zip(inside[folder], _labels_inside(paths, inside[folder]), strict=True):
            labels[place] = label
            parts[place] = part
    warnings = _without_class(labels, [path[0] for path in paths])
    return Layout("train, validation and test folders", labels, parts, warnings + _missing_classes(labels, parts))


def _class_names(paths: Sequence[tuple[str, ...]], places: Sequence[int]) -> set[str]:
    return set(_labels_inside(paths, places)) - {""}


def _labels_inside(paths: Sequence[tuple[str, ...]], places: Sequence[int]) -> list[str]:
    """The class folders of the files in one part's folder; "" for a file that is in none."""
    inner = [paths[place][1:] for place in places]
    own_part = part_of(paths[places[0]][0])
    while all(len(path) > 2 and part_of(path[0]) == own_part for path in inner):
        inner = [path[1:] for path in inner]
    return [path[0] if len(path) > 1 else "" for path in inner]


def _missing_classes(labels: Sequence[str], parts: Sequence[Part]) -> list[str]:
    found = defaultdict(set)
    for label, part in zip(labels, parts, strict=True):
        if label:
            found[part].add(label)
    classes = set().union(*found.values())
    warnings = []
    for part, names in sorted(found.items()):
        missing = sorted(classes - names)
        if missing:
            warnings.append(f"The {part.title} images have none of {listed(missing)}.")
    return warnings


def _class_folders(paths: Sequence[tuple[str, ...]]) -> Layout:
    labels = [path[0] if len(path) > 1 else "" for path in paths]
    counts = Counter(labels)
    warnings = _without_class(labels, [""] * len(paths))
    names = set(labels) - {""}
    suspects = sorted(name for name in names if part_of(name) is not None or name.lower() in _UNLABELLED)
    not_classes: tuple[str, ...] = ()
    if len(names) - len(suspects) >= 2:
        not_classes = tuple(suspects)
    for name in not_classes:
        images = pluralize(counts[name], "image")
        warnings.append(f"{name} is not a class, by its name: {images} in it left out.")
    return Layout("class folders", labels, None, warnings, not_classes)


def _file_names(paths: Sequence[tuple[str, ...]]) -> Layout:
    """Classes from file names, by the first pattern that nearly all files follow and that gives a few classes.

    Files in a folder of test images need not follow it: those of a competition have no classes.
    """
    parts = [_part_above(path) for path in paths]
    names = [PurePosixPath(path[-1]) for path in paths]
    must_follow = [place for place, part in enumerate(parts) if part is not Part.TEST] or list(range(len(paths)))
    for example, pattern in _PATTERNS:
        labels = [_label_in(name.stem, pattern) for name in names]
        if not _is_few_classes([labels[place] for place in must_follow]):
            continue
        first = must_follow[0]
        warnings = [f"The class is read from the file names, as in {example}: {names[first]} is {labels[first]}."]
        warnings += _without_class(labels, [""] * len(paths))
        return Layout("classes in file names", labels, parts if Part.TRAIN in parts else None, warnings)
    return Layout("images without classes", [""] * len(paths), None, [])


def _part_above(path: tuple[str, ...]) -> Part:
    part = part_of(path[0]) if len(path) > 1 else None
    return Part.UNKNOWN if part is None else part


def _label_in(stem: str, pattern: re.Pattern[str]) -> str:
    match = pattern.fullmatch(stem)
    return match["label"].rstrip(" ._-(") if match else ""


def _is_few_classes(labels: Sequence[str]) -> bool:
    counts = Counter(labels)
    without = counts.pop("", 0)
    return 2 <= len(counts) <= len(labels) / 3 and without <= (1 - _SHARED_BY_FILES) * len(labels)


def _without_class(labels: Sequence[str], folders: Sequence[str]) -> list[str]:
    counts = Counter(folder for label, folder in zip(labels, folders, strict=True) if not label)
    warnings = []
    for folder, number in sorted(counts.items()):
        where = f" in {folder}" if folder else ""
        warnings.append(f"Left out: {pluralize(number, 'image')}{where} without a class.")
    return warnings


def listed(names: Sequence[str], limit: int = 10) -> str:
    """The first names of a list in a sentence, and how many more there are."""
    shown = ", ".join(f"{name:.60}" for name in names[:limit])
    more = len(names) - limit
    if more > 0:
        return f"{shown} and {count(more)} more"
    return shown
