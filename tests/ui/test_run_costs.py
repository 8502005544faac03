"""What is worked out once instead of in each run."""

import inspect

from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from remap_core.ui.server.run_costs import keep_the_theme

SECTIONS = {"theme": None, "theme.light": "light", "theme.dark": "dark", "theme.sidebar": "sidebar"}


def theme():
    whole = CustomThemeConfig()
    for section, part in SECTIONS.items():
        app_session._populate_theme_msg(getattr(whole, part) if part else whole, section)
    return whole


def test_a_browser_is_told_streamlits_theme_which_is_worked_out_once(monkeypatch):
    of_streamlit, worked_out = inspect.unwrap(app_session._populate_theme_msg), []

    def populate(msg, section):
        worked_out.append(section)
        if section == "theme.dark":
            msg.primary_color = "#f97b3d"
        of_streamlit(msg, section)

    monkeypatch.setattr(app_session, "_populate_theme_msg", populate)
    expected = theme()
    worked_out.clear()
    keep_the_theme.__wrapped__()
    assert theme() == theme() == expected
    assert worked_out == list(SECTIONS)
    assert expected.HasField("dark")
