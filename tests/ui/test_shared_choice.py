"""A choice that is made in a chart and in a list alike."""

from streamlit.testing.v1 import AppTest

CHART_AND_LIST = """
import streamlit as st

from remap_core.ui.generate.shared_choice import choose, chosen, show_list

st.button("None, in the chart", on_click=choose, args=("layers", []))
st.text(str(chosen("layers", [0, 1])))
show_list("layers", "Layers", [0, 1], str)
"""


def test_a_choice_in_the_list_is_taken_over():
    page = AppTest.from_string(CHART_AND_LIST).run()
    page.pills[0].set_value([1]).run()
    assert page.text[0].value == "[1]"


def test_what_a_slow_browser_still_says_of_the_list_before_a_click_in_the_chart_is_void():
    page = AppTest.from_string(CHART_AND_LIST).run()
    page.pills[0].set_value([1])
    page.button[0].click().run()
    assert page.text[0].value == "[]"
