"""What folders, files, arrays and cells of tables call the parts of a split."""

from __future__ import annotations

import re

from remap_core.datasets.splits import Part

_PART_NAMES = {
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
_SHORT_NAMES = {
    "tr": Part.TRAIN,
    "te": Part.TEST,
    "t10k": Part.TEST,
}
"""These count beside other words only: a folder called "te" may well be a class."""
PART_WORDS = _PART_NAMES | _SHORT_NAMES
_FILLERS = {"seg", "set", "data", "dataset", "images", "image", "imgs", "img", "split", "pics", "photos", ""}
_ENDINGS = ("set", "data", "images")


def part_of(name: str) -> Part:
    """The part that a name stands for, whole; UNKNOWN where it says anything else.

    >>> part_of("seg_train"), part_of("Validation set"), part_of("train-cars")
    (<Part.TRAIN: 0>, <Part.VALIDATION: 1>, <Part.UNKNOWN: 255>)
    """
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word not in _FILLERS]
    if len(words) != 1:
        return Part.UNKNOWN
    word = words[0]
    for ending in _ENDINGS:
        word = word.removesuffix(ending)
    return _PART_NAMES.get(word, Part.UNKNOWN)


def part_in(name: str) -> Part:
    """The part that one word of a name stands for; UNKNOWN where none does, or where two parts are meant.

    >>> part_in("emnist-letters-train"), part_in("images")
    (<Part.TRAIN: 0>, <Part.UNKNOWN: 255>)
    """
    found = {PART_WORDS[word] for word in words_in(name) if word in PART_WORDS}
    if len(found) == 1:
        return found.pop()
    return Part.UNKNOWN


def words_in(name: str) -> list[str]:
    """The words of a name, in lower case: split at underscores, hyphens, dots and before capitals.

    >>> words_in("trainImages-v2"), words_in("X_train")
    (['train', 'images', 'v2'], ['x', 'train'])
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", spaced.lower())
