"""Which columns of a parquet file are images, and which one is the label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from remap_core.datasets.readers.arrays.pixel_tables import (
    BINARIES,
    ID_NAMES,
    LABEL_NAMES,
    STRINGS,
    is_any_of,
    label_place,
    require_one_label,
    wide_columns,
)
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import reason
from remap_core.errors import DatasetError
from remap_core.formatting import count, listed

_IMAGE_NAMES = frozenset(["image", "images", "img", "picture", "photo", "pixels", "pixel_values", "x"])
_FILE_FACTS = "path file file_name filename image_path url width height split"
_NEVER_LABELS = ID_NAMES.union(_FILE_FACTS.split())
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
_LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)

ClassNames = dict[str, tuple[str, ...]]
"""Of those columns of labels that state them."""


class Schema(NamedTuple):
    """Which columns are what. images: the column of images; empty if every pixel has a column of its own (`wide`).

    bytes_path: of the column of bytes in parquet, empty if images are pixels. class_names: of the labels, if stated.
    """

    images: str
    bytes_path: str
    wide: tuple[str, ...]
    label: str
    class_names: tuple[str, ...]


@contextmanager
def damage_names_file(file: Path) -> Iterator[None]:
    """Turn an error of pyarrow in the block into a DatasetError with the name of the file."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{file.name} is damaged ({reason(error)}).") from error


def understood(file: Path, choices: Choices) -> Schema:
    """Which columns are what; a label of "" if there is none. Raises DatasetError if two columns could be it."""
    schema = columns_of(file)
    class_names = _class_names(schema)
    images = _image_column(schema, choices.file_column)
    if not images:
        return _wide_schema(schema, class_names, choices)
    label = _label_column(schema, class_names, images, choices.label_column)
    kind = schema.field(images).type
    bytes_path = ""
    if _is_binary(kind):
        bytes_path = images
    if pa.types.is_struct(kind):
        bytes_path = f"{images}.bytes"
    return Schema(images, bytes_path, (), label, class_names.get(label, ()))


def _wide_schema(schema: pa.Schema, class_names: ClassNames, choices: Choices) -> Schema:
    """Of a table with a column for each pixel."""
    numbers = [_is_number(kind) for kind in schema.types]
    columns = wide_columns(schema.names, numbers, choices.label_column)
    wide = tuple(schema.names[place] for place in columns.pixels)
    label = ""
    if columns.label is not None:
        label = schema.names[columns.label]
    return Schema("", "", wide, label, class_names.get(label, ()))


def columns_of(file: Path) -> pa.Schema:
    """The columns of a file, in pyarrow's terms."""
    with damage_names_file(file):
        schema: pa.Schema = pq.read_schema(file)
    return schema


def _class_names(schema: pa.Schema) -> ClassNames:
    """As the package `datasets` writes them into the file."""
    names = {}
    try:
        written = json.loads((schema.metadata or {})[b"huggingface"])
        for column, feature in written["info"]["features"].items():
            if feature.get("_type") == "ClassLabel":
                names[column] = tuple(map(str, feature["names"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
    return names


def _image_column(schema: pa.Schema, file_column: str | None) -> str:
    """The column of images: files rather than lists of pixels; "" if there is none."""
    files = [field.name for field in schema if _holds_files(field.type)]
    pixels = [field.name for field in schema if _holds_pixels(field.type)]
    lists = [name for name in pixels if name.lower() not in LABEL_NAMES]
    candidates = files or lists
    if file_column is not None:
        if file_column not in files + lists:
            raise DatasetError(f"there is no column of images {file_column!r:.60}, only {listed(candidates)}.")
        return file_column
    if not candidates:
        return ""
    named = [name for name in candidates if name.lower() in _IMAGE_NAMES]
    likely = candidates
    if len(candidates) > 1 and named:
        likely = named
    if len(likely) > 1:
        raise DatasetError(
            f"{count(len(likely))} columns could be the images: {listed(likely)}. Choose one with --file-column NAME."
        )
    return str(likely[0])


def _label_column(
    schema: pa.Schema,
    class_names: ClassNames,
    images: str,
    label_column: str | None,
) -> str:
    others = [field for field in schema if field.name != images]
    names = [field.name for field in others if _may_be_label(field.type)]
    if label_column is not None:
        label_place(names, label_column)
        return label_column
    likely = [name for name in names if name in class_names]
    if not likely:
        likely = [name for name in names if name.lower() not in _NEVER_LABELS]
    named = [name for name in likely if name.lower() in LABEL_NAMES]
    candidates = named or likely
    require_one_label(candidates)
    return next(iter(candidates), "")


def _is_number(kind: pa.DataType) -> bool:
    return is_any_of(kind, _NUMBERS)


def _is_binary(kind: pa.DataType) -> bool:
    return is_any_of(kind, BINARIES)


def _holds_files(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_is_binary(field.type) for field in kind if field.name == "bytes")
    return _is_binary(kind)


def _is_list(kind: pa.DataType) -> bool:
    return is_any_of(kind, _LISTS)


def _holds_pixels(kind: pa.DataType) -> bool:
    inner = kind
    while _is_list(inner):
        inner = inner.value_type
    return _is_list(kind) and _is_number(inner)


def _may_be_label(kind: pa.DataType) -> bool:
    return is_any_of(kind, (*STRINGS, *_NUMBERS, pa.types.is_dictionary))
