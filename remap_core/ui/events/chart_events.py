"""How a click, a hover or a brush gets from a Plotly chart to Python. Only this folder knows.

Charts are Streamlit's own, and a bridge (bridge.js) sends what is done in them. With REMAP_EVENTS=package, a package
draws them in frames instead (`embedded`), for pages that may not run the bridge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from remap_core.drawing.charts.later_circles import Later
from remap_core.system.imports import finish_imports
from remap_core.ui import app_data
from remap_core.ui.events.embedded import draw_embedded

HOVER_MS = 150
"""Milliseconds that the pointer rests on a point before that counts as a hover."""


def load() -> None:
    """Send the script that all charts of a page share. Streamlit sends a component's script with all of its data:
    this one has none, so that the browser keeps it."""
    if not in_frames():
        _component("bridge")(key="chart-events", height=1)


@cache
def _component(name: str) -> Callable[..., Any]:
    """A component with the script of this name; made when first needed, as an older Streamlit cannot make it."""
    script = Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")
    return st.components.v2.component(f"remap_{name}", js=script)


@dataclass(frozen=True)
class Point:
    """A point of a chart that was clicked, hovered or brushed. The `index` of a heatmap's cell is (row, column).

    stack: customdata of the circles at the same place, which lie upon one another; only of clicks on the map.
    """

    curve: int
    index: int | tuple[int, int]
    x: Any
    y: Any
    customdata: Any
    stack: tuple[Any, ...] = ()

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> Point:
        """The point that the browser sent."""
        index = sent["point"]
        if isinstance(index, list):
            index = tuple(index)
        return cls(sent["curve"], index, sent["x"], sent["y"], sent["customdata"], tuple(sent.get("stack", ())))


@dataclass(frozen=True)
class Mark:
    """Points that look like those of the trace called `trace` (None ends a line); the figure itself stays the same."""

    trace: str
    x: Sequence[float | None]
    y: Sequence[float | None]


OnPoint = Callable[[Point], None]
OnPoints = Callable[[list[Point]], None]


def draw(
    figure: Any,
    key: str,
    alt: str,
    *,
    on_click: OnPoint | None = None,
    on_brush: OnPoints | None = None,
    marks: Sequence[Mark] = (),
    shrinks: bool = True,
    fills: bool = False,
    keys: str = "",
) -> None:
    """Draw a Plotly figure and call back for every event, also for the same point twice.

    alt: what it shows, for screen readers. shrinks: whether it gets narrower on a narrow page; otherwise it scrolls.
    fills: whether it takes the height that its container has left. keys: what arrows and Enter do in it, in words for
    screen readers; empty if they do nothing.
    """
    if not shrinks:
        st.html(_SCROLLING.format(key=key, width=figure.layout.width))
    has_events = on_click is not None or on_brush is not None
    if has_events and in_frames():
        _draw_in_frame(figure, key, alt, on_click=on_click, on_brush=on_brush, marks=marks)
        return
    height: Literal["stretch", "content"] = "stretch" if fills else "content"
    finish_imports("numpy", "pandas")  # another visitor's page may be the first to need them
    st.plotly_chart(figure, key=key, config=_CONFIG, width="stretch", height=height, alt=alt)
    if has_events:
        listen(key, on_click=on_click, on_brush=on_brush, marks=marks, keys=keys)


def listen(
    chart: str,
    *,
    on_click: OnPoint | None = None,
    on_hover: OnPoint | None = None,
    on_brush: OnPoints | None = None,
    after: Callable[[], None] | None = None,
    marks: Sequence[Mark] = (),
    keys: str = "",
    key: str = "events",
) -> None:
    """Call back for events in a chart that is drawn elsewhere, as when a fragment follows what is hovered.

    after: called after clicks and brushes, once for all that came together. key: tells several listeners to one chart
    apart. Charts in frames cannot be listened to.
    """
    if in_frames():
        return
    key = f"{chart}-{key}"
    callbacks: dict[str, Callable[[], None]] = {}
    events: list[str] = []
    if on_click:
        callbacks["on_click_change"] = lambda: _call_with_clicks(key, on_click, after)
        events.append("plotly_click")
    if on_hover:
        callbacks["on_hover_change"] = lambda: _call_with_point(key, "hover", on_hover)
        events += ["plotly_hover", "plotly_unhover"]
    if on_brush:
        callbacks["on_brush_change"] = lambda: _call_with_points(key, "brush", on_brush, after)
        events.append("plotly_selected")
    data = {
        "target": chart,
        "events": events,
        "hoverMs": HOVER_MS,
        "keys": keys,
        "marks": [_mark(mark) for mark in marks],
    }
    _component("channel")(key=key, data=data, height=1, **callbacks)


def update(chart: str, figure: Any, *, marks: Sequence[Mark], later: Later) -> None:
    """Put additions and marks into a figure that is drawn elsewhere; the browser redraws nothing else of it."""
    if in_frames():
        return
    data = {
        "target": chart,
        "events": [],
        "marks": [_mark(mark) for mark in marks],
        "traces": later.traces,
        "colours": later.colours,
        "axes": {
            "xaxis": {"drawn": figure.layout.xaxis.range, "wanted": later.x},
            "yaxis": {"drawn": figure.layout.yaxis.range, "wanted": later.y},
        },
    }
    _component("channel")(key=f"{chart}-later", data=data, height=1)


def encode_points(chart: str, trace: str, arrays: Mapping[str, Any], *, figure: int) -> bytes:
    """Points for `put_points`: arrays of a trace by the attribute's path, and the `meta` of the figure they are for."""
    data = {"target": chart, "events": [], "marks": [], "trace": trace, "points": arrays, "figure": figure}
    return json.dumps(data).encode()


def put_points(chart: str, points: bytes) -> None:
    """Put the points of a large trace into a figure that is drawn elsewhere."""
    _component("channel")(key=f"{chart}-points", data=points, height=1)


def _mark(mark: Mark) -> dict[str, Any]:
    return {"trace": mark.trace, "x": list(mark.x), "y": list(mark.y)}


def picked_ids(points: Sequence[Point]) -> list[int]:
    """Ids in the points' customdata (alone or first in a list), in order, each once; other points are left out."""
    ids: dict[int, None] = {}
    for point in points:
        data = point.customdata
        if isinstance(data, list):
            data = data[0]
        if isinstance(data, int | float):
            ids[int(data)] = None
    return list(ids)


_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "autoScale2d"],
    "plotGlPixelRatio": 1,  # Plotly's 2 paints four times the pixels: 10,000 circles took 1.4 times as long to appear
}
_SCROLLING = "<style>.st-key-{key} {{ overflow-x: auto }} .st-key-{key} > div {{ min-width: {width}px }}</style>"
_VISUALLY_HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0"


def in_frames() -> bool:
    """Whether charts that report events are drawn in frames: they are sent whole, and nothing is added to them."""
    return app_data.settings().events == "package"


def _draw_in_frame(
    figure: Any,
    key: str,
    alt: str,
    *,
    on_click: OnPoint | None,
    on_brush: OnPoints | None,
    marks: Sequence[Mark],
) -> None:
    draw_embedded(
        figure,
        f"{key}-embedded",
        on_click=on_click and (lambda sent: on_click(Point.of(sent))),
        on_brush=on_brush and (lambda sent: on_brush([Point.of(point) for point in sent])),
        places={mark.trace: (mark.x, mark.y) for mark in marks},
    )
    st.html(f'<p style="{_VISUALLY_HIDDEN}">{escape(alt, quote=False)}</p>')


def _call_with_clicks(key: str, call: OnPoint, after: Callable[[], None] | None) -> None:
    """Call for each click that has not been heard yet: an event brings the latest ones along, each with its number."""
    sent = st.session_state[key].get("click")
    if not sent:
        return
    heard = st.session_state.get(f"{key}-heard", 0.0)
    for click in sent["clicks"]:
        if click["number"] > heard:
            st.session_state[f"{key}-heard"] = click["number"]
            call(Point.of(click))
    if after:
        after()


def _call_with_point(key: str, event: str, call: OnPoint) -> None:
    sent = st.session_state[key].get(event)
    if sent:
        call(Point.of(sent))


def _call_with_points(key: str, event: str, call: OnPoints, after: Callable[[], None] | None) -> None:
    sent = st.session_state[key].get(event)
    if sent:
        call([Point.of(point) for point in sent["points"]])
        if after:
            after()
