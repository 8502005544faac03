"""Tables with a row for each image and a column for each pixel, such as Kaggle's train.csv of digits."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from remap_core.datasets.readers.arrays.array_archives import part_in
from remap_core.datasets.readers.arrays.labelled_arrays import Labelled, found_in_arrays
from remap_core.datasets.readers.arrays.pixel_arrays import MIN_FLAT_SIDE, compact, flat_side, require_memory
from remap_core.datasets.readers.files.file_list import starts_with, visible_files
from remap_core.datasets.readers.found import Found, Skipped
from remap_core.datasets.recipe import Choices
from remap_core.datasets.rules import errors_name, reason
from remap_core.errors import DatasetError

FORM = "table of pixels"
SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
LABEL_NAMES = frozenset(
    ("label", "labels", "class", "classes", "class_label", "class_name", "target", "targets", "category", "y", "digit")
)
"""What people call the column of labels."""
ID_NAMES = frozenset(("", "id", "ids", "index", "idx", "unnamed: 0", "image_id", "imageid", "row", "row_id"))
"""What people call a column that numbers the rows."""
_PIXEL_NAME = re.compile(r"(pixels?|px|p|x|f|feature|col|v)?[ _.-]?\d+|\d+x\d+")
_MIN_PIXELS = MIN_FLAT_SIDE**2
_MAX_LINE = 1 << 22
"""Characters of one row."""
_SAMPLE_ROWS = 20
_BLOCK_BYTES = 1 << 23


class Columns(NamedTuple):
    """Places of columns. label: None where the table has none; if `is_label_inside`, pixels has one column too many,
    and the first or the last of them is the label."""

    pixels: list[int]
    label: int | None
    is_label_inside: bool = False


class Layout(NamedTuple):
    """How a table is written. names: of its columns, by place; numbers: whether a column's first values are numbers."""

    file: Path
    delimiter: str
    decimal: str
    has_header: bool
    names: list[str]
    numbers: list[bool]


def is_pixel_table(path: Path, files: Sequence[Path]) -> bool:
    """Whether this is a table of pixels, or a folder with one; only first rows are read. `files`: all below it."""
    return any(layout is not None for layout in map(_layout, files or [path]))


def read_pixel_tables(path: Path, choices: Choices) -> Found:
    """The images of a table or of several; tables without labels are ignored.

    Raises DatasetError with the file and the rule that it breaks.
    """
    with errors_name(path):
        if not path.exists():
            raise DatasetError("there is no such file.")
        layouts = [layout for layout in map(_layout, visible_files(path)) if layout]
        if not layouts:
            raise DatasetError(
                f"there must be a table with at least {_MIN_PIXELS} columns of pixels, but there is none."
            )
    groups = []
    skipped: list[Skipped] = []
    warnings = []
    have_chosen = [layout for layout in layouts if choices.label_column in layout.names]
    for layout in layouts:
        with errors_name(layout.file):
            wanted = choices.label_column
            if have_chosen and layout not in have_chosen:
                wanted = None
            columns = wide_columns(layout.names, layout.numbers, wanted)
            if columns.label is None and not columns.is_label_inside:
                warnings.append(f"{layout.file.name} has no column of labels: ignored.")
                continue
            labels, pixels, broken = _values(layout, columns)
            name = ""
            if len(layouts) > 1:
                name = layout.file.name
            groups.append(Labelled(pixels, labels, part_in(_stem(layout.file)), name))
            skipped += broken
    with errors_name(path):
        if not groups:
            raise DatasetError("there must be a column of labels, but there is none: --label-column NAME chooses one.")
        return found_in_arrays(FORM, groups, path, choices, skipped=skipped, warnings=warnings)


def wide_columns(names: Sequence[str], numbers: Sequence[bool], label_column: str | None) -> Columns:
    """Which columns are pixels, and which is the label. numbers: whether a column holds numbers.

    Raises DatasetError if two columns could be the label, or if the others cannot be a square image.
    """
    label = label_place(names, label_column)
    called = [name.strip().lower() for name in names]
    rest = [place for place, is_number in enumerate(numbers) if is_number and place != label]
    pixels = [place for place in rest if _PIXEL_NAME.fullmatch(called[place])]
    if flat_side(len(pixels)) is None:
        pixels = rest
    if flat_side(len(pixels)) is None:
        pixels = [place for place in rest if called[place] not in ID_NAMES]
    if label is None:
        used = set(pixels)
        others = [place for place in range(len(names)) if place not in used and called[place] not in ID_NAMES]
        label = the_only_label([names[place] for place in others], others)
    if flat_side(len(pixels)) is not None:
        return Columns(pixels, label)
    if label is None and flat_side(len(pixels) - 1) is not None:
        return Columns(pixels, None, is_label_inside=True)
    raise DatasetError(
        f"a table of pixels must have side * side or 3 * side * side of them, "
        f"but besides the label it has {len(pixels):,} columns of numbers."
    )


def label_place(names: Sequence[str], label_column: str | None) -> int | None:
    """The place of the column that is chosen or called like a label, None if no column is. Raises DatasetError."""
    if label_column is not None:
        if label_column not in names:
            raise DatasetError(f"there is no column {label_column!r:.60}, but {listed(names)}.")
        return list(names).index(label_column)
    named = [place for place, name in enumerate(names) if name.strip().lower() in LABEL_NAMES]
    return the_only_label([names[place] for place in named], named)


def the_only_label(names: Sequence[str], places: Sequence[int]) -> int | None:
    """The one place, or None if there is none; raises DatasetError if there are several. names: of the columns."""
    if len(places) > 1:
        raise DatasetError(f"{len(places)} columns could be the label: {listed(names)}. Say --label-column NAME.")
    return next(iter(places), None)


def listed(names: Sequence[str]) -> str:
    """Names of columns in a sentence: ten at most."""
    shown = ", ".join(f"{name:.40}" for name in names[:10])
    if len(names) > 10:
        return f"{shown} and {len(names) - 10:,} more"
    return shown


def column_labels(column: pa.ChunkedArray) -> NDArray[Any]:
    """A column of labels as an array that `to_classes` takes; text that is all numbers becomes numbers."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_boolean(column.type) and not column.null_count:
        return np.asarray(column.to_numpy())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return np.asarray(column.to_numpy())  # with nulls it is float64 and has NaN
    if not _is_text(column.type):
        raise DatasetError(f"labels must be numbers or text, but they are {kind}.")
    encoded = column.cast(pa.large_string()).fill_null("").combine_chunks().dictionary_encode()
    texts = np.array(encoded.dictionary.to_pylist() or [""], np.str_)
    values: NDArray[Any] = _numbers_if_all(texts)
    indices: NDArray[np.int32] = encoded.indices.to_numpy(zero_copy_only=False)
    labels: NDArray[Any] = values[indices]
    return labels


def _is_text(kind: pa.DataType) -> bool:
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    is_string = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
    return bool(is_string or is_bytes)


def _numbers_if_all(texts: NDArray[np.str_]) -> NDArray[Any]:
    """Whole numbers, if all texts are that; empty ones become NaN."""
    stripped = np.char.strip(texts)
    try:
        numbers = np.where(stripped == "", "nan", stripped).astype(np.float64)
    except ValueError:
        return stripped
    if np.isnan(numbers).all() or np.isin(np.char.lower(stripped), ("nan", "inf", "-inf", "infinity")).any():
        return stripped
    return numbers


def _stem(file: Path) -> str:
    return file.name.lower().removesuffix(".gz").rsplit(".", 1)[0]


def _layout(file: Path) -> Layout | None:
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
    numbers = [
        all(_is_number(row[place], decimal) for row in rows[1:] if place < len(row)) for place in range(len(rows[1]))
    ]
    pixels = sum(numbers)
    if not any(flat_side(pixels - others) for others in range(3)):
        return None
    has_header = _is_header(rows[0], decimal)
    names = [str(place) for place in range(len(rows[0]))]
    if has_header:
        names = [name.strip() for name in rows[0]]
    if len(names) != len(numbers):
        return None
    return Layout(file, delimiter, decimal, has_header, names, numbers)


def _first_lines(file: Path) -> list[str]:
    with _opened_text(file) as stream:
        lines = [stream.readline(_MAX_LINE) for _ in range(_SAMPLE_ROWS)]
    lines[0] = lines[0].removeprefix("\ufeff")
    return [line for line in lines if line.strip()]


@contextmanager
def _opened_text(file: Path) -> Iterator[TextIO]:
    if starts_with(file, b"\x1f\x8b"):
        with gzip.open(file, "rt", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
        return
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        yield stream


def _is_header(row: Sequence[str], decimal: str) -> bool:
    """At least two cells are no numbers, or they count 0, 1, 2, ..., as pandas names columns that have no names."""
    numbers = [cell.strip() for cell in row if cell.strip() and _is_number(cell, decimal)]
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


def _values(layout: Layout, columns: Columns) -> tuple[NDArray[Any], NDArray[Any], list[Skipped]]:
    """Labels (n,), pixels (n, values) and lines that are left out."""
    skipped: list[Skipped] = []
    labels = []
    blocks = []
    rows = 0
    for batch in _batches(layout, columns, skipped):
        values = [batch.column(str(place)).to_numpy(zero_copy_only=False) for place in columns.pixels]
        blocks.append(np.ascontiguousarray(compact(np.stack(values)).T))
        rows += batch.num_rows
        require_memory("the table", (rows, len(values)), blocks[-1].dtype)
        if columns.label is not None:
            labels.append(batch.column(str(columns.label)))
    pixels = np.concatenate(blocks)
    if columns.label is not None:
        return column_labels(pa.chunked_array(labels)), pixels, skipped
    inside = _label_inside(pixels)
    return pixels[:, inside], np.delete(pixels, inside, axis=1), skipped


def _label_inside(values: NDArray[Any]) -> int:
    """The first column or the last one: of whole numbers, of which there are several but the fewest."""
    different = {}
    for place in (0, -1):
        column = values[:, place]
        is_whole = column.dtype.kind in "iu" or bool((column == np.rint(column)).all())
        numbers = len(np.unique(column))
        if is_whole and numbers > 1:
            different[place] = numbers
    return min(different, key=lambda place: different[place], default=0)


def _batches(layout: Layout, columns: Columns, skipped: list[Skipped]) -> Iterator[pa.RecordBatch]:
    def skip(row: Any) -> str:
        reason_text = f"it has {row.actual_columns:,} columns, but {row.expected_columns:,} are needed."
        skipped.append(Skipped(f"{layout.file.name} line {row.number}", reason_text))
        return "skip"

    names = [str(place) for place in range(len(layout.names))]
    types = {str(place): pa.float32() for place in columns.pixels}
    if columns.label is not None:
        types[str(columns.label)] = pa.string()
    try:
        with pa.csv.open_csv(
            _stream(layout.file),
            pa.csv.ReadOptions(
                use_threads=False, block_size=_block_bytes(layout), column_names=names, skip_rows=int(layout.has_header)
            ),
            pa.csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=skip),
            pa.csv.ConvertOptions(column_types=types, include_columns=list(types), decimal_point=layout.decimal),
        ) as reader:
            yield from reader
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"the table cannot be read ({reason(error)}).") from error


def _stream(file: Path) -> Any:
    if starts_with(file, b"\x1f\x8b"):
        return pa.CompressedInputStream(pa.OSFile(str(file)), "gzip")
    return pa.OSFile(str(file))


def _block_bytes(layout: Layout) -> int:
    """A block must hold a whole row, of up to 25 characters a number."""
    return max(_BLOCK_BYTES, 25 * len(layout.names))
