"""How a click, a hover or a brush gets from a Plotly chart to Python. The only place that knows.

Charts are Streamlit's own, and a bridge (bridge.js) sends what is done in them. With the setting `events` they are
drawn by a package in frames instead (`embedded`): for where a page may not run the bridge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from remap_core.ui import app_data
from remap_core.ui.events.embedded import draw_embedded

HOVER_MS = 150
"""Milliseconds that the pointer rests on a point before that counts as a hover."""


@cache
def _bridge() -> Callable[..., Any]:
    """The component that sends events; made when it is first needed, as not every Streamlit can."""
    script = Path(__file__).with_name("bridge.js").read_text(encoding="utf-8")
    return st.components.v2.component("remap_chart_events", js=script)


@dataclass(frozen=True)
class Point:
    """A point of a chart that was clicked, hovered or brushed. Heatmap cells have `index` (row, column)."""

    curve: int
    index: int | tuple[int, int]
    x: Any
    y: Any
    customdata: Any

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> Point:
        """The point of what the browser sends."""
        index = form["point"]
        cell = tuple(index) if isinstance(index, list) else index
        return cls(form["curve"], cell, form["x"], form["y"], form["customdata"])


@dataclass(frozen=True)
class Mark:
    """Points that look like those of the trace called `trace` (None ends a line); the chart itself stays as it is."""

    trace: str
    x: Sequence[float | None]
    y: Sequence[float | None]


def draw(
    figure: Any,
    key: str,
    alt: str,
    *,
    on_click: Callable[[Point], None] | None = None,
    on_brush: Callable[[list[Point]], None] | None = None,
    marks: Sequence[Mark] = (),
    shrinks: bool = True,
) -> None:
    """Draw a Plotly figure and call back on what is done in it: every event comes once, the same point twice too.

    alt: what it shows, for screen readers. A figure that does not shrink scrolls where the page is narrower than it.
    """
    if not shrinks:
        st.html(_SCROLLING.format(key=key, width=figure.layout.width))
    listened = on_click is not None or on_brush is not None
    if listened and app_data.settings().events == "package":
        draw_embedded(
            figure,
            f"{key}-embedded",
            on_click=on_click and (lambda sent: on_click(Point.of(sent))),
            on_brush=on_brush and (lambda sent: on_brush([Point.of(point) for point in sent])),
            places={mark.trace: (mark.x, mark.y) for mark in marks},
        )
        st.html(f'<p style="{VISUALLY_HIDDEN}">{_escaped(alt)}</p>')
    else:
        st.plotly_chart(figure, key=key, config=_CONFIG, width="stretch", alt=alt)
    if listened:
        listen(key, on_click=on_click, on_brush=on_brush, marks=marks)


def listen(
    chart: str,
    *,
    on_click: Callable[[Point], None] | None = None,
    on_hover: Callable[[Point], None] | None = None,
    on_brush: Callable[[list[Point]], None] | None = None,
    marks: Sequence[Mark] = (),
    key: str = "events",
) -> None:
    """Call back on what is done in a chart that is drawn elsewhere, as when a fragment follows what is hovered.

    key: tells several listeners to one chart apart. Charts in frames (setting `events`) are not listened to so.
    """
    if app_data.settings().events == "package":
        return
    key = f"{chart}-{key}"
    callbacks: dict[str, Any] = {}
    events: list[str] = []
    if on_click:
        callbacks["on_click_change"] = lambda: _told(key, "click", lambda sent: on_click(Point.of(sent)))
        events.append("plotly_click")
    if on_hover:
        callbacks["on_hover_change"] = lambda: _told(key, "hover", lambda sent: on_hover(Point.of(sent)))
        events += ["plotly_hover", "plotly_unhover"]
    if on_brush:
        callbacks["on_brush_change"] = lambda: _told(
            key, "brush", lambda sent: on_brush([Point.of(point) for point in sent["points"]])
        )
        events.append("plotly_selected")
    moved = [{"trace": mark.trace, "x": list(mark.x), "y": list(mark.y)} for mark in marks]
    data = {"target": chart, "events": events, "hoverMs": HOVER_MS, "marks": moved}
    _bridge()(key=key, data=data, height=1, **callbacks)


def picked_ids(points: Sequence[Point]) -> list[int]:
    """Ids that the points carry as customdata (alone or first of a list), in order, each once; others are left out."""
    carried = (point.customdata[0] if isinstance(point.customdata, list) else point.customdata for point in points)
    return list(dict.fromkeys(int(found) for found in carried if isinstance(found, int | float)))


_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "autoScale2d"],
    "plotGlPixelRatio": 1,  # Plotly's 2 paints four times the pixels: 10,000 circles took 1.4 times as long to appear
}
_SCROLLING = "<style>.st-key-{key} {{ overflow-x: auto }} .st-key-{key} > div {{ min-width: {width}px }}</style>"
VISUALLY_HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0"


def _told(key: str, event: str, call: Callable[[Any], None]) -> None:
    sent = st.session_state[key].get(event)
    if sent:
        call(sent)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
