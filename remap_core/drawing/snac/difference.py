"""Two architectures under one another, layer by layer: what is kept, changed, removed and added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import groupby
from operator import attrgetter

from remap_core.drawing.palette import BETTER, QUIET_TEXT, SELECTION, WORSE
from remap_core.drawing.snac.chips import Chip, Size, chips
from remap_core.drawing.snac.svg import snac_svg
from remap_core.space.alignment import Change, Pair, align, difference_sentences
from remap_core.space.architecture import Architecture

NAME_ROOM, ROW_ROOM, MARK_ROOM = 60, 72, 26
"""Pixels: before the rows for the models' names; of a row with its labels; of the line of marks between the rows."""

MARKS = {Change.CHANGED: ("≠", SELECTION), Change.REMOVED: ("\N{MINUS SIGN}", WORSE), Change.ADDED: ("+", BETTER)}
"""Sign and colour of what is not kept."""

_SIZE = Size.LARGE


def difference_svg(first: Architecture, second: Architecture, names: tuple[str, str]) -> str:
    """Both rows as one standalone SVG: partners stand under one another, a layer without one faces a dashed gap.

    names: what the two are called, in front of their rows.
    """
    pairs = align(first.layers, second.layers)
    columns = len(pairs) + 1
    width, height = NAME_ROOM + _SIZE.width(columns), 2 * ROW_ROOM + MARK_ROOM
    title = escape(difference_alt(first, second, names))
    rows = (
        *_row(chips(first, _SIZE), [pair.before for pair in pairs], names[0], 0),
        *_row(chips(second, _SIZE), [pair.after for pair in pairs], names[1], ROW_ROOM + MARK_ROOM),
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}'><title>{title}</title>{''.join(rows)}{''.join(_marks(pairs))}</svg>"
    )


def difference_alt(first: Architecture, second: Architecture, names: tuple[str, str]) -> str:
    """What has to be done to the first to get the second, in words.

    >>> from remap_core.space.text import parse_layers
    >>> first, second = (Architecture((1, 8, 8), 10, parse_layers(text)) for text in ("Dense 8, ReLU", "Dense 9"))
    >>> difference_alt(first, second, ("#3", "#7"))
    'From #3 to #7: Dense 8 at 1 changed to Dense 9; ReLU at 2 removed.'
    """
    changes = difference_sentences(first.layers, second.layers)
    return f"From {names[0]} to {names[1]}: {'; '.join(changes) or 'the same layers'}."


def counts_sentence(first: Architecture, second: Architecture) -> str:
    """How many layers are kept, changed, removed and added.

    >>> from remap_core.space.text import parse_layers
    >>> first, second = (Architecture((1, 8, 8), 10, parse_layers(text)) for text in ("Dense 8, ReLU", "Dense 9"))
    >>> counts_sentence(first, second)
    '1 changed, 1 removed'
    """
    found = sorted(align(first.layers, second.layers), key=lambda pair: list(Change).index(pair.change))
    return ", ".join(f"{len(list(same))} {change}" for change, same in groupby(found, key=attrgetter("change")))


def _row(row: Sequence[Chip], indices: Sequence[int | None], name: str, top: int) -> Iterator[str]:
    """The chips in their columns, the head in the last one; dashed gaps; the name in front."""
    places = {index: column for column, index in enumerate(indices) if index is not None}
    placed = [replace(chip, x=_x(places.get(_key(chip), len(indices)))) for chip in row]
    middle = top + _SIZE.block / 2
    yield (
        f"<text x='0' y='{middle + 5:g}' font-family='Arial,Helvetica,sans-serif' font-size='14' "
        f"font-weight='bold' fill='{QUIET_TEXT}'>{escape(name)}</text>"
    )
    yield f"<g transform='translate({NAME_ROOM} {top})'>{snac_svg(placed, _SIZE, blocks=len(indices) + 1)}</g>"
    for column, index in enumerate(indices):
        if index is None:
            yield (
                f"<rect x='{NAME_ROOM + _x(column) + 4:g}' y='{top + 4}' width='{_SIZE.block - 8}' "
                f"height='{_SIZE.block - 8}' rx='3' fill='none' stroke='{QUIET_TEXT}' stroke-dasharray='3 3'/>"
            )


def _marks(pairs: Sequence[Pair]) -> Iterator[str]:
    middle = ROW_ROOM + MARK_ROOM / 2 - 8
    for column, pair in enumerate(pairs):
        x = NAME_ROOM + _x(column) + _SIZE.block / 2
        if pair.change is Change.KEPT:
            yield f"<line x1='{x:g}' x2='{x:g}' y1='{middle - 8:g}' y2='{middle + 8:g}' stroke='{QUIET_TEXT}'/>"
        else:
            sign, colour = MARKS[pair.change]
            yield (
                f"<circle cx='{x:g}' cy='{middle:g}' r='10' fill='{colour}'/>"
                f"<text x='{x:g}' y='{middle + 5:g}' text-anchor='middle' font-family='Arial,Helvetica,sans-serif' "
                f"font-size='15' font-weight='bold' fill='#ffffff'>{sign}</text>"
            )


def _key(chip: Chip) -> int:
    return -1 if chip.index is None else chip.index


def _x(column: int) -> float:
    return column * _SIZE.pitch + _SIZE.gap / 2
