"""A SNAC as a Plotly figure that can be hovered, clicked and brushed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from remap_core.drawing.charts.style import CLEAR, HOVER, base_figure, escape_html
from remap_core.drawing.palette import OUTLINE, SELECTION, WORSE
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
MIN_HEIGHT = 76
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

    customdata of a bar in LAYERS is its layer's index; the head's bar is a trace of its own without customdata. A
    horizontal box selects bars, if brush. chosen: indices of layers that get the selection's border. handles: between
    the blocks of LARGE add HANDLES, triangles whose customdata is ["insert", index at which a layer would be inserted].
    bracketed: repeated groups of layers get a bracket with their number below.
    """
    brackets: tuple[RepeatedBlock, ...] = ()
    if bracketed:
        brackets = repeated_blocks(architecture.layers)
    figure = row_figure(
        chips(architecture, size, scale),
        size,
        chosen=chosen,
        handles=handles,
        brackets=brackets,
    )
    if not brush:
        figure.update_layout(dragmode=False)
    return figure


def row_figure(
    row: Sequence[Chip],
    size: Size,
    *,
    chosen: Collection[int] = (),
    handles: bool = False,
    mismatch: int | None = None,
    brackets: Sequence[RepeatedBlock] = (),
) -> go.Figure:
    """The figure of `snac_figure` for a row of chips.

    mismatch: index of the layer that gets the border of an error. brackets: the repeated blocks that get one.
    """
    handles = handles and size.has_labels
    label_room = _label_room(row, size)
    below = label_room
    if brackets:
        below += BRACKET_ROOM
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for chip in row:
        shapes += _shapes(chip, size, _emphasis(chip, chosen, mismatch))
        notes += _notes(chip, size)
    for block in brackets:
        shapes.append(_bracket(row, block, -label_room))
        notes.append(_times(row, block, -label_room))
    figure = base_figure(**_layout(row, size, handles, below))
    figure.update_layout(shapes=shapes, annotations=notes)
    figure.add_trace(_bars(LAYERS, row[:-1], size))
    figure.add_trace(_bars(HEAD_BLOCK, row[-1:], size))
    if handles:
        figure.add_trace(_handles(row, size))
    return figure


def _label_room(row: Sequence[Chip], size: Size) -> int:
    if not size.has_labels:
        return 0
    lines = max(len(label_lines(chip.label)) for chip in row)
    return LABEL_LINE * lines + 2


def _layout(row: Sequence[Chip], size: Size, handles: bool, below: int) -> dict[str, Any]:
    above = 0
    if handles:
        above = HANDLE_ROOM
    height = size.block + below + above + 2 * MARGIN
    spare = max(0, MIN_HEIGHT - height) / 2
    low = -below - MARGIN - spare
    high = size.block + above + MARGIN + spare
    width = size.width(len(row)) + 2 * MARGIN
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
        "xaxis": {
            "range": [-MARGIN, width - MARGIN],
            "constraintoward": "left",
            **hidden,
        },
        "yaxis": {
            "range": [low, high],
            "scaleanchor": "x",
            "scaleratio": 1,
            "constraintoward": "middle",
            **hidden,
        },
    }


def _emphasis(chip: Chip, chosen: Collection[int], mismatch: int | None) -> str | None:
    """Colour of a border that marks a mismatched or a chosen layer; None for an ordinary border."""
    if chip.index is None:
        return None
    if chip.index == mismatch:
        return WORSE
    if chip.index in chosen:
        return SELECTION
    return None


def _shapes(chip: Chip, size: Size, emphasis: str | None) -> Iterator[dict[str, Any]]:
    border = {"color": chip.border, "width": 1}
    if chip.dotted:
        border["color"] = chip.colour
    if emphasis:
        border = {"color": emphasis, "width": 3}
    yield {**_box(chip, size, 0), "fillcolor": chip.colour, "line": border}
    if chip.dotted:
        dots = {"color": chip.border, "width": 1.5, "dash": "1.5px,1.5px"}
        yield {**_box(chip, size, DOTS_INSET), "line": dots}
    if chip.barred and not size.symbol:
        yield _bar(chip, size)
    if size.symbol and chip.glyph:
        curve, *axes = chip.glyph
        yield _glyph(chip, curve, size, width=2, opacity=1)
        for line in axes:
            yield _glyph(chip, line, size, width=1, opacity=0.6)


def _box(chip: Chip, size: Size, inset: float) -> dict[str, Any]:
    middle = size.block / 2
    half = chip.height * size.block / 2 - inset
    return {
        "type": "rect",
        "layer": "below",
        "x0": chip.x + inset,
        "x1": chip.x + chip.width - inset,
        "y0": middle - half,
        "y1": middle + half,
    }


def _bar(chip: Chip, size: Size) -> dict[str, Any]:
    centre = chip.x + chip.width / 2
    middle = size.block / 2
    half_width = chip.width * BAR_WIDTH / 2
    half_height = size.block * BAR_HEIGHT / 2
    return {
        "type": "rect",
        "layer": "below",
        "x0": centre - half_width,
        "x1": centre + half_width,
        "y0": middle - half_height,
        "y1": middle + half_height,
        "fillcolor": chip.ink,
        "line": {"width": 0},
    }


def _glyph(chip: Chip, line: Polyline, size: Size, *, width: float, opacity: float) -> dict[str, Any]:
    box_width, box_height = glyph_box(size)
    left = chip.x + (chip.width - box_width) / 2
    bottom = (size.block - box_height) / 2
    points = []
    for x, y in line:
        point_x = left + box_width * x
        point_y = bottom + box_height * y
        points.append(f"{point_x:.2f},{point_y:.2f}")
    return {
        "type": "path",
        "layer": "below",
        "path": f"M{'L'.join(points)}",
        "line": {"color": chip.ink, "width": width},
        "opacity": opacity,
    }


def _notes(chip: Chip, size: Size) -> Iterator[dict[str, Any]]:
    note = {"x": chip.x + chip.width / 2, "showarrow": False, "xanchor": "center"}
    if size.symbol and chip.symbol and not chip.glyph:
        yield {
            **note,
            "y": size.block / 2,
            "yanchor": "middle",
            "text": f"<b>{chip.symbol}</b>",
            "font": {"size": size.symbol, "color": chip.ink},
        }
    if size.has_labels:
        lines = map(escape_html, label_lines(chip.label))
        yield {
            **note,
            "y": -2,
            "yanchor": "top",
            "text": "<br>".join(lines),
            "font": {"size": 10},
            "borderpad": 0,
        }


def _bracket(row: Sequence[Chip], block: RepeatedBlock, top: float) -> dict[str, Any]:
    left, right, between = bracket_ends(row, block)
    path = f"M{left},{top - 2}V{top - 6}H{right}V{top - 2}"
    for x in between:
        path += f"M{x},{top - 6}V{top - 4}"
    return {"type": "path", "layer": "below", "path": path, "line": {"color": OUTLINE, "width": 1}}


def _times(row: Sequence[Chip], block: RepeatedBlock, top: float) -> dict[str, Any]:
    left, right, _ = bracket_ends(row, block)
    return {
        "x": (left + right) / 2,
        "y": top - 6,
        "xanchor": "center",
        "yanchor": "top",
        "text": f"x {block.times}",
        "showarrow": False,
        "font": {"size": 10},
        "borderpad": 0,
    }


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
        hovertext=[_hover_text(chip) for chip in row],
        hovertemplate=HOVER,
    )


def _handles(row: Sequence[Chip], size: Size) -> go.Scatter:
    places = range(len(row))
    return go.Scatter(
        name=HANDLES,
        x=[place * size.pitch for place in places],
        y=[size.block + HANDLE_ROOM / 2] * len(row),
        customdata=[["insert", place] for place in places],
        mode="markers",
        marker={"symbol": "triangle-down", "size": 10, "color": OUTLINE},
        cliponaxis=False,
        unselected={"marker": {"opacity": 1}},
        hovertext=[f"insert before {escape_html(chip.text)}" for chip in row],
        hovertemplate=HOVER,
    )


def _hover_text(chip: Chip) -> str:
    cost = chip.cost
    layer = f"<b>{escape_html(chip.text)}</b>"
    if not cost.output_shape:
        return f"{layer}<br>does not fit here"
    costs = "no parameters"
    if cost.parameters:
        multiply_adds = pluralize(cost.multiply_adds, "multiply-add")
        costs = f"{pluralize(cost.parameters, 'parameter')}, {multiply_adds}"
    return f"{layer}<br>output: {shape_text(cost.output_shape)}<br>{costs}"
