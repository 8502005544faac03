"""Tables with a row for each image and a column for each pixel, such as Kaggle's train.csv of digits."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from remap_core.datasets.readers.arrays.labelled_arrays import Labelled, found_in_arrays
from remap_core.datasets.readers.arrays.pixel_arrays import (
    MIN_FLAT_SIDE,
    Array,
    are_whole,
    compact,
    flat_side,
    require_memory,
)
from remap_core.datasets.readers.files.file_list import GZIP_MAGIC, starts_with, visible_files
from remap_core.datasets.readers.found import Found, Skipped
from remap_core.datasets.readers.part_names import part_in
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name, reason
from remap_core.errors import DatasetError
from remap_core.formatting import count, listed

FORM = "table of pixels"
SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_USUAL_LABELS = "label labels class classes class_label class_name target targets category y digit"
LABEL_NAMES = frozenset(_USUAL_LABELS.split())
"""What people call the column of labels."""
ID_NAMES = frozenset(["id", "ids", "index", "idx", "image_id", "imageid", "row", "row_id"]) | {"", "unnamed: 0"}
"""What people call a column that numbers the rows."""
_PIXEL_NAME = re.compile(r"(pixels?|px|p|x|f|feature|col|v)?[ _.-]?\d+|\d+x\d+")
_MIN_PIXELS = MIN_FLAT_SIDE**2
_MAX_LINE = 1 << 22
"""Characters of one row."""
_SAMPLE_ROWS = 20
_BLOCK_BYTES = 1 << 23
_CELL_BYTES = 25
"""Of a number, at most."""
_NOT_NUMBERS = ("nan", "inf", "-inf", "infinity")
"""Texts that float() takes, and that may be names of classes."""
STRINGS = (pa.types.is_string, pa.types.is_large_string)
BINARIES = (pa.types.is_binary, pa.types.is_large_binary)
NO_LABEL_COLUMN = "no column of labels found: choose one with --label-column NAME."


class Columns(NamedTuple):
    """Places of columns. label: None where the table has none; if `is_label_inside`, pixels has one column too many,
    and the first or the last of them is the label."""

    pixels: list[int]
    label: int | None
    is_label_inside: bool = False

    @property
    def has_label(self) -> bool:
        return self.label is not None or self.is_label_inside


class TableFormat(NamedTuple):
    """How a table is written. names: of its columns, by place; numbers: whether a column's first values are numbers."""

    file: Path
    delimiter: str
    decimal: str
    has_header: bool
    names: list[str]
    numbers: list[bool]


def is_pixel_table(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is a table of pixels, or a folder with one; only first rows are read. `files`: all below it."""
    return any(map(_format_of, files or [path]))


def read_pixel_tables(path: Path, choices: Choices) -> Found:
    """The images of a table or of several; tables without labels are ignored.

    Raises DatasetError with the file and the rule that it breaks.
    """
    with errors_name(path):
        tables = list(filter(None, map(_format_of, visible_files(path))))
        if not tables:
            raise DatasetError(f"there is no table with at least {_MIN_PIXELS} columns of pixels.")
    groups = []
    skipped: list[Skipped] = []
    warnings = []
    has_chosen = any(choices.label_column in table.names for table in tables)
    for table in tables:
        wanted = choices.label_column
        if has_chosen and wanted not in table.names:
            wanted = None
        with errors_name(table.file):
            columns = wide_columns(table.names, table.numbers, wanted)
            if not columns.has_label:
                warnings.append(f"{table.file.name} has no column of labels: ignored.")
                continue
            labels, pixels = _values(table, columns, skipped)
        part = part_in(_stem(table.file))
        groups.append(Labelled(pixels, labels, part, table.file.name))
    if len(tables) == 1:
        groups = [group._replace(name="") for group in groups]
    with errors_name(path):
        if not groups:
            raise DatasetError(NO_LABEL_COLUMN)
        return found_in_arrays(FORM, groups, path, choices, skipped=skipped, warnings=warnings)


def wide_columns(names: Sequence[str], numbers: Sequence[bool], label_column: str | None) -> Columns:
    """Which columns are pixels, and which is the label. numbers: whether a column holds numbers.

    Raises DatasetError if two columns could be the label, or if the others cannot be a square image.
    """
    label = label_place(names, label_column)
    called = [name.strip().lower() for name in names]
    no_ids = [place for place, name in enumerate(called) if name not in ID_NAMES]
    rest = np.flatnonzero(numbers).tolist()
    if label in rest:
        rest.remove(label)
    pixels = [place for place in rest if _PIXEL_NAME.fullmatch(called[place])]
    if flat_side(len(pixels)) is None:
        pixels = rest
    if flat_side(len(pixels)) is None:
        pixels = sorted(set(rest) & set(no_ids))
    if label is None:
        others = sorted(set(no_ids) - set(pixels))
        require_one_label([names[place] for place in others])
        label = next(iter(others), None)
    if flat_side(len(pixels)) is not None:
        return Columns(pixels, label)
    if label is None and flat_side(len(pixels) - 1) is not None:
        return Columns(pixels, None, is_label_inside=True)
    raise DatasetError(
        "a table of pixels must have side * side or 3 * side * side columns of numbers besides the label, "
        f"but it has {count(len(pixels))}."
    )


def label_place(names: Sequence[str], label_column: str | None) -> int | None:
    """The place of the column that is chosen or called like a label, None if no column is. Raises DatasetError."""
    if label_column is not None:
        if label_column not in names:
            raise DatasetError(f"there is no column {label_column!r:.60}, only {listed(names)}.")
        return list(names).index(label_column)
    named = [name for name in names if name.strip().lower() in LABEL_NAMES]
    if not named:
        return None
    require_one_label(named)
    return list(names).index(named[0])


def require_one_label(columns: Sequence[str]) -> None:
    """Raise DatasetError if several columns could be the label."""
    if len(columns) > 1:
        raise DatasetError(
            f"{count(len(columns))} columns could be the label: {listed(columns)}. Choose one with --label-column NAME."
        )


def column_labels(column: pa.ChunkedArray) -> Array:
    """A column of labels as an array that `to_classes` takes; text that is all numbers becomes numbers."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    is_number = is_any_of(column.type, (pa.types.is_integer, pa.types.is_floating))
    is_flag = pa.types.is_boolean(column.type) and not column.null_count
    if is_number or is_flag:
        return np.asarray(column.to_numpy())  # numbers with nulls are float64, and have NaN
    if not is_any_of(column.type, (*STRINGS, *BINARIES, pa.types.is_boolean)):
        raise DatasetError(f"labels must be numbers or text, but they are {kind}.")
    filled = column.cast(pa.large_string()).fill_null("")
    encoded = filled.combine_chunks().dictionary_encode()
    different = encoded.dictionary.to_pylist()
    texts = np.array(different or [""], np.str_)
    values: Array = _numbers_if_all(texts)
    indices: NDArray[np.int32] = encoded.indices.to_numpy(zero_copy_only=False)
    labels: Array = values[indices]
    return labels


def is_any_of(kind: pa.DataType, tests: Iterable[Callable[[pa.DataType], bool]]) -> bool:
    """Whether a type of a column is one of those of the functions of `pyarrow.types`."""
    return any(test(kind) for test in tests)


def _numbers_if_all(texts: NDArray[np.str_]) -> Array:
    """Whole numbers, if all texts are that; empty ones become NaN."""
    stripped = np.char.strip(texts)
    try:
        filled = np.where(stripped == "", "nan", stripped)
        numbers = filled.astype(np.float64)
    except ValueError:
        return stripped
    has_names = np.isin(np.char.lower(stripped), _NOT_NUMBERS).any()
    if has_names or np.isnan(numbers).all():
        return stripped
    return numbers


def _stem(file: Path) -> str:
    return Path(file.name.lower().removesuffix(".gz")).stem


def _format_of(file: Path) -> TableFormat | None:
    """How a table of pixels is written; None if the file is none."""
    if not file.name.lower().endswith(SUFFIXES):
        return None
    try:
        lines = _first_lines(file)
        delimiter = max(";\t,", key=lines[0].count)
        rows = list(csv.reader(lines, delimiter=delimiter))
    except (OSError, EOFError, IndexError, zlib.error, csv.Error):
        return None
    if len(rows) < 2:
        return None
    decimal = "."
    if delimiter == ";" and any("," in line for line in lines[1:]):
        decimal = ","
    header = rows[0]
    numbers = _columns_of_numbers(rows[1:], decimal)
    if len(header) != len(numbers):
        return None
    if not _may_be_pixels(sum(numbers)):
        return None
    has_header = _is_header(header, decimal)
    names = [str(place) for place in range(len(header))]
    if has_header:
        names = [name.strip() for name in header]
    return TableFormat(file, delimiter, decimal, has_header, names, numbers)


def _columns_of_numbers(rows: Sequence[Sequence[str]], decimal: str) -> list[bool]:
    """Whether each column of the first row has numbers alone; a row may be shorter."""
    are_numbers = [True] * len(rows[0])
    for row in rows:
        for place, cell in enumerate(row[: len(are_numbers)]):
            are_numbers[place] &= _is_number(cell, decimal)
    return are_numbers


def _may_be_pixels(numbers: int) -> bool:
    """Whether so many columns of numbers are an image, or one beside a label and a number of the row."""
    return any(flat_side(numbers - others) for others in range(3))


def _first_lines(file: Path) -> list[str]:
    with _opened_text(file) as stream:
        lines = [stream.readline(_MAX_LINE) for _ in range(_SAMPLE_ROWS)]
    lines[0] = lines[0].removeprefix("\ufeff")
    return [line for line in lines if line.strip()]


@contextmanager
def _opened_text(file: Path) -> Iterator[TextIO]:
    if starts_with(file, GZIP_MAGIC):
        with gzip.open(file, "rt", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
        return
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        yield stream


def _is_header(row: Sequence[str], decimal: str) -> bool:
    """At least two cells are no numbers, or they count 0, 1, 2, ..., as pandas names columns that have no names."""
    cells = [cell.strip() for cell in row]
    numbers = [cell for cell in cells if cell and _is_number(cell, decimal)]
    is_counted = numbers == [str(place) for place in range(len(numbers))]
    return is_counted or len(numbers) < len(row) - 1


def _is_number(cell: str, decimal: str) -> bool:
    """Empty cells may be numbers that are missing."""
    if not cell.strip():
        return True
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _values(table: TableFormat, columns: Columns, skipped: list[Skipped]) -> tuple[Array, Array]:
    """Labels (n,) and pixels (n, values); lines that cannot be read are skipped."""
    labels = []
    blocks = []
    rows = 0
    for batch in _batches(table, columns, skipped):
        pixel_columns = [batch.column(str(place)) for place in columns.pixels]
        values = [column.to_numpy(zero_copy_only=False) for column in pixel_columns]
        by_row = compact(np.stack(values)).T
        blocks.append(np.ascontiguousarray(by_row))
        rows += batch.num_rows
        require_memory("the table", (rows, len(values)), blocks[-1].dtype)
        if columns.label is not None:
            labels.append(batch.column(str(columns.label)))
    pixels = np.concatenate(blocks)
    if columns.label is not None:
        return column_labels(pa.chunked_array(labels)), pixels
    inside = _label_inside(pixels)
    return pixels[:, inside], np.delete(pixels, inside, axis=1)


def _label_inside(values: Array) -> int:
    """The first column or the last one: of whole numbers, of which there are several but the fewest."""
    different = {}
    for place in (0, -1):
        column = values[:, place]
        numbers = len(np.unique(column))
        if numbers > 1 and are_whole(column):
            different[place] = numbers
    return min(different, key=different.__getitem__, default=0)


def _batches(table: TableFormat, columns: Columns, skipped: list[Skipped]) -> Iterator[pa.RecordBatch]:
    """The pixels as float32 and the label as text, in columns that are called by their place."""

    def skip(row: Any) -> str:
        why = f"it has {count(row.actual_columns)} columns, but {count(row.expected_columns)} are needed."
        line = f"{table.file.name} line {row.number}"
        skipped.append(Skipped(line, why))
        return "skip"

    types = {str(place): pa.float32() for place in columns.pixels}
    if columns.label is not None:
        types[str(columns.label)] = pa.string()
    reading = pa.csv.ReadOptions(
        use_threads=False,
        block_size=_block_bytes(table),
        column_names=[str(place) for place in range(len(table.names))],
        skip_rows=int(table.has_header),
    )
    parsing = pa.csv.ParseOptions(delimiter=table.delimiter, invalid_row_handler=skip)
    converting = pa.csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        decimal_point=table.decimal,
    )
    try:
        with pa.csv.open_csv(_stream(table.file), reading, parsing, converting) as reader:
            yield from reader
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"the table cannot be read ({reason(error)}).") from error


def _stream(file: Path) -> Any:
    if starts_with(file, GZIP_MAGIC):
        return pa.CompressedInputStream(pa.OSFile(str(file)), "gzip")
    return pa.OSFile(str(file))


def _block_bytes(table: TableFormat) -> int:
    """A block must hold a whole row."""
    return max(_BLOCK_BYTES, _CELL_BYTES * len(table.names))
