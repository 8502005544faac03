"""A folder of image files, in any of the layouts that people have."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from remap_core.datasets.readers.files.encoded_images import FilePictures, image_files
from remap_core.datasets.readers.files.file_list import FileList, ListedFile
from remap_core.datasets.readers.files.folder_layouts import Layout, listed, read_layout
from remap_core.datasets.readers.files.label_tables import find_labels
from remap_core.datasets.readers.found import Found, LabelTable
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError

MAX_NAME = 80
"""Characters of a class name; longer ones are cut."""
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
    if choices.label_table is not None or choices.label_column is not None or not _names_classes(layout):
        labelled = find_labels(folder, images, choices)
        if labelled is not None:
            table = labelled.table
            form = f"images and a label table ({table.file})"
            parts = labelled.parts or layout.parts
            layout = Layout(form, labelled.labels, parts, labelled.warnings)
    if not any(layout.labels):
        raise DatasetError(
            "nothing says which class an image is: put the images of each class into a folder of its own, or add a "
            "table (labels.csv) with a column of file names and a column of classes."
        )
    return _found(folder, images, layout, table)


def _names_classes(layout: Layout) -> bool:
    """Whether the folders say the classes so clearly that no table is asked."""
    names = set(layout.labels) - {""}
    is_generic = all(_GENERIC.fullmatch(name) and not name.isdigit() for name in names)
    return "folders" in layout.form and not is_generic and len(names) >= 2


def _found(folder: FileList, images: Sequence[ListedFile], layout: Layout, table: LabelTable | None) -> Found:
    """The images that have a class, in the order of their classes and paths."""
    names, changed = _class_names(layout.labels)
    class_names = sorted_names(set(names.values()))
    index = {name: place for place, name in enumerate(class_names)}
    with_class = [place for place, label in enumerate(layout.labels) if label]
    labels = np.array([index[names[layout.labels[place]]] for place in with_class], np.int64)
    order = np.argsort(labels, kind="stable")
    places = [with_class[row] for row in order]
    parts = None
    if layout.parts is not None and any(part is not Part.UNKNOWN for part in layout.parts):
        parts = np.array([layout.parts[place] for place in places], np.uint8)
    pictures = FilePictures(folder.root, [images[place].path for place in places])
    return Found(
        form=layout.form,
        class_names=class_names,
        labels=labels[order],
        pictures=pictures,
        parts=parts,
        skipped=folder.skipped,
        warnings=(*layout.warnings, *changed, *_alike(class_names)),
        not_classes=tuple(names[name] for name in layout.not_classes),
        table=table,
    )


def sorted_names(names: set[str]) -> tuple[str, ...]:
    """Class names in order: whole numbers by their value, else as text."""
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _class_names(labels: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """For each label the name of its class: one line of text, not too long, and no two the same."""
    names: dict[str, str] = {}
    changed = []
    for label in sorted(set(labels) - {""}):
        name = " ".join("".join(char if char.isprintable() else " " for char in label).split()) or "?"
        if len(name) > MAX_NAME:
            name = f"{name[: MAX_NAME - 1]}…"
        while name in names.values():
            name = f"{name}'"
        if name != label:
            changed.append(name)
        names[label] = name
    if not changed:
        return names, []
    return names, [f"Class names were cut or had unprintable characters; now they are {listed(changed)}."]


def _alike(names: Sequence[str]) -> list[str]:
    lower: dict[str, str] = {}
    warnings = []
    for name in names:
        other = lower.setdefault(name.casefold(), name)
        if other != name:
            warnings.append(f"The classes {other} and {name} differ in case alone: are they one?")
    return warnings
