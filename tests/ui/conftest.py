"""Pages on an empty data folder of their own, without a trainer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st


@pytest.fixture
def home(tmp_path, monkeypatch) -> Iterator[Path]:
    monkeypatch.setenv("REMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REMAP_AUTOSTART", "false")
    st.cache_resource.clear()
    yield tmp_path / "home"
    st.cache_resource.clear()
