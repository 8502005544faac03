"""Tables as text, as spreadsheets and people write them: any usual encoding and separator."""

from __future__ import annotations

import csv
import io

_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
_HEAD = 20_000
"""Characters by which a table is told from other texts."""
_MAX_CELL = 1_000_000


def text_rows(content: bytes) -> list[list[str]]:
    """The cells of each line that is not empty; no lines for a file that is not a table of text."""
    text = _decoded(content)
    head = text[:_HEAD]
    if "\0" in head:
        return []
    csv.field_size_limit(_MAX_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(head))
    try:
        return [row for row in lines if any(row)]
    except csv.Error:
        return []


def _delimiter(head: str) -> str:
    first_line = head.partition("\n")[0]
    delimiter = max(",;\t|", key=first_line.count)
    if delimiter in first_line:
        return delimiter
    return " "


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""
