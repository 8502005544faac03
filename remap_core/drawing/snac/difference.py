"""Two architectures as rows, aligned layer by layer: what is kept, changed, removed and added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from remap_core.drawing.palette import BETTER, LIGHT_INK, QUIET_TEXT, SELECTION, WORSE
from remap_core.drawing.snac.chips import Chip, Size, chips
from remap_core.drawing.snac.svg import snac_svg
from remap_core.drawing.snac.svg_elements import FONT, document, element, group
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

HEAD_INDEX = -1

_SIZE = Size.LARGE


def difference_svg(first: Architecture, second: Architecture, names: tuple[str, str]) -> str:
    """Both rows as one standalone SVG: partners are aligned, a layer without a partner faces a dashed gap.

    names: of the two models, in front of their rows.
    """
    pairs = align(first.layers, second.layers)
    before = [pair.before for pair in pairs]
    after = [pair.after for pair in pairs]
    elements = [
        *_row(chips(first, _SIZE), before, names[0], top=0),
        *_row(chips(second, _SIZE), after, names[1], top=ROW_ROOM + MARK_ROOM),
        *_marks(pairs),
    ]
    return document(
        "".join(elements),
        width=NAME_ROOM + _SIZE.width(len(pairs) + 1),
        height=2 * ROW_ROOM + MARK_ROOM,
        title=difference_alt(first, second, names),
    )


def difference_alt(first: Architecture, second: Architecture, names: tuple[str, str]) -> str:
    """The changes from the first to the second, in words.

    >>> from remap_core.space.text import parse_layers
    >>> first, second = (Architecture((1, 8, 8), 10, parse_layers(text)) for text in ("Dense 8, ReLU", "Dense 9"))
    >>> difference_alt(first, second, ("#3", "#7"))
    'From #3 to #7: Changed layer 1 (Dense 8) to Dense 9; Removed layer 2 (ReLU).'
    """
    before, after = names
    changes = difference_sentences(first.layers, second.layers)
    difference = "; ".join(changes) or "the same layers"
    return f"From {before} to {after}: {difference}."


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
    yield element(
        "text",
        escape(name),
        x=0,
        y=top + _SIZE.block / 2 + 5,
        font_family=FONT,
        font_size=14,
        font_weight="bold",
        fill=QUIET_TEXT,
    )
    placed = []
    head_column = len(indices)
    for column, index in enumerate([*indices, HEAD_INDEX]):
        if index is None:
            yield _gap(column, top)
        else:
            placed.append(replace(row[index], x=_x(column)))
    drawing = snac_svg(placed, _SIZE, blocks=head_column + 1)
    yield group(drawing, transform=f"translate({NAME_ROOM} {top})")


def _gap(column: int, top: int) -> str:
    edge = _SIZE.block - 8
    return element(
        "rect",
        x=NAME_ROOM + _x(column) + 4,
        y=top + 4,
        width=edge,
        height=edge,
        rx=3,
        fill="none",
        stroke=QUIET_TEXT,
        stroke_dasharray="3 3",
    )


def _marks(pairs: Sequence[Pair]) -> Iterator[str]:
    middle = ROW_ROOM + MARK_ROOM / 2 - 8
    for column, pair in enumerate(pairs):
        x = NAME_ROOM + _x(column) + _SIZE.block / 2
        if pair.change is Change.KEPT:
            yield _kept_mark(x, middle)
        else:
            yield _change_mark(pair.change, x, middle)


def _kept_mark(x: float, middle: float) -> str:
    return element(
        "line",
        x1=x,
        x2=x,
        y1=middle - 8,
        y2=middle + 8,
        stroke=QUIET_TEXT,
    )


def _change_mark(change: Change, x: float, middle: float) -> str:
    sign, colour = MARKS[change]
    disc = element("circle", cx=x, cy=middle, r=10, fill=colour)
    text = element(
        "text",
        sign,
        x=x,
        y=middle + 5,
        text_anchor="middle",
        font_family=FONT,
        font_size=15,
        font_weight="bold",
        fill=LIGHT_INK,
    )
    return disc + text


def _x(column: int) -> float:
    return column * _SIZE.pitch + _SIZE.gap / 2
