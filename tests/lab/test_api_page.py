"""docs/api.md against the docstrings that it is written from."""

import importlib.util
from pathlib import Path

import remap_core as remap

DOCS = Path(__file__).parents[2] / "docs"


def make_api():
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_docstrings_say():
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    assert page == make_api().api_page(), "run docs/make_reference.py to regenerate the page"


def test_every_public_name_has_its_heading():
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    names = [name for name in remap.__all__ if not name.startswith("_")]
    assert [name for name in names if f"## remap.{name}\n" not in page] == []
