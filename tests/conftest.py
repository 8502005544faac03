"""What all tests share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # no doctests in them, and two modules of one name clash

settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")

DATA = Path(os.environ.get("REMAP_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))

MAIN = sys.modules["__main__"]
SLOW = {"browser", "trainer"}
"""Folders whose tests mostly wait: they come first, so that no worker is left alone with them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: SLOW.isdisjoint(item.path.parts))


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest leaves the page it ran as the main module, and a worker process that starts later would run it again."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="session")
def image_data() -> Path:
    """Folder of the real image files; the test is skipped where there is none."""
    if not DATA.is_dir():
        pytest.skip(f"needs the real image files; {DATA} is not there (REMAP_TEST_DATA names another folder)")
    return DATA
