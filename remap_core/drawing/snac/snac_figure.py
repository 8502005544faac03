"""A SNAC as a Plotly figure that can be hovered, clicked and brushed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.charts.style import CLEAR, HOVER, base_figure, escape_html
from remap_core.drawing.palette import OUTLINE, SELECTION, WORSE
from remap_core.drawing.snac.chips import (
    DOTS_INSET,
    Chip,
    HeightScale,
    Size,
    bracket_ends,
    chips,
    glyph_box,
    label_lines,
)
from remap_core.drawing.snac.repeated_blocks import RepeatedBlock, repeated_blocks
from remap_core.formatting import pluralize, shape_text
from remap_core.space.architecture import Architecture
from remap_core.space.layers import Polyline

LAYERS = "layers"
HEAD_BLOCK = "head"
HANDLES = "handles"
"""Names of the traces."""

LABEL_LINE = 12
BRACKET_ROOM = 20
HANDLE_ROOM = 14
MARGIN = 6
SHORTEST_FIGURE = 76
"""Pixels: of a label's line, below it for brackets, above the blocks for handles, around the row, of a figure that a
hover label fits into."""


def snac_figure(
    architecture: Architecture,
    size: Size = Size.LARGE,
    *,
    scale: HeightScale | None = None,
    chosen: Collection[int] = (),
    handles: bool = False,
    bracketed: bool = False,
    brush: bool = True,
) -> go.Figure:
    """The row of chips with a transparent bar over each, one data unit a pixel.

    customdata of a bar in LAYERS is its layer's index; the head's bar, a trace of its own, has none. A horizontal box
    selects bars, unless without brush. chosen: indices of layers that get the selection's border. handles: between the
    blocks of LARGE add HANDLES, triangles whose customdata is ["insert", index at which a layer would be inserted].
    bracketed: repeated groups of layers have a bracket with their number below.
    """
    brackets = repeated_blocks(architecture.layers) if bracketed else ()
    figure = row_figure(chips(architecture, size, scale), size, chosen=chosen, handles=handles, brackets=brackets)
    return figure if brush else figure.update_layout(dragmode=False)


def row_figure(
    row: Sequence[Chip],
    size: Size,
    *,
    chosen: Collection[int] = (),
    handles: bool = False,
    misfit: int | None = None,
    brackets: Sequence[RepeatedBlock] = (),
) -> go.Figure:
    """What `snac_figure` draws, of a row of chips.

    misfit: index of the layer that gets the border of a fault. brackets: the repeated blocks that get one.
    """
    handles = handles and size.has_labels
    below = _room_for_labels(row, size)
    figure = base_figure(**_layout(row, size, handles, below + (BRACKET_ROOM if brackets else 0)))
    blocks = [shape for chip in row for shape in _shapes(chip, size, _edge(chip, chosen, misfit))]
    notes = [note for chip in row for note in _notes(chip, size)]
    figure.update_layout(
        shapes=[*blocks, *(_bracket(row, plate, -below) for plate in brackets)],
        annotations=[*notes, *(_times(row, plate, -below) for plate in brackets)],
    )
    figure.add_traces([_bars(LAYERS, row[:-1], size), _bars(HEAD_BLOCK, row[-1:], size)])
    if handles:
        figure.add_trace(_handles(row, size))
    return figure


def _room_for_labels(row: Sequence[Chip], size: Size) -> int:
    return LABEL_LINE * max(len(label_lines(chip.label)) for chip in row) + 2 if size.has_labels else 0


def _layout(row: Sequence[Chip], size: Size, handles: bool, below: int) -> dict[str, Any]:
    width = size.width(len(row)) + 2 * MARGIN
    above = HANDLE_ROOM if handles else 0
    spare = max(0, SHORTEST_FIGURE - size.block - below - above - 2 * MARGIN) / 2
    low, high = -below - MARGIN - spare, size.block + above + MARGIN + spare
    hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return {
        "width": width,
        "height": high - low,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "showlegend": False,
        "dragmode": "select",
        "selectdirection": "h",
        "hovermode": "closest",
        "bargap": 0,
        "xaxis": {"range": [-MARGIN, width - MARGIN], "constraintoward": "left", **hidden},
        "yaxis": {"range": [low, high], "scaleanchor": "x", "scaleratio": 1, "constraintoward": "middle", **hidden},
    }


def _edge(chip: Chip, chosen: Collection[int], misfit: int | None) -> str | None:
    """Colour of a border that says something about the chip."""
    if chip.index is None:
        return None
    return WORSE if chip.index == misfit else SELECTION if chip.index in chosen else None


def _shapes(chip: Chip, size: Size, edge: str | None) -> Iterator[dict[str, Any]]:
    line = {"color": edge or (chip.colour if chip.dotted else chip.border), "width": 3 if edge else 1}
    yield {**_box(chip, size, 0), "fillcolor": chip.colour, "line": line}
    if chip.dotted:
        dots = {"color": chip.border, "width": 1.5, "dash": "1.5px,1.5px"}
        yield {**_box(chip, size, DOTS_INSET), "line": dots}
    if size.symbol:
        yield from (_glyph(chip, line, size, number) for number, line in enumerate(chip.glyph))


def _box(chip: Chip, size: Size, inset: float) -> dict[str, Any]:
    half = chip.height * size.block / 2 - inset
    return {
        "type": "rect",
        "layer": "below",
        "x0": chip.x + inset,
        "x1": chip.x + chip.width - inset,
        "y0": size.block / 2 - half,
        "y1": size.block / 2 + half,
    }


def _glyph(chip: Chip, line: Polyline, size: Size, number: int) -> dict[str, Any]:
    width, height = glyph_box(size)
    left, bottom = chip.x + (chip.width - width) / 2, (size.block - height) / 2
    path = "L".join(f"{left + width * x:.2f},{bottom + height * y:.2f}" for x, y in line)
    stroke = {"color": chip.ink, "width": 2 if number == 0 else 1}
    return {"type": "path", "layer": "below", "path": f"M{path}", "line": stroke, "opacity": 1 if number == 0 else 0.6}


def _notes(chip: Chip, size: Size) -> Iterator[dict[str, Any]]:
    note = {"x": chip.x + chip.width / 2, "showarrow": False, "xanchor": "center"}
    if size.symbol and chip.symbol and not chip.glyph:
        font = {"size": size.symbol, "color": chip.ink}
        yield {**note, "y": size.block / 2, "yanchor": "middle", "text": f"<b>{chip.symbol}</b>", "font": font}
    if size.has_labels:
        text = "<br>".join(map(escape_html, label_lines(chip.label)))
        yield {**note, "y": -2, "yanchor": "top", "text": text, "font": {"size": 10}, "borderpad": 0}


def _bracket(row: Sequence[Chip], plate: RepeatedBlock, top: float) -> dict[str, Any]:
    left, right, ticks = bracket_ends(row, plate)
    path = "".join((f"M{left},{top - 2}V{top - 6}H{right}V{top - 2}", *(f"M{x},{top - 6}V{top - 4}" for x in ticks)))
    return {"type": "path", "layer": "below", "path": path, "line": {"color": OUTLINE, "width": 1}}


def _times(row: Sequence[Chip], plate: RepeatedBlock, top: float) -> dict[str, Any]:
    left, right, _ = bracket_ends(row, plate)
    place = {"x": (left + right) / 2, "y": top - 6, "xanchor": "center", "yanchor": "top"}
    return {**place, "text": f"x {plate.times}", "showarrow": False, "font": {"size": 10}, "borderpad": 0}


def _bars(name: str, row: Sequence[Chip], size: Size) -> go.Bar:
    indices = [chip.index for chip in row if chip.index is not None]
    return go.Bar(
        name=name,
        x=[chip.x + chip.width / 2 for chip in row],
        y=[chip.height * size.block for chip in row],
        base=[(1 - chip.height) * size.block / 2 for chip in row],
        width=size.block,
        customdata=indices or None,
        marker={"color": CLEAR, "line": {"width": 0}},
        selected={"marker": {"color": CLEAR}},
        unselected={"marker": {"color": OUTLINE, "opacity": 0.65}},
        hovertext=[_label(chip) for chip in row],
        hovertemplate=HOVER,
    )


def _handles(row: Sequence[Chip], size: Size) -> go.Scatter:
    return go.Scatter(
        name=HANDLES,
        x=[number * size.pitch for number in range(len(row))],
        y=[size.block + HANDLE_ROOM / 2] * len(row),
        customdata=[["insert", number] for number in range(len(row))],
        mode="markers",
        marker={"symbol": "triangle-down", "size": 10, "color": OUTLINE},
        cliponaxis=False,
        unselected={"marker": {"opacity": 1}},
        hovertext=[_place(row, number) for number in range(len(row))],
        hovertemplate=HOVER,
    )


def _label(chip: Chip) -> str:
    cost = chip.cost
    if not cost.output_shape:
        return f"<b>{escape_html(chip.text)}</b><br>does not fit here"
    costs = "no parameters"
    if cost.parameters:
        costs = f"{pluralize(cost.parameters, 'parameter')}, {pluralize(cost.multiply_adds, 'multiply-add')}"
    return f"<b>{escape_html(chip.text)}</b><br>to {shape_text(chip.output_shape)}<br>{costs}"


def _place(row: Sequence[Chip], number: int) -> str:
    return f"insert before {escape_html(row[number].text)}"
