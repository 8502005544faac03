import json

import numpy as np
import plotly.graph_objects as go

from remap_core.drawing.charts.legacy_plotly import legacy_figure
from remap_core.ui.events.embedded import Chart, empty_traces, report_new, reported_point

FIGURE = go.Figure(
    [
        go.Scatter(name="line", x=[0, 1], y=[0, 1]),
        go.Scatter(name="models", x=np.array([1.0, 2.0]), y=np.array([0.5, 0.9]), customdata=[7, 8]),
        go.Bar(name="blocks", x=[1], y=[4], base=[2], customdata=[["insert", 0]]),
        go.Heatmap(name="cells", z=[[1, 2], [3, 4]]),
    ]
)
TRACES = legacy_figure(FIGURE, dark=False)["data"]


def sent(curve, index, x, y):
    return {"curveNumber": curve, "pointNumber": index, "pointIndex": index, "x": x, "y": y}


def test_a_point_carries_what_its_place_in_the_figure_says():
    assert reported_point(TRACES, sent(1, 1, 2, 0.9)) == {"curve": 1, "point": 1, "x": 2, "y": 0.9, "customdata": 8}
    assert reported_point(TRACES, sent(2, 0, 1, 6))["customdata"] == ["insert", 0]


def test_a_cell_is_told_by_row_and_column():
    assert reported_point(TRACES, sent(3, [1, 0], 0, 1))["point"] == [1, 0]


def test_a_point_that_is_no_longer_there_is_dropped():
    assert reported_point(TRACES, sent(1, 1, 2, 0.8)) is None
    assert reported_point(TRACES, sent(1, 5, 2, 0.9)) is None


def test_every_other_drawing_has_as_many_empty_traces_before_its_own_so_that_the_same_point_twice_differs():
    assert empty_traces(None, 4) == 0
    first = json.dumps([sent(1, 1, 2, 0.9)])
    assert empty_traces(first, 4) == 4
    second = json.dumps([sent(4 + 1, 1, 2, 0.9)])
    assert empty_traces(second, 4) == 0
    reported = []
    chart = Chart({"data": TRACES}, reported.append, None)
    chart.report(first)
    chart.report(second)
    assert [point["customdata"] for point in reported] == [8, 8]


def test_an_event_that_streamlit_calls_back_for_twice_is_reported_once(monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {"map": json.dumps([sent(1, 1, 2, 0.9)])})
    reported = []
    chart = Chart({"data": TRACES}, reported.append, None)
    report_new(chart, "map")
    report_new(chart, "map")
    assert [point["customdata"] for point in reported] == [8]


def test_one_point_is_a_click_and_several_are_a_brush():
    clicked, brushed = [], []
    chart = Chart({"data": TRACES}, clicked.append, brushed.append)
    chart.report(json.dumps([sent(1, 0, 1, 0.5), sent(1, 1, 2, 0.9)]))
    chart.report("[]")
    assert clicked == []
    assert [[point["customdata"] for point in points] for points in brushed] == [[7, 8]]
