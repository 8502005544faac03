"""Charts in frames, drawn by the front end of streamlit-plotly-events (the extra `events`), without the bridge.

The front end's value is its last event: it comes back at every later rerun, and is the same for the same point twice.
So in every other drawing, as many empty traces precede the chart's own. That tells which drawing an event belongs to,
makes two events in a row differ, and Streamlit calls back only for a value that differs. There is no hover, as every
hover would be a rerun.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from math import isclose
from typing import Any

import streamlit as st
import streamlit.components.v1 as components

from remap_core.drawing.charts.legacy_plotly import legacy_figure
from remap_core.errors import SettingsError

PACKAGE = "streamlit_plotly_events"
EMPTY_TRACE = {"type": "scatter", "x": [], "y": [], "visible": False}


def require_package() -> None:
    """Raise SettingsError if charts cannot be drawn in frames because the extra `events` is missing."""
    if find_spec(PACKAGE) is None:
        raise SettingsError("events = 'package' needs the extra `events`: pip install 'remap-nas[events]'.")


@cache
def _frame() -> Callable[..., Any]:
    import streamlit_plotly_events

    return components.declare_component("remap_embedded_chart", path=streamlit_plotly_events.build_dir)


@dataclass(frozen=True)
class Chart:
    """A chart in a frame, as Plotly's JSON, and what is called for its events, with points as the bridge sends them."""

    form: dict[str, Any]
    on_click: Callable[[dict[str, Any]], None] | None
    on_brush: Callable[[list[dict[str, Any]]], None] | None

    def report(self, value: str) -> None:
        """Call back for what the frame reports: one point was clicked, several were brushed."""
        points = []
        for sent in json.loads(value):
            point = reported_point(self.form["data"], sent)
            if point:
                points.append(point)
        if len(points) == 1 and self.on_click:
            self.on_click(points[0])
        elif points and self.on_brush:
            self.on_brush(points)


def draw_embedded(
    figure: Any,
    key: str,
    *,
    on_click: Callable[[dict[str, Any]], None] | None,
    on_brush: Callable[[list[dict[str, Any]]], None] | None,
    places: dict[str, tuple[Sequence[float | None], Sequence[float | None]]],
) -> None:
    """Draw a Plotly figure in a frame. places: x and y of the traces with these names."""
    form = legacy_figure(
        figure,
        dark=st.context.theme.type == "dark",
        places=places,
    )
    chart = Chart(form, on_click, on_brush)
    preceding = [EMPTY_TRACE] * empty_traces(st.session_state.get(_last(key)), len(form["data"]))
    _frame()(
        plot_obj=json.dumps({**form, "data": [*preceding, *form["data"]]}),
        override_height=form["layout"]["height"],
        override_width="100%",
        click_event=on_click is not None,
        select_event=on_brush is not None,
        hover_event=False,
        key=key,
        default="[]",
        on_change=lambda: report_new(chart, key),
    )


def report_new(chart: Chart, key: str) -> None:
    """Report an event once: Streamlit calls back for it again after a run that ended before the chart was drawn."""
    value = st.session_state[key]
    if value != st.session_state.get(_last(key)):
        st.session_state[_last(key)] = value
        chart.report(value)


def _last(key: str) -> str:
    return f"{key}-last"


def empty_traces(last: str | None, traces: int) -> int:
    """How many empty traces precede the chart's own: as many after an event of a drawing without them, else none."""
    points = json.loads(last or "[]")
    if points and points[0]["curveNumber"] < traces:
        return traces
    return 0


def reported_point(traces: Sequence[dict[str, Any]], sent: dict[str, Any]) -> dict[str, Any] | None:
    """A point as the bridge sends it; None if it is no point of these traces, as the chart has changed since."""
    curve = sent["curveNumber"] % len(traces)
    index = sent["pointNumber"]
    point = {"curve": curve, "point": index, "x": sent["x"], "y": sent["y"], "customdata": None}
    if not isinstance(index, int):
        return point  # a heatmap's cell
    trace = traces[curve]
    if not _is_at(trace, index, sent["x"], sent["y"]):
        return None
    if trace.get("customdata"):
        point["customdata"] = trace["customdata"][index]
    return point


def _is_at(
    trace: dict[str, Any],
    index: int,
    x: float,
    y: float,
) -> bool:
    """Whether the trace has this point. The y of a bar is its end."""
    if index >= len(trace["x"]):
        return False
    base = trace["base"][index] if "base" in trace else 0
    return isclose(trace["x"][index], x) and isclose(base + trace["y"][index], y)
