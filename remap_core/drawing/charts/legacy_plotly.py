"""Figures for an older plotly.js (1.58), which an embedded chart may bring along: plain lists, and their own colours.

That version knows no typed arrays (it draws empty axes), no text in the cells of heatmaps, and not the page's theme.
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

HEIGHT = 480
"""Pixels of a figure whose layout has no height."""

Places = Mapping[str, tuple[Sequence[float | None], Sequence[float | None]]]
"""x and y of the points of traces by name."""


def legacy_figure(figure: go.Figure, *, dark: bool, places: Places | None = None) -> dict[str, Any]:
    """The figure as lists, numbers and strings on a light or dark page; `figure` itself is not changed.

    places: where the traces of these names have their points. With dragmode "select", clicks arrive whatever
    `clickmode` says; with clickmode "event" an empty selection would come first, on which the package's handler fails.
    """
    legacy = go.Figure(figure)
    template, background = "plotly_white", PAGES["light"]
    if dark:
        template, background = "plotly_dark", PAGES["dark"]
    clickmode = "event"
    if figure.layout.dragmode == "select":
        clickmode = "none"
    legacy.update_layout(
        template=template,
        paper_bgcolor=background,
        plot_bgcolor=background,
        height=figure.layout.height or HEIGHT,
        clickmode=clickmode,
    )
    legacy.for_each_xaxis(_plain_ticks)
    legacy.for_each_yaxis(_plain_ticks)
    notes = list(legacy.layout.annotations)
    for trace in legacy.data:
        if places and trace.name in places:
            trace.x, trace.y = places[trace.name]
        if trace.type == "heatmap":
            notes += _cell_texts(trace)
    legacy.update_layout(annotations=notes)
    form: dict[str, Any] = plain_lists(legacy.to_dict())
    return form


def _plain_ticks(axis: Any) -> None:
    """Replace formats that drop trailing zeros ("~"), which the old version does not know."""
    if "~" in (axis.tickformat or ""):
        axis.tickformat = ".1%"


def plain_lists(value: Any) -> Any:
    """A value as JSON knows it: arrays and Plotly's typed arrays become lists, numbers that are not finite None.

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
    lengths = str(typed.get("shape", flat.size)).split(",")
    return flat.reshape([int(length) for length in lengths])


def _cell_texts(heat: go.Heatmap) -> Iterator[dict[str, Any]]:
    """The texts of a heatmap's cells as annotations, in an ink that can be read on the cell."""
    if not heat.texttemplate:
        return
    half = (heat.zmax or 1) / 2
    texts = np.asarray(heat.text, dtype=object)
    for (row, column), text in np.ndenumerate(texts):
        if not text:
            continue
        ink = DARK_INK
        if heat.z[row][column] > half:
            ink = LIGHT_INK
        yield {
            "x": column,
            "y": row,
            "text": text,
            "showarrow": False,
            "font": {"size": heat.textfont.size, "color": ink},
        }
