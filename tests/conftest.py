"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # no doctests in them, and two modules of one name clash

settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")

DATA = Path(os.environ.get("REMAP_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def image_data() -> Path:
    """Folder of the real image files; the test is skipped where there is none."""
    if not DATA.is_dir():
        pytest.skip(f"needs the real image files; {DATA} is not there (REMAP_TEST_DATA names another folder)")
    return DATA
