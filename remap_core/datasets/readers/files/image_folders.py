"""A folder of image files, in any of the layouts that people have."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from remap_core.datasets.readers.files.encoded_images import FilePictures, image_files
from remap_core.datasets.readers.files.file_list import FileList, ListedFile
from remap_core.datasets.readers.files.folder_layouts import CLASS_FOLDERS, SPLIT_FOLDERS, Layout, read_layout
from remap_core.datasets.readers.files.label_tables import TableLabels, find_labels
from remap_core.datasets.readers.found import Found, LabelTable
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError
from remap_core.formatting import listed
from remap_core.trials.class_labels import MAX_NAME

_GENERIC = re.compile(r"(images?|imgs?|pics?|pictures|photos?|part|batch|shard|chunk|folder|dir|data)?[ _-]*\d*", re.I)
"""Names of folders that hold any images, not those of one class."""


def find_images(folder: FileList, choices: Choices) -> Found:
    """The images of a folder and their classes, by a label table, folders or file names.

    Raises DatasetError where nothing says which class an image is, or where it is not clear which column does.
    """
    images = image_files(folder)
    if not images:
        raise DatasetError("there are no images.")
    layout = read_layout([image.path for image in images])
    table = None
    is_table_chosen = choices.label_table is not None or choices.label_column is not None
    if is_table_chosen or not _names_classes(layout):
        labelled = find_labels(folder, images, choices)
        if labelled is not None:
            table = labelled.table
            layout = _by_table(labelled, layout)
    if not any(layout.labels):
        raise DatasetError(
            "the images have no classes: put the images of each class into a folder of its own, or add a table "
            "(labels.csv) with a column of file names and a column of classes."
        )
    return _found(folder, images, layout, table)


def _names_classes(layout: Layout) -> bool:
    """Whether the folders say the classes so clearly that no table is asked."""
    if layout.form not in (CLASS_FOLDERS, SPLIT_FOLDERS):
        return False
    names = set(layout.labels) - {""}
    return len(names) >= 2 and not all(map(_is_generic, names))


def _is_generic(folder: str) -> bool:
    """A number alone is a class, such as one of digits."""
    return not folder.isdigit() and _GENERIC.fullmatch(folder) is not None


def _by_table(labelled: TableLabels, layout: Layout) -> Layout:
    """What the table says; where it says no parts, those of the folders."""
    parts = labelled.parts
    if not _is_any_known(parts):
        parts = layout.parts
    return Layout(f"images and a label table ({labelled.table.file})", labelled.labels, parts, labelled.warnings)


def _is_any_known(parts: Sequence[Part]) -> bool:
    return any(part is not Part.UNKNOWN for part in parts)


def _found(
    folder: FileList,
    images: Sequence[ListedFile],
    layout: Layout,
    table: LabelTable | None,
) -> Found:
    """The images that have a class, in the order of their classes and paths."""
    names, renamed = _class_names(layout.labels)
    class_names = sorted_names(set(names.values()))
    index = {name: place for place, name in enumerate(class_names)}
    with_class = [place for place, label in enumerate(layout.labels) if label]
    class_of = [index[names[layout.labels[place]]] for place in with_class]
    labels = np.array(class_of, np.int64)
    order = np.argsort(labels, kind="stable")
    places = [with_class[row] for row in order]
    parts = None
    if _is_any_known(layout.parts):
        parts = np.array([layout.parts[place] for place in places], np.uint8)
    files = [images[place].path for place in places]
    return Found(
        form=layout.form,
        class_names=class_names,
        labels=labels[order],
        pictures=FilePictures(folder.root, files),
        parts=parts,
        skipped=folder.skipped,
        warnings=(*layout.warnings, *renamed, *_alike(class_names)),
        not_classes=tuple(names[name] for name in layout.not_classes),
        table=table,
    )


def sorted_names(names: set[str]) -> tuple[str, ...]:
    """Class names in order: whole numbers by their value, else as text."""
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _class_names(labels: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """For each label the name of its class: one line of text, not too long, and no two the same; and a warning."""
    names: dict[str, str] = {}
    changed = []
    for label in sorted(set(labels) - {""}):
        name = _one_line(label)
        if len(name) > MAX_NAME:
            name = f"{name[: MAX_NAME - 1]}…"
        while name in names.values():
            name = f"{name}'"
        if name != label:
            changed.append(name)
        names[label] = name
    if not changed:
        return names, []
    return names, [f"Class names were shortened, or unprintable characters removed: {listed(changed)}."]


def _one_line(label: str) -> str:
    """A label without unprintable characters."""
    for character in set(label):
        if not character.isprintable():
            label = label.replace(character, " ")
    return " ".join(label.split()) or "?"


def _alike(names: Sequence[str]) -> list[str]:
    """Warnings of classes whose names differ in upper and lower case."""
    lower: dict[str, str] = {}
    warnings = []
    for name in names:
        other = lower.setdefault(name.casefold(), name)
        if other != name:
            warnings.append(f"Are {other} and {name} one class? Their names differ only in case.")
    return warnings
