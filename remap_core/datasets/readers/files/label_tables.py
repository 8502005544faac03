"""Tables beside images that say which class each image is: any names of columns, comma, semicolon or tab."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from remap_core.datasets.readers.files.file_list import FileList, ListedFile
from remap_core.datasets.readers.files.folder_layouts import without_class
from remap_core.datasets.readers.files.table_text import text_rows
from remap_core.datasets.readers.found import LabelTable
from remap_core.datasets.readers.part_names import part_of
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError, UnclearColumn
from remap_core.formatting import count, listed, pluralize

SUFFIXES = (".csv", ".tsv", ".txt")
MAX_BYTES = 500_000_000
_USUAL_NAMES = """
label labels class classes class_name classname category categories target targets y species breed diagnosis tag type
kind genus variety answer gt ground_truth label_name class_label
"""
_LABEL_NAMES = frozenset(_USUAL_NAMES.split())
_MIN_MATCHED = 0.5
"""Share of the rows (or of the images) that must belong together for a table to be a label table."""
_SAMPLE = 2000
"""Rows in which image files are looked for."""
_MAX_PARTS = 6
"""Different values that a column of parts may have."""
_FLAGS = {"false": 0, "true": 1}


@dataclass(frozen=True, eq=False)
class TableLabels:
    """What a table says of n image files.

    labels: the class of each, "" for none. parts: the part of each, UNKNOWN where nothing says it. warnings: sentences.
    """

    table: LabelTable
    labels: list[str]
    parts: list[Part]
    warnings: list[str]


@dataclass(frozen=True, eq=False)
class _Table:
    """rows: all lines, and the first one is usually the header. file_column: the column that names the image files."""

    path: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    file_column: str = ""

    def cells(self, column: str) -> list[str]:
        place = self.columns.index(column)
        return [row[place].strip() for row in self.rows]

    def values(self, column: str) -> list[str]:
        """Without the first line."""
        return self.cells(column)[1:]

    def different(self, column: str) -> set[str]:
        return set(self.values(column)) - {""}


class _Row(NamedTuple):
    file: str
    label: str
    part: Part


def find_labels(folder: FileList, images: Sequence[ListedFile], choices: Choices) -> TableLabels | None:
    """The classes of images by the tables in their folder; None where no table names the images.

    Several tables with the same columns, such as train.csv and val.csv, are read as one, and their names are the
    parts. Raises DatasetError for a table that was asked for and does not fit, and where it is not clear which column
    is the class.
    """
    keys = _keys_of(images)
    tables = []
    for file in _candidates(folder, choices):
        table = _read(folder.root, file, keys, choices)
        if table is not None:
            tables.append(table)
        elif choices.label_table:
            raise DatasetError(f"{file.path}: no column of this table names the image files.")
    labelled = [table for table in tables if _has_label(table, choices)]
    if not labelled:
        return None
    labelled.sort(key=lambda table: len(table.rows), reverse=True)
    first = labelled[0]
    alike = [table for table in labelled if _is_alike(table, first)]
    return _joined(_disjoint(alike), keys, len(images), choices)


def _is_alike(table: _Table, other: _Table) -> bool:
    return table.columns == other.columns and table.file_column == other.file_column


def _disjoint(tables: Sequence[_Table]) -> list[_Table]:
    """The first table, and those that are about other files: the tables of the parts of one data set."""
    seen: set[str] = set()
    chosen = []
    for table in tables:
        files = set(table.values(table.file_column))
        if seen.isdisjoint(files):
            chosen.append(table)
            seen |= files
    return chosen


def _candidates(folder: FileList, choices: Choices) -> list[ListedFile]:
    wanted = choices.label_table
    if wanted is None:
        return [file for file in folder.files if file.suffix in SUFFIXES and file.size <= MAX_BYTES]
    absolute = Path(wanted)
    if absolute.is_absolute() and absolute.is_relative_to(folder.root):
        wanted = absolute.relative_to(folder.root).as_posix()
    for file in folder.files:
        if wanted in (file.path, PurePosixPath(file.path).name):
            return [file]
    raise DatasetError(f"There is no label table {wanted!r:.80} in {folder.root}.")


def _read(
    root: Path,
    file: ListedFile,
    keys: dict[str, int],
    choices: Choices,
) -> _Table | None:
    """A table with a column that names image files; None for any other file."""
    try:
        content = (root / file.path).read_bytes()
    except OSError:
        return None
    rows = text_rows(content)
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    columns = _columns(rows[0])
    padding = [""] * len(columns)
    even_rows = [(row + padding)[: len(columns)] for row in rows]
    table = _Table(file.path, columns, even_rows)
    file_column = _file_column(table, keys, choices)
    if file_column is None:
        return None
    return replace(table, file_column=file_column)


def _columns(header: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; numbered where they have none, or where the first line is no header."""
    numbered = [f"column {number}" for number in range(1, len(header) + 1)]
    columns = [name.strip() or number for name, number in zip(header, numbered, strict=True)]
    if len(set(columns)) < len(columns):
        return tuple(numbered)
    return tuple(columns)


def _keys_of(images: Sequence[ListedFile]) -> dict[str, int]:
    """Ways to name an image, each with its place. What may be two images is none."""
    keys: dict[str, int] = {}
    ambiguous = set()
    for place, image in enumerate(images):
        for key in _ways_to_name(image):
            if key in keys:
                ambiguous.add(key)
            keys[key] = place
    return {key: place for key, place in keys.items() if key not in ambiguous}


def _ways_to_name(image: ListedFile) -> set[str]:
    """Its path and the ends of its path, with and without the suffix, in lower case."""
    path = PurePosixPath(image.path.lower())
    ways = set()
    for start in range(len(path.parts)):
        end = "/".join(path.parts[start:])
        ways |= {end, end.removesuffix(path.suffix)}
    return ways


def _place(cell: str, keys: dict[str, int]) -> int | None:
    path = cell.strip().replace("\\", "/").lower().lstrip("./")
    while path:
        if path in keys:
            return keys[path]
        path = path.partition("/")[2]  # a path of another machine: its end may be known here
    return None


def _file_column(table: _Table, keys: dict[str, int], choices: Choices) -> str | None:
    """The column that names most image files, if it names enough of them."""
    if choices.file_column is not None:
        return _known_column(table, choices.file_column)
    sample = table.rows[1 : 1 + _SAMPLE]
    matched = {}
    for place, column in enumerate(table.columns):
        named = {_place(row[place], keys) for row in sample}
        matched[column] = len(named - {None})
    best = max(matched, key=matched.__getitem__)
    images = len(set(keys.values())) or 1
    if matched[best] < _MIN_MATCHED * min(len(sample), images):
        return None
    return best


def _known_column(table: _Table, column: str) -> str:
    for known in table.columns:
        if known.lower() == column.lower():
            return known
    raise DatasetError(f"{table.path} has no column {column!r:.60}, only {listed(table.columns)}.")


def _has_label(table: _Table, choices: Choices) -> bool:
    return bool(_label_columns(table, choices) or _one_hot(table))


def _label_columns(table: _Table, choices: Choices) -> list[str]:
    """The columns that may be the class: those with a usual name, else those with a few different values."""
    if choices.label_column is not None:
        return [_known_column(table, choices.label_column)]
    no_labels = (table.file_column, _part_column(table))
    others = [column for column in table.columns if column not in no_labels]
    classes = {column: len(table.different(column)) for column in others}
    usual = [column for column in others if _is_usual(column) and classes[column] >= 2]
    if usual:
        return usual
    if len(others) == 1 and classes[others[0]]:
        return others
    rows = len(table.rows) - 1
    most = max(2, rows / 2)
    return [column for column in others if 2 <= classes[column] <= most]


def _is_usual(column: str) -> bool:
    words = re.sub(r"[^a-z]+", "_", column.lower())
    return words.strip("_") in _LABEL_NAMES


def _part_column(table: _Table) -> str | None:
    """The column whose cells all name a part, such as "train" and "test"."""
    for column in table.columns:
        values = table.different(column)
        if 1 <= len(values) <= _MAX_PARTS and all(part_of(value) is not Part.UNKNOWN for value in values):
            return column
    return None


def _one_hot(table: _Table) -> list[str]:
    """The columns of 0 and 1, if each row has one 1; else none."""
    columns = []
    sums = Counter[int]()
    for column in table.columns:
        flags = [_flag(value) for value in table.values(column)]
        if column == table.file_column or None in flags:
            continue
        columns.append(column)
        sums.update(row for row, flag in enumerate(flags) if flag)
    rows = len(table.rows) - 1
    has_one_each = len(sums) == rows and set(sums.values()) == {1}
    if len(columns) < 2 or not has_one_each:
        return []
    return columns


def _flag(cell: str) -> int | None:
    try:
        number = float(cell)
    except ValueError:
        return _FLAGS.get(cell.lower())
    if number not in (0, 1):
        return None
    return int(number)


def _joined(
    tables: Sequence[_Table],
    keys: dict[str, int],
    images: int,
    choices: Choices,
) -> TableLabels:
    first = tables[0]
    one_hot: list[str] = []
    label_column = ""
    if choices.label_column is None:
        one_hot = _one_hot(first)
    if not one_hot:
        label_column = _one_label_column(first, choices)
    labels = [""] * images
    parts = [Part.UNKNOWN] * images
    unknown: list[str] = []
    conflicts: list[str] = []
    for table in tables:
        for row in _rows_of(table, one_hot, label_column, keys):
            place = _place(row.file, keys)
            if place is None:
                unknown.append(row.file)
                continue
            if labels[place] not in ("", row.label):
                conflicts.append(row.file)
            labels[place] = row.label
            parts[place] = row.part
    warnings = [
        f"Classes come from {first.path}, column {label_column or 'per class'} (files: {first.file_column}).",
        *_counted(unknown, "row", "without an image file", first.path),
        *_counted(conflicts, "image", "with conflicting classes (the last one counts)", first.path),
    ]
    if "" in labels:
        warnings.append(without_class(labels.count(""), first.path))
    used = LabelTable(first.path, first.file_column, label_column, first.columns)
    return TableLabels(used, labels, parts, warnings)


def _one_label_column(table: _Table, choices: Choices) -> str:
    columns = _label_columns(table, choices)
    if len(columns) > 1:
        raise UnclearColumn(
            f"{table.path} has {count(len(columns))} columns that could be the class: {listed(columns)}. "
            "Choose one as the label column (--label-column).",
            table.columns,
        )
    return columns[0]


def _rows_of(
    table: _Table,
    one_hot: Sequence[str],
    label_column: str,
    keys: dict[str, int],
) -> list[_Row]:
    """What each row says, without the header."""
    files = table.cells(table.file_column)
    labels = _labels_of(table, one_hot, label_column)
    rows = [_Row(*row) for row in zip(files, labels, _parts_of(table), strict=True)]
    has_header = _place(files[0], keys) is None
    if has_header:
        return rows[1:]
    return rows


def _labels_of(table: _Table, one_hot: Sequence[str], label_column: str) -> list[str]:
    """The class of each row; for one-hot columns the name of the one with the 1, "" for a row without."""
    if not one_hot:
        return table.cells(label_column)
    labels = [""] * len(table.rows)
    for column in one_hot:
        for row, cell in enumerate(table.cells(column)):
            if _flag(cell):
                labels[row] = column
    return labels


def _parts_of(table: _Table) -> list[Part]:
    """By a column of the table; without one, by the name of its file."""
    column = _part_column(table)
    if column is not None:
        return [part_of(cell) for cell in table.cells(column)]
    part = part_of(PurePosixPath(table.path).stem)
    return [part] * len(table.rows)


def _counted(
    files: Sequence[str],
    noun: str,
    what: str,
    table: str,
) -> list[str]:
    if not files:
        return []
    different = list(dict.fromkeys(files))
    return [f"{table}: {pluralize(len(files), noun)} {what}: {listed(different)}."]
