"""Charts in frames of their own: the front end of the package streamlit-plotly-events, where the bridge cannot be.

What it reports stays its value, comes back at every later rerun, and is the same for the same point twice. So before
every other event as many empty traces come before the chart's own ones: an event tells which drawing it is of, two in
a row always differ, and Streamlit calls back for what differs alone. There is no hover: each would be a rerun.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

import streamlit as st
import streamlit.components.v1 as components
import streamlit_plotly_events

from remap_core.drawing.charts.legacy_plotly import legacy_figure

_frame = components.declare_component("remap_embedded_chart", path=streamlit_plotly_events.build_dir)

EMPTY_TRACE = {"type": "scatter", "x": [], "y": [], "visible": False}


@dataclass(frozen=True)
class Chart:
    """What is drawn in a frame, as Plotly's form, and who is told of points: dicts as the bridge sends them."""

    form: dict[str, Any]
    on_click: Callable[[dict[str, Any]], None] | None
    on_brush: Callable[[list[dict[str, Any]]], None] | None

    def tell(self, value: str) -> None:
        """Call back on what the frame reports: one point is clicked, more are brushed."""
        points = [point for sent in json.loads(value) if (point := reported_point(self.form["data"], sent))]
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
    """Draw a Plotly figure in a frame; places: where the traces of these names have their points."""
    form = legacy_figure(figure, dark=st.context.theme.type == "dark", places=places)
    chart = Chart(form, on_click, on_brush)
    before = [EMPTY_TRACE] * empty_traces(st.session_state.get(key), len(form["data"]))
    height = form["layout"]["height"]
    _frame(
        plot_obj=json.dumps({**form, "data": [*before, *form["data"]]}),
        override_height=height,
        override_width="100%",
        click_event=on_click is not None,
        select_event=on_brush is not None,
        hover_event=False,
        key=key,
        default="[]",
        on_change=lambda: chart.tell(st.session_state[key]),
    )


def empty_traces(last: str | None, traces: int) -> int:
    """How many empty traces come before the chart's own: none at first, and where the last event had them."""
    points = json.loads(last or "[]")
    return traces if points and points[0]["curveNumber"] < traces else 0


def reported_point(traces: Sequence[dict[str, Any]], sent: dict[str, Any]) -> dict[str, Any] | None:
    """A point as the bridge sends it; None where it is no point of these traces: the chart has changed meanwhile."""
    curve, index = sent["curveNumber"] % len(traces), sent["pointNumber"]
    trace = traces[curve]
    if isinstance(index, int) and not _is_at(trace, index, sent["x"], sent["y"]):
        return None
    carried = trace.get("customdata")
    return {
        "curve": curve,
        "point": index,
        "x": sent["x"],
        "y": sent["y"],
        "customdata": carried[index] if carried and isinstance(index, int) else None,
    }


def _is_at(trace: dict[str, Any], index: int, x: float, y: float) -> bool:
    """Whether the trace has this point; y of a bar is where it ends."""
    if index >= len(trace["x"]):
        return False
    base = trace["base"][index] if "base" in trace else 0
    return isclose(trace["x"][index], x) and isclose(base + trace["y"][index], y)
