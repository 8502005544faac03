"""Image files inside parquet files, read when they are opened."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from remap_core.datasets.readers.arrays.labelled_arrays import RowNames
from remap_core.datasets.readers.arrays.parquet_columns import Schema, damage_names_file
from remap_core.datasets.readers.files.encoded_images import open_picture
from remap_core.datasets.readers.found import Picture
from remap_core.errors import DatasetError

_WINDOW_BYTES = 1 << 24
_WINDOW_ROWS = 1024
_BUFFER_BYTES = 1 << 20
_WINDOWS = 4
"""How many windows of rows are kept for threads that are not equally fast."""


class Group(NamedTuple):
    """A group of rows of a file. first: its first row, counted through all files. window: rows to read at a time."""

    file: Path
    number: int
    first: int
    rows: int
    window: int


class Window(NamedTuple):
    """Consecutive rows of a group of rows. first: its first row in the group."""

    first: int
    values: pa.Array


def groups_in(file: Path, schema: Schema, first: int) -> Iterator[Group]:
    """The groups of rows of a file. first: the number of rows in the files before it."""
    metadata = pq.read_metadata(file)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        rows = group.num_rows
        columns = [group.column(place) for place in range(group.num_columns)]
        sizes = [column.total_uncompressed_size for column in columns if column.path_in_schema == schema.bytes_path]
        fitting = _WINDOW_BYTES * rows // max(1, sum(sizes))
        window = min(_WINDOW_ROWS, max(1, fitting))
        if rows:
            yield Group(file, number, first, rows, window)
        first += rows


@dataclass(frozen=True, eq=False)
class ParquetPictures:
    """Image files in parquet, of which only some rows are in memory at a time. Threads may share it.

    names: of the rows of the images, which are counted through all files.
    """

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
        with damage_names_file(group.file):
            is_in_group = self._running is not None and self._running[0] == place
            if not is_in_group or not self._go_on(key):
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
        with pq.ParquetFile(group.file, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            batches = file.iter_batches(
                group.window,
                row_groups=[group.number],
                columns=[self._schema.bytes_path],
                use_threads=False,
            )
            for batch in batches:
                values = _bytes_in(batch.column(0))
                yield Window(first, values)
                first += len(values)


def _bytes_in(column: pa.Array) -> pa.Array:
    if pa.types.is_struct(column.type):
        return pc.struct_field(column, "bytes")
    return column
