"""Two architectures as rows, aligned layer by layer: what is kept, changed, removed and added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from remap_core.drawing.palette import BETTER, QUIET_TEXT, SELECTION, WORSE
from remap_core.drawing.snac.chips import Chip, Size, chips
from remap_core.drawing.snac.svg import FONT, snac_svg
from remap_core.formatting import count
from remap_core.space.alignment import Change, Pair, align, difference_sentences
from remap_core.space.architecture import Architecture

NAME_ROOM, ROW_ROOM, MARK_ROOM = 60, 72, 26
"""Pixels: of the models' names before the rows, of a row with its labels, of the line of marks between the rows."""

MARKS = {
    Change.CHANGED: ("≠", SELECTION),
    Change.REMOVED: ("\N{MINUS SIGN}", WORSE),
    Change.ADDED: ("+", BETTER),
}
"""Sign and colour of every change."""

_SIZE = Size.LARGE


def difference_svg(first: Architecture, second: Architecture, names: tuple[str, str]) -> str:
    """Both rows as one standalone SVG: partners are aligned, a layer without a partner faces a dashed gap.

    names: of the two models, in front of their rows.
    """
    pairs = align(first.layers, second.layers)
    width = NAME_ROOM + _SIZE.width(len(pairs) + 1)
    height = 2 * ROW_ROOM + MARK_ROOM
    before = [pair.before for pair in pairs]
    after = [pair.after for pair in pairs]
    elements = [
        *_row(chips(first, _SIZE), before, names[0], top=0),
        *_row(chips(second, _SIZE), after, names[1], top=ROW_ROOM + MARK_ROOM),
        *_marks(pairs),
    ]
    title = escape(difference_alt(first, second, names))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}'><title>{title}</title>{''.join(elements)}</svg>"
    )


def difference_alt(first: Architecture, second: Architecture, names: tuple[str, str]) -> str:
    """The changes from the first to the second, in words.

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
    counts = Counter(pair.change for pair in align(first.layers, second.layers))
    return ", ".join(f"{count(counts[change])} {change}" for change in Change if counts[change])


def _row(row: Sequence[Chip], indices: Sequence[int | None], name: str, top: int) -> Iterator[str]:
    """The name, the chips in their columns with the head in the last one, dashed gaps."""
    columns = {index: column for column, index in enumerate(indices) if index is not None}
    head_column = len(indices)
    *layers, head = row
    placed = [replace(chip, x=_x(columns[index])) for index, chip in enumerate(layers)]
    placed.append(replace(head, x=_x(head_column)))
    baseline = top + _SIZE.block / 2 + 5
    yield (
        f"<text x='0' y='{baseline:g}' {FONT} font-size='14' "
        f"font-weight='bold' fill='{QUIET_TEXT}'>{escape(name)}</text>"
    )
    drawing = snac_svg(placed, _SIZE, blocks=head_column + 1)
    yield f"<g transform='translate({NAME_ROOM} {top})'>{drawing}</g>"
    for column, index in enumerate(indices):
        if index is None:
            yield _gap(column, top)


def _gap(column: int, top: int) -> str:
    left = NAME_ROOM + _x(column) + 4
    edge = _SIZE.block - 8
    return (
        f"<rect x='{left:g}' y='{top + 4}' width='{edge}' height='{edge}' rx='3' fill='none' "
        f"stroke='{QUIET_TEXT}' stroke-dasharray='3 3'/>"
    )


def _marks(pairs: Sequence[Pair]) -> Iterator[str]:
    middle = ROW_ROOM + MARK_ROOM / 2 - 8
    for column, pair in enumerate(pairs):
        x = NAME_ROOM + _x(column) + _SIZE.block / 2
        if pair.change is Change.KEPT:
            yield f"<line x1='{x:g}' x2='{x:g}' y1='{middle - 8:g}' y2='{middle + 8:g}' stroke='{QUIET_TEXT}'/>"
            continue
        sign, colour = MARKS[pair.change]
        yield (
            f"<circle cx='{x:g}' cy='{middle:g}' r='10' fill='{colour}'/>"
            f"<text x='{x:g}' y='{middle + 5:g}' text-anchor='middle' {FONT} "
            f"font-size='15' font-weight='bold' fill='#ffffff'>{sign}</text>"
        )


def _x(column: int) -> float:
    return column * _SIZE.pitch + _SIZE.gap / 2
