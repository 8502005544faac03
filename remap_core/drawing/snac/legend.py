"""What the chips of SNACs stand for: one entry for each that looks different, and what their height says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import accumulate
from math import ceil
from operator import itemgetter
from typing import NamedTuple

from remap_core.drawing.palette import QUIET_TEXT, chip_kinds
from remap_core.drawing.snac.chips import Chip, HeightScale, Size
from remap_core.drawing.snac.svg import FONT, row_body
from remap_core.formatting import count, pluralize

LETTER, FONT_SIZE = 5.6, 11
"""Pixels: of a letter on average (Arial), and of the font."""

SPACE = 6
"""Pixels between a chip and its name; twice as many stand behind the name."""


class Entry(NamedTuple):
    """A chip as it is drawn in the rows, only as high as can be, and the names of the layers that look so."""

    chip: Chip
    name: str


class Legend(NamedTuple):
    """SVG elements whose upper left corner is (0, 0), and the pixels that they take."""

    body: str
    width: int
    height: int


def entries(rows: Iterable[Sequence[Chip]], size: Size) -> list[Entry]:
    """One entry for each look that occurs, in the palette's order; kinds of layers that look alike share one."""
    order = chip_kinds()
    looks: dict[tuple[int, str], list[Chip]] = {}
    for chip in (chip for row in rows for chip in row):
        looks.setdefault((order.index(chip.kind), chip.symbol if size.symbol else ""), []).append(chip)
    return [Entry(_swatch(found[0], size), _names(found)) for _, found in sorted(looks.items(), key=itemgetter(0))]


def legend(rows: Iterable[Sequence[Chip]], size: Size, scale: HeightScale, width: float) -> Legend:
    """The entries in lines of at most `width` pixels, then what heights say; wider only where one of them is."""
    known = f"Height: logarithm of the activation's size, {count(scale.low)} to {pluralize(scale.high, 'value')}"
    lines = list(_lines(entries(rows, size), size, max(width, _width(known))))
    pitch = max(size.block, FONT_SIZE) + SPACE
    body = "".join(_line(line, size, number * pitch) for number, line in enumerate(lines))
    foot = len(lines) * pitch + FONT_SIZE
    widest = max(size.gap / 2 + _width(known), *(sum(_taken(entry, size) for entry in line) for line in lines))
    return Legend(body + _text(known, size.gap / 2, foot), ceil(widest), foot + SPACE)


def _swatch(chip: Chip, size: Size) -> Chip:
    return replace(chip, x=size.gap / 2, height=1.0, label="")


def _names(found: Iterable[Chip]) -> str:
    return ", ".join(sorted({chip.text.split()[0] for chip in found}))


def _lines(found: Iterable[Entry], size: Size, width: float) -> Iterator[list[Entry]]:
    line: list[Entry] = []
    for entry in found:
        if line and sum(_taken(one, size) for one in (*line, entry)) > width:
            yield line
            line = []
        line.append(entry)
    yield line


def _line(line: Sequence[Entry], size: Size, top: float) -> str:
    starts = accumulate((_taken(entry, size) for entry in line), initial=0.0)
    middle = top + size.block / 2 + 0.36 * FONT_SIZE
    return "".join(
        f"<g transform='translate({left:.2f} {top:g})'>{row_body([entry.chip], size)}</g>"
        f"{_text(entry.name, left + _name_starts(size), middle)}"
        for entry, left in zip(line, starts, strict=False)
    )


def _taken(entry: Entry, size: Size) -> float:
    return _name_starts(size) + _width(entry.name) + 2 * SPACE


def _name_starts(size: Size) -> float:
    return size.gap / 2 + size.block + SPACE


def _width(text: str) -> float:
    return LETTER * len(text)


def _text(text: str, x: float, y: float) -> str:
    return f"<text x='{x:.2f}' y='{y:.2f}' {FONT} font-size='{FONT_SIZE}' fill='{QUIET_TEXT}'>{escape(text)}</text>"
