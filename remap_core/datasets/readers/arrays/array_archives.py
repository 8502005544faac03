"""Images in .npz files and in folders of .npy files: which array is what is told by their names, else by their shapes.

Nothing is unpickled: arrays of Python objects, as in a Bunch of scikit-learn, are ignored.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np

from remap_core.datasets.readers.arrays.labelled_arrays import TEXT_KINDS, Labelled, found_in_arrays, text_of
from remap_core.datasets.readers.arrays.pixel_arrays import MIN_FLAT_SIDE, NUMBER_KINDS, Array, require_memory
from remap_core.datasets.readers.files.file_list import starts_with, visible_files
from remap_core.datasets.readers.files.unpacking import MAX_RATIO, inflates_too_much
from remap_core.datasets.readers.found import Found
from remap_core.datasets.readers.part_names import PART_WORDS, words_in
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name, reason
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError
from remap_core.formatting import count

NPZ_FORM = ".npz arrays"
NPY_FORM = ".npy arrays"
ZIP_MAGIC = b"PK"

Role = Literal["images", "labels"]
_ROLE_WORDS: dict[str, Role] = {
    **dict.fromkeys(["images", "image", "imgs", "img", "x", "data", "pixels", "inputs"], "images"),
    **dict.fromkeys(["labels", "label", "y", "targets", "target", "classes", "class"], "labels"),
}
"""The first words are preferred where an archive has several arrays of one role."""
_PREFERENCE = list(_ROLE_WORDS)
_PARTS_BY_NUMBER = {
    1: (Part.UNKNOWN,),
    2: (Part.TRAIN, Part.TEST),
    3: (Part.TRAIN, Part.VALIDATION, Part.TEST),
}
"""What several arrays without telling names are, in their order."""
_OTHER_WORD = 100
"""A name with a word that says nothing comes after all names without."""
_NAMES = ("class_names", "classes", "target_names", "label_names", "labels_names", "names")
_ADVICE = "name them images and labels, or x_train, y_train, x_test and y_test"


@dataclass(frozen=True)
class Stored:
    """An array in a file, not read yet. name: of the array, without what it is stored in."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], Array]

    @property
    def is_text(self) -> bool:
        return self.dtype.kind in TEXT_KINDS


class Meaning(NamedTuple):
    """What an array is, by its name. preference: a smaller one is taken first."""

    role: Role
    part: Part
    preference: int


class Pair(NamedTuple):
    """Images and their labels."""

    images: Stored
    labels: Stored
    part: Part

    def read(self) -> Labelled:
        """Their values, by the name of the images."""
        images = self.images.read()
        labels = self.labels.read()
        return Labelled(images, labels, self.part, self.images.name)


def is_npz(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is an .npz file, or a folder of them; `files` are all below the folder."""
    archives = with_suffix(files or [path], ".npz")
    if archives == [path]:
        return True
    return bool(archives) and all(starts_with(file, ZIP_MAGIC) for file in archives)


def is_array_folder(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is an .npy file, or a folder of them whose names say what is images and what is labels."""
    arrays = with_suffix(files or [path], ".npy")
    if arrays == [path]:
        return True
    meanings = map(_meaning, _names_in(path, arrays))
    return {meaning.role for meaning in meanings if meaning} == {"images", "labels"}


def with_suffix(files: Sequence[Path], suffix: str) -> list[Path]:
    """The files with this ending, in upper or lower case."""
    return [file for file in files if file.suffix.lower() == suffix]


def read_archives(path: Path, choices: Choices) -> Found:
    """Images of an .npz file or of a folder of .npz files. Raises DatasetError with the file and the rule."""
    return _read(path, choices, ".npz", NPZ_FORM)


def read_array_folder(path: Path, choices: Choices) -> Found:
    """Images of a folder of .npy files, memory-mapped. Raises DatasetError with the file and the rule."""
    return _read(path, choices, ".npy", NPY_FORM)


def _read(
    path: Path,
    choices: Choices,
    suffix: str,
    form: str,
) -> Found:
    with errors_name(path):
        files = with_suffix(visible_files(path), suffix)
        if not files:
            raise DatasetError(f"there is no {suffix} file.")
        if files == [path] and suffix == ".npy":
            raise DatasetError("one .npy file has no labels: put it into a folder together with labels.npy.")
        stored = _stored_in(path, files)
        pairs, ignored = _pairs(stored)
        class_names, unread = _class_names(stored, pairs)
        groups = [pair.read() for pair in pairs]
        if len(groups) == 1:
            groups = [groups[0]._replace(name="")]
        return found_in_arrays(
            form,
            groups,
            path,
            choices,
            class_names=class_names,
            warnings=ignored + unread,
        )


def _stored_in(path: Path, files: Sequence[Path]) -> list[Stored]:
    """All arrays. One that is alone in its .npz file is called as the file, others of several files get its name."""
    stored: list[Stored] = []
    for file, name in zip(files, _names_in(path, files), strict=True):
        if file.suffix.lower() == ".npy":
            stored.append(_in_npy(file, name))
            continue
        arrays = list(_in_npz(file))
        if file == path:
            return arrays
        if len(arrays) == 1:
            stored.append(replace(arrays[0], name=name))
            continue
        for array in arrays:
            full_name = f"{name}_{array.name}"
            stored.append(replace(array, name=full_name))
    return stored


def _names_in(path: Path, files: Sequence[Path]) -> list[str]:
    """What the file of each array adds to the array's name: its path without its ending."""
    home = path
    if not path.is_dir():
        home = path.parent
    relative = [file.relative_to(home) for file in files]
    return ["_".join(file.with_suffix("").parts) for file in relative]


def _in_npy(file: Path, name: str) -> Stored:
    with _damage_names(file.name):
        array = np.lib.format.open_memmap(file, mode="r")  # it never unpickles
    return Stored(name, array.shape, array.dtype, lambda: array)


def _in_npz(file: Path) -> Iterator[Stored]:
    if not zipfile.is_zipfile(file):
        raise DatasetError("this is not an .npz file, or it is incomplete.")
    with _damage_names("the file"), zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                name = member.removesuffix(".npy")
                with _damage_names(name), archive.open(member) as stream:
                    shape, dtype = npy_header(stream)
                yield Stored(name, shape, dtype, partial(_member, file, member))


def npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type of the array in an .npy file; raises ValueError for another file."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_2_0
    if version == (1, 0):
        read = np.lib.format.read_array_header_1_0
    shape, _, dtype = read(stream)
    return shape, dtype


def _member(file: Path, member: str) -> Array:
    name = member.removesuffix(".npy")
    with _damage_names(name), zipfile.ZipFile(file) as archive:
        with archive.open(member) as stream:
            shape, dtype = npy_header(stream)
        if not dtype.hasobject:
            require_memory(name, shape, dtype)
            _require_plausible(name, archive.getinfo(member), shape, dtype)
        with archive.open(member) as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _require_plausible(name: str, entry: zipfile.ZipInfo, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise DatasetError for an array that is larger than it is stored, or than images and labels can be packed to."""
    if prod(shape) * dtype.itemsize > entry.file_size:
        raise DatasetError(f"{name} is incomplete: its shape is {shape}, but there are {count(entry.file_size)} bytes.")
    if inflates_too_much(entry):
        raise DatasetError(f"{name} unpacks to more than {MAX_RATIO} times its size: it is not made of images.")


@contextmanager
def _damage_names(name: str) -> Iterator[None]:
    try:
        yield
    except DatasetError:
        raise
    except Exception as error:  # a damaged archive can raise nearly anything
        if "Object arrays" in str(error) or "Python objects" in str(error):
            raise DatasetError(f"{name} must be a plain array, but it holds Python objects.") from error
        raise DatasetError(f"{name} is damaged ({reason(error)}).") from error


def _pairs(stored: Sequence[Stored]) -> tuple[list[Pair], list[str]]:
    """Images with their labels, and what is ignored. Raises DatasetError if there are none."""
    by_meaning = _by_meaning(stored)
    if not by_meaning:
        return _pairs_by_shape(stored), []
    pairs = []
    warnings = []
    for part in Part:
        images = by_meaning.get(("images", part))
        labels = by_meaning.get(("labels", part))
        if images and labels:
            pairs.append(Pair(images, labels, part))
        elif images:
            warnings.append(f"{images.name} has no labels: ignored.")
    has_split = any(pair.part != Part.UNKNOWN for pair in pairs)
    if has_split and pairs[-1].part == Part.UNKNOWN:
        left_out = pairs.pop()
        warnings.append(f"{left_out.images.name} belongs to no part of the split: ignored.")
    if pairs:
        return pairs, warnings
    return _pairs_by_shape(stored), []


def _by_meaning(stored: Sequence[Stored]) -> dict[tuple[Role, Part], Stored]:
    """The array of each role and part whose name is the surest."""
    best: dict[tuple[Role, Part], Stored] = {}
    preferences: dict[tuple[Role, Part], int] = {}
    for array in stored:
        meaning = _meaning(array.name)
        if meaning is None or not array.shape:
            continue
        if meaning.role == "images" and array.is_text:
            continue
        key = meaning.role, meaning.part
        if key not in best or meaning.preference < preferences[key]:
            best[key] = array
            preferences[key] = meaning.preference
    return best


def _meaning(name: str) -> Meaning | None:
    """From words such as x, train; images, val; or Xtrain, testY. Words that are neither make it less sure."""
    roles: list[str] = []
    parts = []
    others = 0
    for word in words_in(name):
        role, part = _split_word(word)
        if role:
            roles.append(role)
        if part:
            parts.append(PART_WORDS[part])
        if not role and not part:
            others += 1
    is_clear = len(roles) == 1 and len(parts) <= 1
    if not is_clear or "names" in words_in(name):
        return None
    (role_word,) = roles
    part_meant = next(iter(parts), Part.UNKNOWN)
    preference = _PREFERENCE.index(role_word) + _OTHER_WORD * others
    return Meaning(_ROLE_WORDS[role_word], part_meant, preference)


def _split_word(word: str) -> tuple[str, str]:
    """The role and the part in one word, each empty where it has none."""
    if word in _ROLE_WORDS:
        return word, ""
    if word in PART_WORDS:
        return "", word
    for role in _ROLE_WORDS:
        for part in (word.removesuffix(role), word.removeprefix(role)):
            if part in PART_WORDS:
                return role, part
    return "", ""


def _pairs_by_shape(stored: Sequence[Stored]) -> list[Pair]:
    """Arrays without telling names, such as arr_0, arr_1: the n-th images belong to the n-th labels."""
    arrays = [array for array in stored if array.shape and not array.dtype.hasobject]
    numbers = [array for array in arrays if array.dtype.kind in NUMBER_KINDS]
    images = [array for array in numbers if len(array.shape) >= 3]
    if not images:
        tables = [array for array in numbers if len(array.shape) == 2]
        widest = max((array.shape[1] for array in tables), default=0)
        if widest >= MIN_FLAT_SIDE**2:
            images = [array for array in tables if array.shape[1] == widest]
    lengths = {array.shape[0] for array in images}
    others = [array for array in arrays if array not in images]
    labels = []
    for array in others:
        is_flat = len(array.shape) <= 2
        if is_flat and array.shape[0] in lengths:
            labels.append(array)
    return _matched(stored, images, labels)


def _matched(stored: Sequence[Stored], images: Sequence[Stored], labels: Sequence[Stored]) -> list[Pair]:
    parts = _PARTS_BY_NUMBER.get(len(images), ())
    if parts and len(images) == len(labels):
        return [Pair(*pair) for pair in zip(images, labels, parts, strict=True)]
    present = ", ".join(array.name for array in stored) or "none"
    missing = "images"
    if images:
        missing = "labels"
    raise DatasetError(f"there must be images and labels, but {missing} are missing among {present:.200}: {_ADVICE}.")


def _class_names(stored: Sequence[Stored], pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """The names of the classes, none if there are none, and warnings."""
    used = {pair.labels.name for pair in pairs}
    others = [array for array in stored if array.name not in used]
    by_words = {"_".join(words_in(array.name)): array for array in others}
    candidates = [by_words[name] for name in _NAMES if name in by_words]
    for array in candidates:
        if array.is_text and len(array.shape) == 1:
            return text_of(array.read()).tolist(), []
    hidden = [array.name for array in candidates if array.dtype.hasobject]
    return [], [f"{name} holds Python objects, which are never read: classes are numbered." for name in hidden]
