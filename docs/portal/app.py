"""The app for a portal: `streamlit run docs/portal/app.py`. Its port for metrics and probes answers before any visitor."""

import logging
from pathlib import Path

import streamlit as st

from remap_core.errors import RemapError
from remap_core.setting_sources import read_settings
from remap_core.ui.server.app_endpoint import start_endpoint

try:
    start_endpoint(read_settings()[0])
except RemapError as error:
    logging.getLogger("remap").error("%s", error)  # the pages say it, too

app = st.App(Path(__file__).parents[2] / "app.py")
