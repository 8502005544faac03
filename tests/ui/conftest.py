"""Pages on an empty data folder of their own, without a trainer."""

import sys
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


@pytest.fixture(autouse=True)
def own_main_module() -> Iterator[None]:
    """A page that runs is `__main__`, and stays so; processes that a later test starts would take it for theirs."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
