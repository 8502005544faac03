"""HTML for notebooks: transparent, in the notebook's own text colour, so that it fits light and dark pages.

Every text is escaped here; what is HTML already is passed as `Html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from remap_core.drawing.snac.chips import Chip, Size
from remap_core.drawing.snac.svg import row_height, snac_svg
from remap_core.space.edit_marks import Marks

FRAME = "color-scheme:light dark;background:transparent;color:inherit;overflow-x:auto;padding:2px 0"
CELL = "text-align:left;padding:3px 10px 3px 0;border:none;background:transparent;vertical-align:middle"
NUMBER = "text-align:right;padding:3px 10px 3px 0;border:none;background:transparent;vertical-align:middle"
QUIET = "opacity:0.75"

MARK_ROOM = 6
"""Pixels above and below a SNAC together, for the frames of what differs from a parent."""


class Html(str):
    """A text that is HTML already, and is not escaped again."""

    __slots__ = ()


Cell = str | Html


def framed(*parts: Html) -> str:
    """The parts under one another, as a notebook shows them."""
    return f"<div style='{FRAME}'>{''.join(parts)}</div>"


def heading(text: str, detail: str = "") -> Html:
    """A line with a bold text and a quieter detail after it."""
    strong = f"<strong>{escape(text)}</strong>"
    quiet = f"<span style='{QUIET}'>{escape(detail)}</span>"
    return Html(f"<div>{strong} {quiet}</div>")


def lines(texts: Iterable[str]) -> Html:
    """Quiet lines of text, one under the other."""
    parts = []
    for text in texts:
        parts.append(f"<div style='{QUIET}'>{escape(text)}</div>")
    return Html("".join(parts))


def folded(title: str, content: Html) -> Html:
    """Content that a click on its title shows."""
    summary = f"<summary style='cursor:pointer'>{escape(title)}</summary>"
    return Html(f"<details>{summary}{content}</details>")


def drawing(row: Sequence[Chip], size: Size, marks: Marks | None = None) -> Html:
    """A SNAC. marks: what differs from a parent."""
    height = row_height(row, size) + MARK_ROOM
    svg = snac_svg(row, size, height=height, marks=marks or Marks())
    return Html(f"<div style='margin:4px 0'>{svg}</div>")


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    numbers: Iterable[int] = (),
) -> Html:
    """A table without lines or ground. numbers: indices of the columns that are aligned to the right."""
    right = frozenset(numbers)
    head = _row("th", header, right)
    body = "".join(_row("td", row, right) for row in rows)
    return Html(
        f"<table style='border-collapse:collapse;color:inherit;background:transparent'>"
        f"<thead>{head}</thead><tbody>{body}</tbody></table>"
    )


def _row(tag: str, cells: Sequence[Cell], right: frozenset[int]) -> str:
    parts = []
    for index, cell in enumerate(cells):
        style = CELL
        if index in right:
            style = NUMBER
        content = _escaped(cell)
        parts.append(f"<{tag} style='{style}'>{content}</{tag}>")
    return f"<tr style='background:transparent'>{''.join(parts)}</tr>"


def _escaped(cell: Cell) -> str:
    if isinstance(cell, Html):
        return cell
    return escape(cell)
