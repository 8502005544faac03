"""Figures for an elder plotly.js (1.58), as an embedded chart brings it along: plain lists, and colours of its own.

It knows no typed arrays (it draws empty axes), no text in the cells of heatmaps, and nothing of the page's theme.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from remap_core.drawing.palette import DARK_INK, LIGHT_INK, PAGES

HEIGHT = 450
"""Pixels of a figure that has no height of its own."""

Places = Mapping[str, tuple[Sequence[float | None], Sequence[float | None]]]
"""x and y of the points of traces by name."""


def legacy_figure(figure: go.Figure, *, dark: bool, places: Places | None = None) -> dict[str, Any]:
    """The figure as lists, numbers and words on a light or dark page; the given one stays as it is.

    places: where the traces of these names have their points. Where dragging selects, it sends clicks whatever
    `clickmode` says; with "event" it would send an empty selection first, which the package's handler breaks off at.
    """
    drawn = go.Figure(figure)
    ground = PAGES["dark" if dark else "light"]
    drawn.update_layout(
        template="plotly_dark" if dark else "plotly_white",
        paper_bgcolor=ground,
        plot_bgcolor=ground,
        height=figure.layout.height or HEIGHT,
        clickmode="none" if figure.layout.dragmode == "select" else "event",
    )
    drawn.for_each_xaxis(_plain_ticks)
    drawn.for_each_yaxis(_plain_ticks)
    for trace in drawn.data:
        if places and trace.name in places:
            trace.x, trace.y = places[trace.name]
    notes = [note for trace in drawn.data if trace.type == "heatmap" for note in _cell_texts(trace)]
    drawn.update_layout(annotations=[*drawn.layout.annotations, *notes])
    form: dict[str, Any] = plain_lists(drawn.to_dict())
    return form


def _plain_ticks(axis: Any) -> None:
    """Its formats cannot leave out zeros at the end ("~")."""
    if "~" in (axis.tickformat or ""):
        axis.tickformat = ".1%"


def plain_lists(value: Any) -> Any:
    """What JSON knows: arrays and Plotly's typed arrays as lists, None where a number is not finite.

    >>> plain_lists({"x": {"dtype": "i1", "bdata": "AQI="}, "y": np.array([0.5, np.nan])})
    {'x': [1, 2], 'y': [0.5, None]}
    """
    match value:
        case {"bdata": str(), "dtype": str()}:
            return plain_lists(_array(value))
        case dict():
            return {key: plain_lists(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain_lists(inner) for inner in value]
        case np.ndarray() | np.generic():
            return plain_lists(value.tolist())
        case float() if not isfinite(value):
            return None
    return value


def _array(typed: Mapping[str, str]) -> NDArray[Any]:
    flat = np.frombuffer(b64decode(typed["bdata"]), dtype=np.dtype(typed["dtype"]))
    return flat.reshape([int(length) for length in str(typed.get("shape", flat.size)).split(",")])


def _cell_texts(heat: go.Heatmap) -> Iterator[dict[str, Any]]:
    """The texts of a heatmap's cells as annotations, in an ink that can be read on the cell."""
    if not heat.texttemplate:
        return
    for (row, column), text in np.ndenumerate(np.asarray(heat.text, dtype=object)):
        if text:
            ink = LIGHT_INK if heat.z[row][column] > (heat.zmax or 1) / 2 else DARK_INK
            font = {"size": heat.textfont.size, "color": ink}
            yield {"x": column, "y": row, "text": text, "showarrow": False, "font": font}
