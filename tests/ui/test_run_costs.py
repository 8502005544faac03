"""What is worked out once instead of in each run."""

import importlib

import streamlit as st
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from remap_core.ui.server.run_costs import keep_the_theme

SECTIONS = {"theme": None, "theme.light": "light", "theme.dark": "dark", "theme.sidebar": "sidebar"}


def theme():
    whole = CustomThemeConfig()
    for section, part in SECTIONS.items():
        app_session._populate_theme_msg(getattr(whole, part) if part else whole, section)
    return whole


def test_a_browser_is_told_the_same_theme_each_time_and_it_is_streamlits(monkeypatch):
    importlib.reload(app_session)
    st._config.set_option("theme.dark.primaryColor", "#f97b3d")
    of_streamlit = theme()
    keep_the_theme.__wrapped__()
    assert theme() == theme() == of_streamlit
    assert of_streamlit.dark.primary_color == "#f97b3d"
    assert not of_streamlit.HasField("sidebar")
