"""Curves over the number of trainings, in panels beside each other, as an SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SIDE, GAP, LEFT, TOP, ROW = 240, 30, 50, 30, 300
"""Pixels: of a panel's side, between panels, left of the first, above it, and from one row of panels to the next."""
COLOURS = ("#999999", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#d55e00", "#000000")
TICKS = 5


class Curve(NamedTuple):
    """One line of a panel: a height for each number of trainings from 0 on, and where there is one, its band."""

    heights: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


class Panel(NamedTuple):
    """Curves under a title, one for each name of the legend."""

    title: str
    curves: Sequence[Curve]


def svg_of(
    panels: Sequence[Panel], names: Sequence[str], caption: str, *, levels: Sequence[float], columns: int = 3
) -> str:
    """The panels in rows, with one legend; heights from the first of the levels to the last are shown in per cent."""
    parts = []
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        parts += _panel(panel, LEFT + column * (SIDE + GAP), TOP + row * ROW, levels, with_levels=column == 0)
    rows = -(-len(panels) // columns)
    right = LEFT + min(len(panels), columns) * (SIDE + GAP)
    bottom = TOP + (rows - 1) * ROW + SIDE
    for place, name in enumerate(names):
        y = TOP + 6 + 20 * place
        parts.append(f'<rect x="{right}" y="{y}" width="14" height="4" fill="{COLOURS[place]}"/>')
        parts.append(_text(right + 20, y + 7, name, "start"))
    parts.append(_text(LEFT, bottom + 36, caption, "start"))
    size = f'width="{right + 110}" height="{bottom + 46}"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{background}{"".join(parts)}</svg>\n'


def _panel(panel: Panel, left: int, top: int, levels: Sequence[float], *, with_levels: bool) -> list[str]:
    across = len(panel.curves[0].heights) - 1
    lowest, highest = levels[0], levels[-1]

    def point(trainings: float, height: float) -> str:
        share = np.clip((height - lowest) / (highest - lowest), 0, 1)
        return f"{left + SIDE * trainings / across:.1f},{top + SIDE * (1 - share):.1f}"

    parts = [_text(left + SIDE / 2, top - 10, panel.title, "middle")]
    ticks = range(0, across + 1, across // TICKS)
    parts += [_text(left + SIDE * tick / across, top + SIDE + 16, str(tick), "middle") for tick in ticks]
    parts.append(f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>')
    for curve, colour in zip(panel.curves, COLOURS, strict=False):
        if curve.low is not None and curve.high is not None:
            edge = [*enumerate(curve.high), *reversed(list(enumerate(curve.low)))]
            points = " ".join(point(*place) for place in edge)
            parts.append(f'<polygon points="{points}" fill="{colour}" fill-opacity="0.2"/>')
    for curve, colour in zip(panel.curves, COLOURS, strict=False):
        points = " ".join(point(*place) for place in enumerate(curve.heights))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    if with_levels:
        for level in levels:
            y = top + SIDE * (1 - (level - lowest) / (highest - lowest)) + 4
            parts.append(_text(left - 6, y, f"{100 * level:.0f} %", "end"))
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    font = 'font-family="sans-serif" font-size="12" fill="#222"'
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {font}>{text}</text>'
