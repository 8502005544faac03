"""SNACs as SVG, for tables and papers, and as a strip of coloured blocks for hover labels."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from itertools import groupby

from remap_core.drawing.palette import HEAD, QUIET_TEXT, SELECTION, chip_appearance
from remap_core.drawing.snac.chips import (
    DOTS_INSET,
    Chip,
    HeightScale,
    Size,
    bracket_ends,
    chips,
    glyph_box,
    label_lines,
    snac_alt,
)
from remap_core.drawing.snac.repeated_blocks import RepeatedBlock
from remap_core.space.architecture import Architecture
from remap_core.space.edit_marks import Marks
from remap_core.space.layers import Polyline
from remap_core.space.text import layers_text, parse_layers

LABEL_LINE = 11
"""Pixels from one line of a label to the next."""

BRACKET_ROOM = 19
"""Pixels that the brackets of repeated blocks and their counts take below a row."""

TABLE_ROW, TABLE_PADDING = 36, 6
"""Pixels of a table's row, and of them what an image column keeps free above and below a picture together."""

MEDIUM_UP_TO = 16
"""Blocks of a table's longest chain."""

STRIP_BLOCKS = 24
"""Blocks of a strip before the rest is only counted: keeps it below a kilobyte."""

NO_MARKS = Marks()

FONT = "font-family='Arial,Helvetica,sans-serif'"


def snac_svg(
    row: Sequence[Chip],
    size: Size,
    *,
    title: str = "",
    blocks: int = 0,
    height: int = 0,
    marks: Marks = NO_MARKS,
    repeated_blocks: Sequence[RepeatedBlock] = (),
) -> str:
    """A standalone SVG of a row of chips, aligned left on a transparent ground.

    title: the text alternative, by default the layers in words. blocks, height: room for at least so many blocks
    (the head included) and pixels, so that the rows of a table share one scale. marks: what differs from a parent:
    a frame round a block, a bar where one was removed. repeated_blocks: those that get a bracket below.
    """
    title = title or ", ".join(chip.text for chip in row)
    width = size.width(max(blocks, len(row)))
    needed = row_height(row, size, repeated_blocks)
    tall = max(height, needed)
    body = row_body(row, size, repeated_blocks) + "".join(_marks(row, size, marks))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' width='{width}' height='{tall}' "
        f"viewBox='0 {(needed - tall) / 2:g} {width} {tall}'><title>{escape(title)}</title>{body}</svg>"
    )


def row_body(row: Sequence[Chip], size: Size, repeated_blocks: Sequence[RepeatedBlock] = ()) -> str:
    """SVG elements of a row of chips whose upper left corner is (0, 0)."""
    top = _labels_end(row, size)
    return "".join((*(_chip(chip, size) for chip in row), *(_bracket(row, plate, top) for plate in repeated_blocks)))


def row_height(row: Sequence[Chip], size: Size, repeated_blocks: Sequence[RepeatedBlock] = ()) -> int:
    """Pixels that `row_body` takes, from the blocks' upper edge to the lower edge of labels and brackets."""
    return _labels_end(row, size) + (BRACKET_ROOM if repeated_blocks else 0)


def table_size(blocks: int) -> Size:
    """The size of a table's SNACs, by the length of its longest: deep models leave room for the other columns."""
    return Size.MEDIUM if blocks <= MEDIUM_UP_TO else Size.SMALL


@lru_cache(maxsize=4096)
def snac_data_uri(
    architecture: Architecture,
    *,
    blocks: int,
    size: Size | None = None,
    scale: HeightScale | None = None,
    marks: Marks = NO_MARKS,
) -> str:
    """The SVG as a data URI, for the image column of a table.

    blocks: length of the table's longest chain, its head included; it tells the size where none is given. An image
    column scales every picture to its rows' height and cuts what is too wide on both sides: in rows of TABLE_ROW pixels
    blocks keep their size, and `size.width(blocks)` pixels and the cell's padding are what the column needs.
    """
    size = size or table_size(blocks)
    row, title = chips(architecture, size, scale), snac_alt(architecture)
    drawing = snac_svg(row, size, title=title, blocks=blocks, height=TABLE_ROW - TABLE_PADDING, marks=marks)
    return f"data:image/svg+xml;base64,{b64encode(drawing.encode()).decode()}"


def strip_html(layers: str | Architecture) -> str:
    """Coloured blocks for a hover label, one a layer and one for the head; `layers` may be their text.

    >>> strip_html("Conv 32x3, Conv 32x3")
    "<span style='color:#5b8def'>▮▮</span><span style='color:#4a4d58'>▮</span>"
    """
    return _strip(layers if isinstance(layers, str) else layers_text(layers.layers))


@lru_cache(maxsize=20_000)
def _strip(text: str) -> str:
    kinds = [*(layer.kind for layer in parse_layers(text)), HEAD]
    more = f" +{len(kinds) - STRIP_BLOCKS}" if len(kinds) > STRIP_BLOCKS else ""
    runs = ((kind, len(list(run))) for kind, run in groupby(kinds[:STRIP_BLOCKS]))
    return (
        "".join(f"<span style='color:{chip_appearance(kind).colour}'>{'▮' * length}</span>" for kind, length in runs)
        + more
    )


def _labels_end(row: Sequence[Chip], size: Size) -> int:
    lines = max((len(label_lines(chip.label)) for chip in row), default=0) if size.has_labels else 0
    return size.block + (LABEL_LINE * lines + 4 if lines else 0)


def _bracket(row: Sequence[Chip], plate: RepeatedBlock, top: int) -> str:
    """A bracket from a plate's first to its last block, with a tick between its groups and their number below."""
    left, right, between = bracket_ends(row, plate)
    ticks = "".join(f"M{x:.2f},{top + 6}v-2" for x in between)
    path = f"M{left:.2f},{top + 2}v4H{right:.2f}v-4{ticks}"
    return (
        f"<g><title>{plate.times} times</title><path d='{path}' fill='none' stroke='{QUIET_TEXT}'/>"
        f"<text x='{(left + right) / 2:.2f}' y='{top + 16}' text-anchor='middle' {FONT} font-size='10' "
        f"fill='{QUIET_TEXT}'>x {plate.times}</text></g>"
    )


def _marks(row: Sequence[Chip], size: Size, marks: Marks) -> Iterator[str]:
    for index, chip in enumerate(row):
        if index in marks.changed:
            box = f"x='{chip.x:.2f}' y='-1.5' width='{chip.width:.2f}' height='{size.block + 3}' rx='3'"
            yield f"<rect {box} fill='none' stroke='{SELECTION}' stroke-width='2.5'/>"
        if index in marks.gaps:
            x = max(chip.x - size.gap / 2, 1.5)
            yield (
                f"<line x1='{x:.2f}' x2='{x:.2f}' y1='-2' y2='{size.block + 2}' stroke='{SELECTION}' stroke-width='3'/>"
            )


def _chip(chip: Chip, size: Size) -> str:
    parts = "".join((*_block(chip, size), *_symbol(chip, size), *_label(chip, size)))
    return f"<g><title>{escape(chip.text)}</title>{parts}</g>"


def _block(chip: Chip, size: Size) -> Iterator[str]:
    edge = 0.0 if size is Size.STRIP or chip.dotted else 1.0
    stroke = f" stroke='{chip.border}' stroke-width='1'" if edge else ""
    yield f"<rect {_box(chip, size, edge / 2)} rx='{2 if size.symbol else 1}' fill='{chip.colour}'{stroke}/>"
    if chip.dotted and size is not Size.STRIP:
        dots = "stroke-width='1.5' stroke-dasharray='1.5 1.5'"
        yield f"<rect {_box(chip, size, DOTS_INSET)} fill='none' stroke='{chip.border}' {dots}/>"


def _box(chip: Chip, size: Size, inset: float) -> str:
    height = chip.height * size.block
    top = (size.block - height) / 2
    return (
        f"x='{chip.x + inset:.2f}' y='{top + inset:.2f}' "
        f"width='{chip.width - 2 * inset:.2f}' height='{height - 2 * inset:.2f}'"
    )


def _symbol(chip: Chip, size: Size) -> Iterator[str]:
    centre = chip.x + chip.width / 2
    if not size.symbol:
        return
    if chip.glyph:
        for number, line in enumerate(chip.glyph):
            yield _line(chip, line, size, thin=number > 0)
    elif chip.symbol:
        yield (
            f"<text x='{centre:.2f}' y='{size.block / 2 + 0.36 * size.symbol:.2f}' text-anchor='middle' "
            f"{FONT} font-size='{size.symbol}' font-weight='bold' fill='{chip.ink}'>{escape(chip.symbol)}</text>"
        )


def _line(chip: Chip, line: Polyline, size: Size, thin: bool) -> str:
    width, height = glyph_box(size)
    left, bottom = chip.x + (chip.width - width) / 2, (size.block + height) / 2
    path = " ".join(f"{left + width * x:.2f},{bottom - height * y:.2f}" for x, y in line)
    weight = "stroke-width='0.8' stroke-opacity='0.6'" if thin else "stroke-width='1.8' stroke-linejoin='round'"
    return f"<polyline points='{path}' fill='none' stroke='{chip.ink}' stroke-linecap='round' {weight}/>"


def _label(chip: Chip, size: Size) -> Iterator[str]:
    centre = chip.x + chip.width / 2
    for number, line in enumerate(label_lines(chip.label) if size.has_labels else ()):
        y = size.block + LABEL_LINE * (number + 1)
        yield (
            f"<text x='{centre:.2f}' y='{y}' text-anchor='middle' {FONT} font-size='10' "
            f"fill='{QUIET_TEXT}'>{escape(line)}</text>"
        )
