"""Parquet as Hugging Face publishes data sets: a column of images, which are files or pixels, and one of labels."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from remap_core.datasets.readers.arrays.labelled_arrays import (
    UNLABELLED,
    Classes,
    Labelled,
    RowNames,
    found_in_arrays,
    known_parts,
    to_classes,
    unlabelled_warning,
    without_empty,
)
from remap_core.datasets.readers.arrays.parquet_columns import Schema, columns_of, damage_names_file, understood
from remap_core.datasets.readers.arrays.parquet_pictures import Group, ParquetPictures, groups_in
from remap_core.datasets.readers.arrays.pixel_arrays import Array, compact, require_memory
from remap_core.datasets.readers.arrays.pixel_tables import NO_LABEL_COLUMN, column_labels
from remap_core.datasets.readers.files.file_list import starts_with, visible_files
from remap_core.datasets.readers.found import Found, Skipped
from remap_core.datasets.readers.part_names import part_in
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name
from remap_core.datasets.splits import Rows
from remap_core.errors import DatasetError
from remap_core.formatting import count

FORM = "parquet"
MAGIC = b"PAR1"
_OTHER_SIZE = "its pixels are missing or of another size than those of the first image."
_NO_ROWS = "there must be at least one image, but there are no rows."
_PIXEL_ROWS = 1024
"""Rows of pixels that are converted at a time."""


class Source(NamedTuple):
    """A file that has images and labels. name: its path below the source, empty if it is the source."""

    file: Path
    name: str
    schema: Schema


def is_parquet(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is a parquet file or a folder with one, by ending and first bytes; `files`: all below the folder."""
    return bool(_parquet_files(files or [path]))


def read_parquet(path: Path, choices: Choices) -> Found:
    """The images of parquet files; their names or folders tell the parts of the split.

    Image files inside are decoded when they are opened. choices: label_column and file_column (of the images) settle
    what is ambiguous. Files without labels are ignored. Raises DatasetError with the file and the rule that it breaks.
    """
    with errors_name(path):
        files = _parquet_files(visible_files(path))
        if not files:
            raise DatasetError("there is no parquet file.")
        sources, warnings = _labelled_files(path, files, choices)
        if sources[0].schema.bytes_path:
            return _found_files(sources, warnings)
        return _found_pixels(path, sources, warnings, choices)


def _labelled_files(path: Path, files: Sequence[Path], choices: Choices) -> tuple[list[Source], list[str]]:
    """The files with labels, training images first, and warnings of the others."""
    sources = []
    warnings = []
    chosen = choices.label_column
    have_chosen = [file for file in files if chosen in columns_of(file).names]
    for file in files:
        name = ""
        if file != path:
            name = str(file.relative_to(path))
        source = None
        if not have_chosen or file in have_chosen:
            source = Source(file, name, understood(file, choices))
        if source and source.schema.label:
            sources.append(source)
        else:
            warnings.append(f"{name} has no column of labels: ignored.")
    if not sources:
        raise DatasetError(NO_LABEL_COLUMN)
    sources.sort(key=lambda source: part_in(source.name))
    for source in sources:
        if source.schema != sources[0].schema:
            raise DatasetError(
                f"all files must have the same columns and classes, but {source.name} and {sources[0].name} differ."
            )
    return sources, warnings


def _parquet_files(files: Sequence[Path]) -> list[Path]:
    named = [file for file in files if file.suffix.lower() in (".parquet", ".pq")]
    return [file for file in named if starts_with(file, MAGIC)]


def _found_files(sources: Sequence[Source], warnings: Sequence[str]) -> Found:
    """Labels are read, images are not."""
    schema = sources[0].schema
    labels = []
    groups: list[Group] = []
    starts = [0]
    for source in sources:
        with damage_names_file(source.file):
            table = pq.read_table(source.file, columns=[schema.label])
            labels += table.column(0).chunks
            groups += groups_in(source.file, schema, starts[-1])
        starts.append(sum(group.rows for group in groups))
    if not starts[-1]:
        raise DatasetError(_NO_ROWS)
    column = column_labels(pa.chunked_array(labels))
    classes = to_classes(column, schema.class_names)
    rows = np.flatnonzero(classes.indices != UNLABELLED)
    used = without_empty(Classes(classes.names, classes.indices[rows]))
    part_of_file = [part_in(source.name) for source in sources]
    parts = np.repeat(part_of_file, np.diff(starts)).astype(np.uint8)
    files = tuple(source.name for source in sources)
    row_names = RowNames(files, np.array(starts[:-1]), rows)
    sentences = (*warnings, unlabelled_warning(classes))
    return Found(
        form=FORM,
        class_names=used.names,
        labels=used.indices,
        pictures=ParquetPictures(schema, row_names, tuple(groups)),
        parts=known_parts(parts[rows]),
        warnings=tuple(filter(None, sentences)),
    )


def _found_pixels(
    path: Path,
    sources: Sequence[Source],
    warnings: Sequence[str],
    choices: Choices,
) -> Found:
    groups = []
    skipped: list[Skipped] = []
    for source in sources:
        with damage_names_file(source.file):
            labels, pixels = _pixel_values(source, skipped)
        part = part_in(source.name)
        groups.append(Labelled(pixels, labels, part, source.name))
    return found_in_arrays(
        FORM,
        groups,
        path,
        choices,
        class_names=sources[0].schema.class_names,
        skipped=skipped,
        warnings=warnings,
    )


def _pixel_values(source: Source, skipped: list[Skipped]) -> tuple[Array, Array]:
    """Labels (n,) and pixels (n, ...) of a file; rows of another size are skipped."""
    schema = source.schema
    pixel_columns = list(schema.wide or [schema.images])
    labels = []
    blocks: list[Array] = []
    shape: tuple[int, ...] = ()
    total = 0
    with pq.ParquetFile(source.file) as file:
        for batch in file.iter_batches(_PIXEL_ROWS, columns=[*pixel_columns, schema.label]):
            if schema.wide:
                values, rows = _from_columns(batch, schema.wide)
            else:
                shape = shape or _shape_of_first(batch.column(schema.images))
                values, rows = _from_lists(batch.column(schema.images), shape)
            block = np.ascontiguousarray(compact(values))
            blocks.append(block)
            batch_labels = batch.column(schema.label)
            labels.append(batch_labels.take(pa.array(rows)))
            for row in np.setdiff1d(np.arange(batch.num_rows), rows):
                name = f"{source.name} row {total + row}"
                skipped.append(Skipped(name.strip(), _OTHER_SIZE))
            total += batch.num_rows
            require_memory("the table", (total, *block.shape[1:]), block.dtype)
    if not labels:
        raise DatasetError(_NO_ROWS)
    pixels = np.concatenate(blocks)
    other = total - len(pixels)
    if other > len(pixels):
        raise DatasetError(f"images must be of one size, but {count(other)} of {count(total)} are of another.")
    return column_labels(pa.chunked_array(labels)), pixels


def _from_columns(batch: pa.RecordBatch, names: Sequence[str]) -> tuple[Array, Rows]:
    """The pixels of columns, (n, values), and the rows, which are all."""
    columns = [batch.column(name).to_numpy(zero_copy_only=False) for name in names]
    return np.stack(columns).T, np.arange(batch.num_rows)


def _from_lists(column: pa.Array, shape: tuple[int, ...]) -> tuple[Array, Rows]:
    """The pixels of lists, flat or in one another, (m, *shape), and which rows have this shape."""
    rows = np.arange(len(column))
    for depth, length in enumerate(shape):
        lists_per_image = prod(shape[:depth])
        lengths = pc.fill_null(pc.list_value_length(column), -1)
        is_long = lengths.to_numpy(zero_copy_only=False) == length
        fits = is_long.reshape(-1, lists_per_image).all(axis=1)
        is_kept = np.repeat(fits, lists_per_image)
        column = column.filter(pa.array(is_kept)).flatten()
        rows = rows[fits]
    values = np.asarray(column.to_numpy(zero_copy_only=False))
    return values.reshape(len(rows), *shape), rows


def _shape_of_first(column: pa.Array) -> tuple[int, ...]:
    """The shape of the first image that is there."""
    shape: tuple[int, ...] = ()
    first = next((value for value in column if value.is_valid), None)
    if first is not None:
        with suppress(ValueError):  # lists of different lengths
            shape = np.shape(first.as_py())
    if 0 in (len(shape), *shape):
        raise DatasetError("the first image must have its pixels in lists of equal length.")
    return shape
