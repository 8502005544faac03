import json

import numpy as np
import plotly.graph_objects as go
from hypothesis import given
from hypothesis import strategies as st

from remap_core.drawing.charts.style import CLEAR, EncodedFigure, base_figure, class_axis, escape_html, percent_axis
from remap_core.drawing.palette import OUTLINE, SELECTION


def test_every_figure_lets_the_page_show_through_and_reports_clicks():
    layout = base_figure(height=100).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert (layout.clickmode, layout.height) == ("event", 100)


@given(st.text())
def test_typed_text_never_opens_a_tag_or_an_entity(text):
    shown = escape_html(text)
    assert "<" not in shown
    assert ">" not in shown
    assert all(part.startswith(("amp;", "lt;", "gt;")) for part in shown.split("&")[1:])


def test_line_breaks_in_names_become_spaces():
    assert escape_html("two\nlines\t here") == "two lines here"


def test_a_name_is_cut_before_it_is_escaped():
    assert escape_html("<<<<<<", 4) == "&lt;&lt;&lt;…"


def test_class_names_are_at_whole_numbers_and_can_go_down():
    axis = class_axis(["cat", "<dog>"], letters=10, down=True)
    assert (axis["tickvals"], axis["ticktext"], axis["range"]) == ([0, 1], ["cat", "&lt;dog&gt;"], [1.5, -0.5])


def test_of_many_classes_every_nth_is_named():
    axis = class_axis([str(n) for n in range(101)], letters=10, limit=50)
    assert axis["tickvals"] == list(range(0, 101, 3))
    assert axis["ticktext"][-1] == "99"


def test_an_axis_of_no_class_is_no_error():
    assert class_axis([], letters=5)["tickvals"] == []


def test_percent_ticks_are_as_fine_as_the_zoom_needs():
    assert percent_axis("Accuracy")["tickformat"] == ".3~%"


def test_a_framed_figure_is_json():
    assert json.loads(base_figure().to_json())["data"] == []


def test_plotlys_buttons_have_no_box_and_stand_out_from_light_and_dark_pages():
    bar = base_figure().layout.modebar
    assert (bar.bgcolor, bar.color, bar.activecolor) == (CLEAR, OUTLINE, SELECTION)


def test_a_figure_can_be_sent_without_the_points_of_a_trace_and_the_points_beside_it():
    marker = {"size": np.array([3.0, 4.0]), "opacity": 1, "line": {"width": 1}}
    lines, points = go.Scatter(name="front", x=[1, 2], y=[3, 4]), go.Scatter(name="models", marker=marker)
    whole = go.Figure([lines, points.update(x=np.array([0.5, 1.5]), y=[1, 2], customdata=[7, 8])])
    figure, arrays = EncodedFigure.of(whole).without_points("models")
    front, models = figure.to_dict()["data"]
    assert (front["x"], models["x"], models["y"], models["customdata"]) == ([1, 2], [], [], [])
    assert models["marker"] == marker | {"size": []}
    assert set(arrays) == {"x", "y", "customdata", "marker.size"}
    assert (arrays["y"], arrays["customdata"]) == ([1, 2], [7, 8])
    assert EncodedFigure.of(whole).to_dict()["data"][1]["x"] == arrays["x"]
