"""The legend of SNACs: an entry for each look of a chip, and what heights mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from math import ceil
from typing import NamedTuple

from remap_core.drawing.palette import QUIET_TEXT, chip_kinds
from remap_core.drawing.snac.chips import Chip, HeightScale, Size
from remap_core.drawing.snac.svg import row_body
from remap_core.drawing.snac.svg_elements import FONT, element, group
from remap_core.formatting import count, pluralize

LETTER, FONT_SIZE = 5.6, 11
"""Pixels: of a letter on average (Arial), and of the font."""

SPACE = 6
"""Pixels between a chip and its name; twice as many follow the name."""


class Entry(NamedTuple):
    """A chip as it is drawn in the rows, but at full height, and the names of the layers that look like it."""

    chip: Chip
    name: str


class Legend(NamedTuple):
    """SVG elements whose upper left corner is (0, 0), and the pixels that they take."""

    body: str
    width: int
    height: int


def entries(rows: Iterable[Sequence[Chip]], size: Size) -> list[Entry]:
    """One entry for each look that occurs, in the palette's order; kinds of layers that look alike share one."""
    kinds = chip_kinds()
    looks: dict[tuple[int, str], list[Chip]] = {}
    for row in rows:
        for chip in row:
            symbol = ""
            if size.symbol:
                symbol = chip.symbol
            look = (kinds.index(chip.kind), symbol)
            looks.setdefault(look, []).append(chip)
    return [_entry(looks[look], size) for look in sorted(looks)]


def legend(rows: Iterable[Sequence[Chip]], size: Size, scale: HeightScale, width: float) -> Legend:
    """The entries in lines of at most `width` pixels, then a line about heights; wider only where a line must be."""
    bounds = f"{count(scale.low)} to {pluralize(scale.high, 'value')}"
    heights = f"Height: logarithm of the activation's size, {bounds}"
    left = size.gap / 2
    widest = left + _text_width(heights)
    max_width = max(width, _text_width(heights))
    body = ""
    top = 0
    for line in _lines(entries(rows, size), size, max_width):
        body += _line(line, size, top)
        top += max(size.block, FONT_SIZE) + SPACE
        widest = max(widest, _line_width(line, size))
    baseline = top + FONT_SIZE
    body += _text(heights, left, baseline)
    return Legend(body, ceil(widest), baseline + SPACE)


def _entry(alike: Sequence[Chip], size: Size) -> Entry:
    chip = replace(alike[0], x=size.gap / 2, height=1.0, label="")
    names = {chip.text.split()[0] for chip in alike}
    return Entry(chip, ", ".join(sorted(names)))


def _lines(shown: Iterable[Entry], size: Size, width: float) -> Iterator[list[Entry]]:
    line: list[Entry] = []
    for entry in shown:
        if line and _line_width([*line, entry], size) > width:
            yield line
            line = []
        line.append(entry)
    yield line


def _line(line: Sequence[Entry], size: Size, top: float) -> str:
    baseline = top + size.block / 2 + 0.36 * FONT_SIZE
    body = ""
    left = 0.0
    for entry in line:
        swatch = row_body([entry.chip], size)
        body += group(swatch, transform=f"translate({left:.2f} {top:g})")
        body += _text(entry.name, left + _name_start(size), baseline)
        left += _entry_width(entry, size)
    return body


def _line_width(line: Sequence[Entry], size: Size) -> float:
    return sum(_entry_width(entry, size) for entry in line)


def _entry_width(entry: Entry, size: Size) -> float:
    return _name_start(size) + _text_width(entry.name) + 2 * SPACE


def _name_start(size: Size) -> float:
    return size.gap / 2 + size.block + SPACE


def _text_width(text: str) -> float:
    return LETTER * len(text)


def _text(text: str, x: float, y: float) -> str:
    return element(
        "text",
        escape(text),
        x=float(x),
        y=float(y),
        font_family=FONT,
        font_size=FONT_SIZE,
        fill=QUIET_TEXT,
    )
