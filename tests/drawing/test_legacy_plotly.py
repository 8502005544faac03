import json

import numpy as np
import plotly.graph_objects as go
import pytest

from remap_core.drawing.charts.legacy_plotly import HEIGHT, legacy_figure, plain_lists
from remap_core.drawing.charts.style import base_figure, percent_axis
from remap_core.drawing.palette import PAGES


def test_arrays_become_lists_and_what_is_no_number_is_nothing():
    figure = go.Figure(go.Scatter(x=np.arange(3), y=np.array([0.5, np.nan, 2])))
    (trace,) = legacy_figure(figure, dark=False)["data"]
    assert (trace["x"], trace["y"]) == ([0, 1, 2], [0.5, None, 2])
    json.dumps(trace, allow_nan=False)


def test_arrays_of_two_dimensions_keep_their_shape():
    assert plain_lists(go.Figure(go.Heatmap(z=np.eye(2))).to_dict())["data"][0]["z"] == [[1, 0], [0, 1]]


@pytest.mark.parametrize("page", PAGES)
def test_background_and_height_are_set(page):
    layout = legacy_figure(base_figure(), dark=page == "dark")["layout"]
    assert (layout["paper_bgcolor"], layout["plot_bgcolor"], layout["height"]) == (PAGES[page], PAGES[page], HEIGHT)
    assert legacy_figure(base_figure(height=76), dark=False)["layout"]["height"] == 76


def test_a_named_trace_gets_its_places_and_the_figure_stays_as_it_is():
    figure = go.Figure([go.Scatter(name="models", x=[1], y=[2]), go.Scatter(name="selected", x=[], y=[])])
    before = figure.to_dict()
    drawn = legacy_figure(figure, dark=True, places={"selected": ([1], [2]), "nobody": ([0], [0])})
    assert [(trace["x"], trace["y"]) for trace in drawn["data"]] == [([1], [2]), ([1], [2])]
    assert figure.to_dict() == before


def test_where_dragging_selects_no_empty_selection_comes_before_a_click():
    assert legacy_figure(base_figure(dragmode="select"), dark=False)["layout"]["clickmode"] == "none"
    assert legacy_figure(base_figure(dragmode=False), dark=False)["layout"]["clickmode"] == "event"


def test_the_texts_of_cells_are_annotations_in_an_ink_that_can_be_read():
    heat = go.Heatmap(z=[[0.1, 0.9]], zmax=1, text=[["2", ""]], texttemplate="%{text}", textfont={"size": 9})
    (note,) = legacy_figure(go.Figure(heat), dark=False)["layout"]["annotations"]
    assert (note["x"], note["y"], note["text"], note["font"]["size"]) == (0, 0, "2", 9)
    light, dark = (
        legacy_figure(go.Figure(go.Heatmap(z=[[z]], zmax=1, text=[["2"]], texttemplate="%{text}")), dark=False)
        for z in (0.1, 0.9)
    )
    inks = [form["layout"]["annotations"][0]["font"]["color"] for form in (light, dark)]
    assert inks == ["#10141a", "#ffffff"]


def test_percent_ticks_are_written_in_a_format_that_it_knows():
    layout = legacy_figure(base_figure(yaxis=percent_axis("Accuracy")), dark=False)["layout"]
    assert layout["yaxis"]["tickformat"] == ".1%"
