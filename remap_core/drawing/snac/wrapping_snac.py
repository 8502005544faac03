"""A SNAC as a row of pictures, one a chip, which breaks into several rows where the page is too narrow for it."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from remap_core.drawing.snac.chips import Chip, Size, chips, snac_alt
from remap_core.drawing.snac.svg import snac_svg
from remap_core.drawing.thumbnails import svg_uri
from remap_core.formatting import pluralize, shape_text
from remap_core.space.architecture import Architecture

_ROW = "display:flex;flex-wrap:wrap;align-items:flex-start;row-gap:4px"


def wrapping_snac_html(architecture: Architecture, size: Size = Size.LARGE) -> str:
    """The chips of an architecture; the tooltip of each says what its layer gives out and costs."""
    pictures = "".join(_picture(chip, size) for chip in chips(architecture, size))
    return f'<div role="img" aria-label="{escape(snac_alt(architecture))}" style="{_ROW}">{pictures}</div>'


def _picture(chip: Chip, size: Size) -> str:
    drawing = snac_svg([replace(chip, x=size.left(0))], size, title=chip.text)
    return f'<img src="{svg_uri(drawing)}" alt="" title="{escape(_tooltip(chip))}" style="display:block">'


def _tooltip(chip: Chip) -> str:
    cost = chip.cost
    costs = "no parameters"
    if cost.parameters:
        multiply_adds = pluralize(cost.multiply_adds, "multiply-add")
        costs = f"{pluralize(cost.parameters, 'parameter')}, {multiply_adds}"
    return f"{chip.text}\noutput: {shape_text(cost.output_shape)}\n{costs}"
