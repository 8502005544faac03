import json

from hypothesis import given
from hypothesis import strategies as st

from remap_core.drawing.charts.style import CLEAR, base_figure, class_axis, escape_html, percent_axis
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
