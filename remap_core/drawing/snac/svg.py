"""SNACs as SVG, for tables and papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape

from remap_core.drawing.palette import QUIET_TEXT, SELECTION
from remap_core.drawing.snac.chips import (
    BAR_HEIGHT,
    BAR_WIDTH,
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
from remap_core.drawing.snac.svg_elements import FONT, document, element, group
from remap_core.drawing.thumbnails import svg_uri
from remap_core.space.architecture import Architecture
from remap_core.space.edit_marks import Marks
from remap_core.space.layers import Polyline

LABEL_LINE = 11
"""Pixels from one line of a label to the next."""

BRACKET_ROOM = 19
"""Pixels that the brackets of repeated blocks and their counts take below a row."""

TABLE_ROW, TABLE_PADDING = 36, 6
"""Pixels of a table's row, and of them what an image column keeps free above and below a picture together."""

MEDIUM_UP_TO = 16
"""Blocks up to which a table's longest chain is drawn in MEDIUM."""

NO_MARKS = Marks()


def snac_svg(
    row: Sequence[Chip],
    size: Size,
    *,
    title: str = "",
    blocks: int = 0,
    height: int = 0,
    marks: Marks = NO_MARKS,
    repeated_blocks: Sequence[RepeatedBlock] = (),
    has_tooltips: bool = True,
) -> str:
    """A standalone SVG of a row of chips, left-aligned on a transparent background.

    title: the text alternative, by default the layers in words. blocks, height: room for at least so many blocks
    (the head included) and pixels, so that the rows of a table share one scale. marks: what differs from a parent:
    a frame around a block, a bar where one was removed. repeated_blocks: those that get a bracket below.
    has_tooltips: whether a block says what it is; a browser shows that only of an SVG that is part of the page.
    """
    if not title:
        title = ", ".join(chip.text for chip in row)
    own_height = row_height(row, size, repeated_blocks)
    full_height = max(height, own_height)
    body = row_body(row, size, repeated_blocks, has_tooltips=has_tooltips)
    body += "".join(_marks(row, size, marks))
    return document(
        body,
        width=size.width(max(blocks, len(row))),
        height=full_height,
        title=title,
        top=(own_height - full_height) / 2,
    )


def row_body(
    row: Sequence[Chip],
    size: Size,
    repeated_blocks: Sequence[RepeatedBlock] = (),
    *,
    has_tooltips: bool = True,
) -> str:
    """SVG elements of a row of chips whose upper left corner is (0, 0)."""
    labels_end = _labels_end(row, size)
    elements = [_chip(chip, size, has_tooltips) for chip in row]
    elements += [_bracket(row, block, labels_end) for block in repeated_blocks]
    return group("".join(elements), text_anchor="middle", font_family=FONT)


def row_height(row: Sequence[Chip], size: Size, repeated_blocks: Sequence[RepeatedBlock] = ()) -> int:
    """Pixels that `row_body` takes, from the blocks' upper edge to the lower edge of labels and brackets."""
    height = _labels_end(row, size)
    if repeated_blocks:
        height += BRACKET_ROOM
    return height


def table_size(blocks: int, medium_up_to: int = MEDIUM_UP_TO) -> Size:
    """The size of a table's SNACs by the length of its longest: deep models leave room for the other columns."""
    if blocks <= medium_up_to:
        return Size.MEDIUM
    return Size.SMALL


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

    blocks: length of the table's longest chain, its head included; gives the size where none is given. An image column
    scales every picture to its rows' height and cuts what is too wide on both sides: in rows of TABLE_ROW pixels
    blocks keep their size, and the column needs `size.width(blocks)` pixels and the cell's padding.
    """
    if size is None:
        size = table_size(blocks)
    drawing = snac_svg(
        chips(architecture, size, scale),
        size,
        title=snac_alt(architecture),
        blocks=blocks,
        height=TABLE_ROW - TABLE_PADDING,
        marks=marks,
        has_tooltips=False,
    )
    return svg_uri(drawing)


def _labels_end(row: Sequence[Chip], size: Size) -> int:
    """The lower edge of blocks and labels."""
    if not size.has_labels or not row:
        return size.block
    lines = max(len(label_lines(chip.label)) for chip in row)
    if not lines:
        return size.block
    return size.block + LABEL_LINE * lines + 4


def _bracket(row: Sequence[Chip], block: RepeatedBlock, top: int) -> str:
    """A bracket from a repeated block's first to its last chip, ticks between its groups and their number below."""
    left, right, between = bracket_ends(row, block)
    path = f"M{left:.2f},{top + 2}v4H{right:.2f}v-4"
    for x in between:
        path += f"M{x:.2f},{top + 6}v-2"
    line = element("path", d=path, fill="none", stroke=QUIET_TEXT)
    times = _small_text(f"x {block.times}", (left + right) / 2, top + 16)
    return group(line + times, f"{block.times} times")


def _marks(row: Sequence[Chip], size: Size, marks: Marks) -> Iterator[str]:
    for index, chip in enumerate(row):
        if index in marks.changed:
            yield _frame(chip, size)
        if index in marks.gaps:
            yield _gap(chip, size)


def _frame(chip: Chip, size: Size) -> str:
    return element(
        "rect",
        x=chip.x,
        y="-1.5",
        width=chip.width,
        height=size.block + 3,
        rx=3,
        fill="none",
        stroke=SELECTION,
        stroke_width="2.5",
    )


def _gap(chip: Chip, size: Size) -> str:
    x = max(chip.x - size.gap / 2, 1.5)
    return element(
        "line",
        x1=x,
        x2=x,
        y1=-2,
        y2=size.block + 2,
        stroke=SELECTION,
        stroke_width=3,
    )


def _chip(chip: Chip, size: Size, has_tooltip: bool) -> str:
    parts = [*_block(chip, size), *_bar(chip, size), *_symbol(chip, size), *_label(chip, size)]
    return group("".join(parts), chip.text) if has_tooltip else "".join(parts)


def _block(chip: Chip, size: Size) -> Iterator[str]:
    radius = 1
    if size.symbol:
        radius = 2
    if size is Size.STRIP:
        yield _rect(chip, size, 0.0, rx=radius, fill=chip.colour)
    elif chip.dotted:
        yield _rect(chip, size, 0.0, rx=radius, fill=chip.colour)
        yield _rect(
            chip,
            size,
            DOTS_INSET,
            fill="none",
            stroke=chip.border,
            stroke_width="1.5",
            stroke_dasharray="1.5 1.5",
        )
    else:
        yield _rect(
            chip,
            size,
            0.5,
            rx=radius,
            fill=chip.colour,
            stroke=chip.border,
            stroke_width=1,
        )


def _bar(chip: Chip, size: Size) -> Iterator[str]:
    if size.symbol or not chip.barred:
        return
    yield element(
        "rect",
        x=chip.x + chip.width * (1 - BAR_WIDTH) / 2,
        y=size.block * (1 - BAR_HEIGHT) / 2,
        width=chip.width * BAR_WIDTH,
        height=size.block * BAR_HEIGHT,
        fill=chip.ink,
    )


def _rect(chip: Chip, size: Size, inset: float, **attributes: str | float) -> str:
    height = chip.height * size.block
    top = (size.block - height) / 2
    return element(
        "rect",
        x=chip.x + inset,
        y=top + inset,
        width=chip.width - 2 * inset,
        height=height - 2 * inset,
        **attributes,
    )


def _symbol(chip: Chip, size: Size) -> Iterator[str]:
    if not size.symbol:
        return
    if chip.glyph:
        curve, *axes = chip.glyph
        yield _line(chip, curve, size, stroke_width="1.8", stroke_linejoin="round")
        for line in axes:
            yield _line(chip, line, size, stroke_width="0.8", stroke_opacity="0.6")
    elif chip.symbol:
        yield element(
            "text",
            escape(chip.symbol),
            x=chip.x + chip.width / 2,
            y=size.block / 2 + 0.36 * size.symbol,
            font_size=size.symbol,
            font_weight="bold",
            fill=chip.ink,
        )


def _line(chip: Chip, line: Polyline, size: Size, **stroke: str | float) -> str:
    width, height = glyph_box(size)
    left = chip.x + (chip.width - width) / 2
    bottom = (size.block + height) / 2
    points = []
    for x, y in line:
        point_x = left + width * x
        point_y = bottom - height * y
        points.append(f"{point_x:.2f},{point_y:.2f}")
    return element(
        "polyline",
        points=" ".join(points),
        fill="none",
        stroke=chip.ink,
        stroke_linecap="round",
        **stroke,
    )


def _label(chip: Chip, size: Size) -> Iterator[str]:
    if not size.has_labels:
        return
    centre = chip.x + chip.width / 2
    for number, line in enumerate(label_lines(chip.label), start=1):
        yield _small_text(line, centre, size.block + LABEL_LINE * number)


def _small_text(text: str, centre: float, baseline: int) -> str:
    return element(
        "text",
        escape(text),
        x=centre,
        y=baseline,
        font_size=10,
        fill=QUIET_TEXT,
    )
