"""Parquet as Hugging Face publishes data sets: a column of images, which are files or pixels, and one of labels."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from remap_core.datasets.readers.arrays.array_archives import part_in
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
from remap_core.datasets.readers.arrays.pixel_arrays import compact, require_memory
from remap_core.datasets.readers.arrays.pixel_tables import (
    ID_NAMES,
    LABEL_NAMES,
    column_labels,
    label_place,
    listed,
    the_only_label,
    wide_columns,
)
from remap_core.datasets.readers.files.encoded_images import open_picture
from remap_core.datasets.readers.files.file_list import starts_with, visible_files
from remap_core.datasets.readers.found import Found, Picture, Skipped
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name, reason
from remap_core.errors import DatasetError

FORM = "parquet"
MAGIC = b"PAR1"
_WINDOW_BYTES = 1 << 24
_WINDOW_ROWS = 1024
_WINDOWS = 4
"""How many windows of rows are kept for threads that are not equally fast."""
_IMAGE_NAMES = ("image", "images", "img", "picture", "photo", "pixels", "pixel_values", "x")
_NO_LABELS = ID_NAMES | {"path", "file", "file_name", "filename", "image_path", "url", "width", "height", "split"}
_OTHER_SIZE = "its pixels are missing or of another size than those of the first image."
_FORMATS = frozenset(("PNG", "JPEG", "MPO", "JPEG2000", "WEBP", "BMP", "DIB", "GIF", "TIFF", "PPM", "HEIF", "AVIF"))
"""Not EPS, for which Pillow starts Ghostscript."""
_PIXEL_ROWS = 1024
"""Rows of pixels that are converted at a time."""


class Schema(NamedTuple):
    """Which columns are what. images: the column of images; empty if every pixel has a column of its own (`wide`).

    bytes_path: of the column of bytes in parquet, empty if images are pixels. class_names: of the labels, if stated.
    """

    images: str
    bytes_path: str
    wide: tuple[str, ...]
    label: str
    class_names: tuple[str, ...]


class Window(NamedTuple):
    """Consecutive rows of a group of rows. first: its first row in the group."""

    first: int
    values: pa.Array


def is_parquet(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is a parquet file or a folder with one, by ending and first bytes; `files`: all below the folder."""
    return bool(_parquet_files(files or [path]))


def read_parquet(path: Path, choices: Choices) -> Found:
    """The images of parquet files; their names or folders tell the parts of the split.

    Image files inside are decoded when they are opened. choices: label_column and file_column (of the images) settle
    what is ambiguous. Files without labels are ignored. Raises DatasetError with the file and the rule that it breaks.
    """
    with errors_name(path):
        if not path.exists():
            raise DatasetError("there is no such file.")
        files = _parquet_files(visible_files(path))
        if not files:
            raise DatasetError("there must be a parquet file, but there is none.")
        sources, warnings = _labelled_files(path, files, choices)
        if sources[0].schema.bytes_path:
            return _found_files(sources, warnings)
        return _found_pixels(path, sources, warnings, choices)


class Source(NamedTuple):
    """A file that has images and labels. name: its path below the source, empty if it is the source."""

    file: Path
    name: str
    schema: Schema


def _labelled_files(path: Path, files: Sequence[Path], choices: Choices) -> tuple[list[Source], list[str]]:
    sources = []
    warnings = []
    have_chosen = [file for file in files if choices.label_column in _columns(file).names]
    for file in files:
        name = ""
        if file != path:
            name = str(file.relative_to(path))
        is_unlabelled = have_chosen and file not in have_chosen
        if not is_unlabelled:
            schema = _understood(file, choices)
            is_unlabelled = not schema.label
        if is_unlabelled:
            warnings.append(f"{name} has no column of labels: ignored.")
        else:
            sources.append(Source(file, name, schema))
    if not sources:
        raise DatasetError("there must be a column of labels, but there is none: --label-column NAME chooses one.")
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


def _understood(file: Path, choices: Choices) -> Schema:
    """Which columns are what; a label of "" if there is none. Raises DatasetError if two columns could be it."""
    schema = _columns(file)
    features = _features(schema)
    images = _image_column(schema, choices.file_column)
    if not images:
        numbers = [_is_number(kind) for kind in schema.types]
        columns = wide_columns(schema.names, numbers, choices.label_column)
        wide = tuple(schema.names[place] for place in columns.pixels)
        label = ""
        if columns.label is not None:
            label = schema.names[columns.label]
        return Schema("", "", wide, label, features.get(label, ()))
    label = _label_column(schema, features, images, choices.label_column)
    kind = schema.field(images).type
    bytes_path = ""
    if _is_binary(kind):
        bytes_path = images
    if pa.types.is_struct(kind):
        bytes_path = f"{images}.bytes"
    return Schema(images, bytes_path, (), label, features.get(label, ()))


def _columns(file: Path) -> pa.Schema:
    with _damage_named(file):
        schema: pa.Schema = pq.read_schema(file)
    return schema


def _features(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """The class names of columns, as the package `datasets` writes them into the file."""
    try:
        written = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        labels = {name: feature for name, feature in written.items() if feature.get("_type") == "ClassLabel"}
        return {name: tuple(map(str, feature["names"])) for name, feature in labels.items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _image_column(schema: pa.Schema, file_column: str | None) -> str:
    """The column of images: files rather than lists of pixels; "" if there is none."""
    files = [field.name for field in schema if _holds_files(field.type)]
    lists = [field.name for field in schema if _holds_pixels(field.type) and field.name.lower() not in LABEL_NAMES]
    candidates = files or lists
    if file_column is not None:
        if file_column not in files + lists:
            raise DatasetError(f"there is no column of images {file_column!r:.60}, but {listed(candidates)}.")
        return file_column
    if len(candidates) > 1:
        candidates = [name for name in candidates if name.lower() in _IMAGE_NAMES] or candidates
    if len(candidates) > 1:
        raise DatasetError(
            f"{len(candidates)} columns could be the images: {listed(candidates)}. Say --file-column NAME."
        )
    if candidates:
        return str(candidates[0])
    return ""


def _label_column(
    schema: pa.Schema, features: dict[str, tuple[str, ...]], images: str, label_column: str | None
) -> str:
    names = [field.name for field in schema if field.name != images and _may_be_label(field.type)]
    if label_column is not None:
        label_place(names, label_column)
        return label_column
    stated = [name for name in names if name in features]
    likely = stated or [name for name in names if name.lower() not in _NO_LABELS]
    named = [name for name in likely if name.lower() in LABEL_NAMES] or likely
    if the_only_label(named, range(len(named))) is None:
        return ""
    return str(named[0])


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _holds_files(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(field.name == "bytes" and _is_binary(field.type) for field in kind)
    return _is_binary(kind)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _holds_pixels(kind: pa.DataType) -> bool:
    inner = kind
    while _is_list(inner):
        inner = inner.value_type
    return _is_list(kind) and _is_number(inner)


def _may_be_label(kind: pa.DataType) -> bool:
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    return bool(is_text or _is_number(kind))


@contextmanager
def _damage_named(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{file.name} is damaged ({reason(error)}).") from error


def _found_files(sources: Sequence[Source], warnings: Sequence[str]) -> Found:
    """Labels are read, images are not."""
    schema = sources[0].schema
    labels = []
    groups: list[Group] = []
    starts = [0]
    for source in sources:
        with _damage_named(source.file):
            labels += pq.read_table(source.file, columns=[schema.label]).column(0).chunks
            groups += _groups(source.file, schema, starts[-1])
        starts.append(sum(group.rows for group in groups))
    if not starts[-1]:
        raise DatasetError("there must be at least one image, but there are no rows.")
    column = pa.chunked_array(labels)
    classes = to_classes(column_labels(column), schema.class_names)
    rows = np.flatnonzero(classes.indices != UNLABELLED)
    names, indices = without_empty(Classes(classes.names, classes.indices[rows]))
    split = np.repeat([np.uint8(part_in(source.name)) for source in sources], np.diff(starts))[rows]
    row_names = RowNames(tuple(source.name for source in sources), np.array(starts[:-1]), rows)
    sentences = (*warnings, unlabelled_warning(classes))
    return Found(
        form=FORM,
        class_names=names,
        labels=indices,
        pictures=ParquetPictures(tuple(source.file for source in sources), schema, row_names, tuple(groups)),
        parts=known_parts(split),
        warnings=tuple(sentence for sentence in sentences if sentence),
    )


def _groups(file: Path, schema: Schema, first: int) -> Iterator[Group]:
    metadata = pq.read_metadata(file)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = [group.column(place) for place in range(group.num_columns)]
        size = sum(column.total_uncompressed_size for column in columns if column.path_in_schema == schema.bytes_path)
        window = _WINDOW_BYTES * group.num_rows // max(1, size)
        if group.num_rows:
            yield Group(file, number, first, group.num_rows, min(_WINDOW_ROWS, max(1, window)))
        first += group.num_rows


def _found_pixels(path: Path, sources: Sequence[Source], warnings: Sequence[str], choices: Choices) -> Found:
    groups = []
    skipped: list[Skipped] = []
    for source in sources:
        with _damage_named(source.file):
            labels, pixels = _pixel_values(source, skipped)
        groups.append(Labelled(pixels, labels, part_in(source.name), source.name))
    return found_in_arrays(
        FORM,
        groups,
        path,
        choices,
        class_names=sources[0].schema.class_names,
        skipped=skipped,
        warnings=warnings,
    )


def _pixel_values(source: Source, skipped: list[Skipped]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels (n,) and pixels (n, ...) of a file; rows of another size are skipped."""
    schema = source.schema
    pixel_columns = list(schema.wide or [schema.images])
    labels = []
    blocks: list[NDArray[Any]] = []
    first = 0
    with pq.ParquetFile(source.file) as file:
        for batch in file.iter_batches(_PIXEL_ROWS, columns=[*pixel_columns, schema.label]):
            if schema.wide:
                values = np.stack([batch.column(name).to_numpy(zero_copy_only=False) for name in schema.wide]).T
                rows = np.arange(batch.num_rows)
            else:
                shape = blocks[0].shape[1:] if blocks else None
                values, rows = _from_lists(batch.column(schema.images), shape)
            blocks.append(np.ascontiguousarray(compact(values)))
            labels.append(batch.column(schema.label).take(pa.array(rows)))
            other = np.setdiff1d(np.arange(batch.num_rows), rows)
            skipped += [Skipped(f"{source.name} row {first + row}".strip(), _OTHER_SIZE) for row in other]
            first += batch.num_rows
            require_memory("the table", (first, *values.shape[1:]), blocks[-1].dtype)
    if not labels:
        raise DatasetError("there must be at least one image, but there are no rows.")
    pixels = np.concatenate(blocks)
    if 2 * len(pixels) < first:
        raise DatasetError(f"images must be of one size, but {first - len(pixels):,} of {first:,} are of another.")
    return column_labels(pa.chunked_array(labels)), pixels


def _from_lists(column: pa.Array, shape: tuple[int, ...] | None) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The pixels of lists, flat or in one another, (m, *shape), and which rows these are.

    shape: of each image; that of the first one if it is None.
    """
    rows = np.arange(len(column))
    if shape is None:
        shape = _shape_of_first(column)
    lists = 1
    for length in shape:
        lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
        fits = (lengths == length).reshape(-1, lists).all(axis=1)
        column = column.filter(pa.array(np.repeat(fits, lists))).flatten()
        rows = rows[fits]
        lists *= length
    values = np.asarray(column.to_numpy(zero_copy_only=False))
    return values.reshape(len(rows), *shape), rows


def _shape_of_first(column: pa.Array) -> tuple[int, ...]:
    first = next((value for value in column if value.is_valid), None)
    try:
        shape = () if first is None else np.shape(first.as_py())
    except ValueError:  # lists of different lengths
        shape = ()
    if 0 in (len(shape), *shape):
        raise DatasetError("the first image must have pixels in lists of one length, but it has not.")
    return shape


@dataclass(frozen=True, eq=False)
class ParquetPictures:
    """Image files in parquet, of which only some rows are in memory at a time. Threads may share it.

    files: each with its rows. rows: of the images, counted through all files.
    """

    files: tuple[Path, ...]
    schema: Schema
    names: RowNames
    groups: tuple[Group, ...]
    _reader: _Reader = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_reader", _Reader(self.groups, self.schema))

    def __len__(self) -> int:
        return len(self.names)

    def name(self, place: int) -> str:
        """The file and the row of an image."""
        return self.names[place]

    def open(self, place: int) -> Picture:
        """An image that Pillow has not decoded yet."""
        row = int(self.names.rows[place])
        content = self._reader.content(row)
        if not content:
            raise DatasetError("the row has no bytes of an image")
        return open_picture(content)


class Group(NamedTuple):
    """A group of rows of a file. first: its first row, counted through all files. window: rows to read at a time."""

    file: Path
    number: int
    first: int
    rows: int
    window: int


class _Reader:
    """Reads groups forwards in windows, as one group may be larger than memory; keeps the latest windows.

    PyArrow decodes a page at a time, which has at most 1,024 rows unless it was written otherwise.
    """

    def __init__(self, groups: Sequence[Group], schema: Schema) -> None:
        self._groups = groups
        self._schema = schema
        self._firsts = np.array([group.first for group in groups])
        self._lock = threading.Lock()
        self._windows: OrderedDict[tuple[int, int], pa.Array] = OrderedDict()
        self._running: tuple[int, Iterator[Window]] | None = None

    def content(self, row: int) -> bytes:
        """The bytes of the image of a row."""
        place = int(np.searchsorted(self._firsts, row, side="right")) - 1
        group = self._groups[place]
        within = row - group.first
        key = place, within // group.window
        with self._lock:
            if key not in self._windows:
                self._read_to(place, key)
            self._windows.move_to_end(key)
            value = self._windows[key][within % group.window]
        content: bytes | None = value.as_py()
        return content or b""

    def _read_to(self, place: int, key: tuple[int, int]) -> None:
        """Go on in the running group, or start again where that is past this window or another group."""
        group = self._groups[place]
        with _damage_named(group.file):
            if self._running is None or self._running[0] != place or not self._go_on(key):
                self._running = place, self._read(group)
                self._go_on(key)
        if key not in self._windows:
            raise DatasetError(f"{group.file.name} is damaged: it has fewer rows than it states.")

    def _go_on(self, key: tuple[int, int]) -> bool:
        if self._running is None:
            return False
        place, windows = self._running
        for window in windows:
            number = window.first // self._groups[place].window
            if number > key[1]:
                return False
            self._keep((place, number), window.values)
            if number == key[1]:
                return True
        return False

    def _keep(self, key: tuple[int, int], values: pa.Array) -> None:
        self._windows[key] = values
        self._windows.move_to_end(key)
        if len(self._windows) > _WINDOWS:
            self._windows.popitem(last=False)

    def _read(self, group: Group) -> Iterator[Window]:
        first = 0
        with pq.ParquetFile(group.file, buffer_size=1 << 20, pre_buffer=False) as file:
            for batch in file.iter_batches(
                group.window, row_groups=[group.number], columns=[self._schema.bytes_path], use_threads=False
            ):
                values = _bytes_in(batch.column(0))
                yield Window(first, values)
                first += len(values)


def _bytes_in(column: pa.Array) -> pa.Array:
    if pa.types.is_struct(column.type):
        return pc.struct_field(column, "bytes")
    return column
