"""Tables beside images that say which class each image is: any names of columns, comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from remap_core.datasets.readers.files.file_list import FileList, ListedFile
from remap_core.datasets.readers.files.folder_layouts import listed, part_of
from remap_core.datasets.readers.found import LabelTable
from remap_core.datasets.recipe import Choices
from remap_core.datasets.splits import Part
from remap_core.errors import DatasetError, UnclearColumn
from remap_core.formatting import count, pluralize

SUFFIXES = (".csv", ".tsv", ".txt")
MAX_BYTES = 500_000_000
_USUAL_NAMES = """
label labels class classes class_name classname category categories target targets y species breed diagnosis tag type
kind genus variety answer gt ground_truth label_name class_label
"""
_LABEL_NAMES = frozenset(_USUAL_NAMES.split())
_MIN_MATCHED = 0.5
"""Share of the rows (or of the images) that must belong together for a table to be a label table."""
_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


@dataclass(frozen=True, eq=False)
class Labelled:
    """What a table says of image files: the class of each ("" for none), the part of each, and warnings."""

    table: LabelTable
    labels: list[str]
    parts: list[Part] | None
    warnings: list[str]


@dataclass(frozen=True, eq=False)
class _Table:
    path: str
    columns: tuple[str, ...]
    rows: list[list[str]]

    def cells(self, column: str) -> list[str]:
        place = self.columns.index(column)
        return [row[place].strip() for row in self.rows]


def find_labels(folder: FileList, images: Sequence[ListedFile], choices: Choices) -> Labelled | None:
    """The classes of images by the tables in their folder; None where no table names the images.

    Several tables with the same columns, such as train.csv and val.csv, are read as one, and their names are the
    parts. Raises DatasetError for a table that was asked for and does not fit, and where it is not clear which column
    is the class.
    """
    keys = _keys_of(images)
    tables = []
    for file in _candidates(folder, choices):
        table = _read(folder.root, file)
        column = _file_column(table, keys, choices) if table else None
        if table and column is not None:
            tables.append((table, column))
        elif choices.label_table:
            raise DatasetError(f"{file.path}: no column of this table names the image files.")
    labelled = [(table, column) for table, column in tables if _has_label(table, column, choices)]
    if not labelled:
        return None
    labelled.sort(key=lambda found: -len(found[0].rows))
    first, file_column = labelled[0]
    alike = [table for table, column in labelled if table.columns == first.columns and column == file_column]
    return _joined(_disjoint(alike, file_column), file_column, keys, len(images), choices)


def _disjoint(tables: Sequence[_Table], file_column: str) -> list[_Table]:
    """The first table, and those that are about other files: the tables of the parts of one data set."""
    seen: set[str] = set()
    chosen = []
    for table in tables:
        files = set(table.cells(file_column)[1:])
        if seen.isdisjoint(files):
            chosen.append(table)
            seen |= files
    return chosen


def _candidates(folder: FileList, choices: Choices) -> list[ListedFile]:
    if choices.label_table is None:
        return [file for file in folder.files if file.suffix in SUFFIXES and file.size <= MAX_BYTES]
    wanted = choices.label_table
    absolute = Path(wanted)
    if absolute.is_absolute() and absolute.is_relative_to(folder.root):
        wanted = absolute.relative_to(folder.root).as_posix()
    chosen = [file for file in folder.files if file.path == wanted or PurePosixPath(file.path).name == wanted]
    if not chosen:
        raise DatasetError(f"There is no label table {wanted!r:.80} in {folder.root}.")
    return chosen[:1]


def _read(root: Path, file: ListedFile) -> _Table | None:
    try:
        content = (root / file.path).read_bytes()
    except OSError:
        return None
    text = _decoded(content)
    head = text[:20_000]
    if "\0" in head:
        return None
    counts = {delimiter: head.split("\n", 1)[0].count(delimiter) for delimiter in ",;\t|"}
    delimiter = max(counts, key=counts.__getitem__)
    if not counts[delimiter]:
        delimiter = " "
    csv.field_size_limit(1_000_000)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error:
        return None
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    width = len(rows[0])
    header = tuple(name.strip() or f"column {place + 1}" for place, name in enumerate(rows[0]))
    if len(set(header)) < width:
        header = tuple(f"column {place + 1}" for place in range(width))
    return _Table(file.path, header, [(row + [""] * width)[:width] for row in rows])


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""


def _keys_of(images: Sequence[ListedFile]) -> dict[str, int]:
    """Ways to name an image, each with its place: its path, the ends of its path, without the ending, in lower case.

    A name that two images have is none.
    """
    keys: dict[str, int] = {}
    for place, image in enumerate(images):
        path = PurePosixPath(image.path.lower())
        for start in range(len(path.parts)):
            end = "/".join(path.parts[start:])
            for key in {end, end.removesuffix(path.suffix)}:
                keys[key] = -1 if key in keys else place
    return {key: place for key, place in keys.items() if place >= 0}


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
    best, matched = None, 0
    sample = table.rows[1:2001]
    for place, column in enumerate(table.columns):
        found = len({_place(row[place], keys) for row in sample} - {None})
        if found > matched:
            best, matched = column, found
    images = len(set(keys.values())) or 1
    if matched < _MIN_MATCHED * min(len(sample), images):
        return None
    return best


def _known_column(table: _Table, column: str) -> str:
    for known in table.columns:
        if known.lower() == column.lower():
            return known
    raise DatasetError(f"{table.path} has no column {column!r:.60}: it has {listed(table.columns)}.")


def _has_label(table: _Table, file_column: str, choices: Choices) -> bool:
    return bool(_label_columns(table, file_column, choices)) or bool(_one_hot(table, file_column))


def _label_columns(table: _Table, file_column: str, choices: Choices) -> list[str]:
    """The columns that may be the class: those with a usual name, else those with a few different values."""
    if choices.label_column is not None:
        return [_known_column(table, choices.label_column)]
    others = [column for column in table.columns if column not in (file_column, _part_column(table))]
    classes = {column: len(set(table.cells(column)[1:]) - {""}) for column in others}
    usual = [column for column in others if _is_usual(column) and classes[column] >= 2]
    if usual:
        return usual
    if len(others) == 1 and classes[others[0]] >= 1:
        return others
    rows = len(table.rows) - 1
    return [column for column in others if 2 <= classes[column] <= max(2, rows / 2)]


def _is_usual(column: str) -> bool:
    return re.sub(r"[^a-z]+", "_", column.lower()).strip("_") in _LABEL_NAMES


def _part_column(table: _Table) -> str | None:
    """The column whose cells all name a part, such as "train" and "test"."""
    for column in table.columns:
        values = set(table.cells(column)[1:]) - {""}
        if values and len(values) <= 6 and all(part_of(value) is not None for value in values):
            return column
    return None


def _one_hot(table: _Table, file_column: str) -> list[str]:
    """The columns of 0 and 1 of which each row has one 1."""
    columns = [column for column in table.columns if column != file_column]
    flags = []
    for column in columns:
        values = [_flag(cell) for cell in table.cells(column)[1:]]
        if None not in values:
            flags.append((column, values))
    if len(flags) < 2:
        return []
    sums = [sum(value or 0 for value in row) for row in zip(*(values for _, values in flags), strict=True)]
    if any(total != 1 for total in sums):
        return []
    return [column for column, _ in flags]


def _flag(cell: str) -> int | None:
    try:
        number = float(cell)
    except ValueError:
        return {"false": 0, "true": 1}.get(cell.lower())
    return int(number) if number in (0, 1) else None


def _joined(
    tables: Sequence[_Table], file_column: str, keys: dict[str, int], images: int, choices: Choices
) -> Labelled:
    first = tables[0]
    one_hot = _one_hot(first, file_column) if choices.label_column is None else []
    label_column = "" if one_hot else _one_label_column(first, file_column, choices)
    labels = [""] * images
    parts = [Part.UNKNOWN] * images
    unknown: list[str] = []
    conflicts: list[str] = []
    for table in tables:
        table_labels = _labels_of(table, one_hot, label_column)
        table_parts = _parts_of(table)
        files = table.cells(file_column)
        start = 0 if _place(files[0], keys) is not None else 1
        for file, label, part in list(zip(files, table_labels, table_parts, strict=True))[start:]:
            place = _place(file, keys)
            if place is None:
                unknown.append(file)
                continue
            if labels[place] and labels[place] != label:
                conflicts.append(file)
            labels[place] = label
            parts[place] = part
    warnings = [f"Classes are read from {first.path}, column {label_column or 'per class'} (files: {file_column})."]
    warnings += _counted(unknown, "row", "no image file has the name", first.path)
    warnings += _counted(conflicts, "image", "it has rows with different classes; the last one counts", first.path)
    without = labels.count("")
    if without:
        warnings.append(f"Left out: {pluralize(without, 'image')} without a class in {first.path}.")
    known = parts if any(part is not Part.UNKNOWN for part in parts) else None
    return Labelled(LabelTable(first.path, file_column, label_column, first.columns), labels, known, warnings)


def _one_label_column(table: _Table, file_column: str, choices: Choices) -> str:
    columns = _label_columns(table, file_column, choices)
    if len(columns) > 1:
        raise UnclearColumn(
            f"{table.path} has {count(len(columns))} columns that could be the class: {listed(columns)}. "
            "Choose one as the label column (--label-column).",
            table.columns,
        )
    return columns[0]


def _labels_of(table: _Table, one_hot: Sequence[str], label_column: str) -> list[str]:
    if not one_hot:
        return table.cells(label_column)
    labels = [""]
    flags = zip(*(table.cells(column)[1:] for column in one_hot), strict=True)
    return labels + [one_hot[[_flag(cell) for cell in row].index(1)] for row in flags]


def _parts_of(table: _Table) -> list[Part]:
    column = _part_column(table)
    if column is not None:
        return [_known_part(cell) for cell in table.cells(column)]
    return [_known_part(PurePosixPath(table.path).stem)] * len(table.rows)


def _known_part(name: str) -> Part:
    part = part_of(name)
    return Part.UNKNOWN if part is None else part


def _counted(names: Iterable[str], noun: str, what: str, table: str) -> list[str]:
    names = list(names)
    if not names:
        return []
    most = Counter(names)
    return [f"{table}: {pluralize(len(names), noun)} of which {what}: {listed(list(most))}."]
