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

# threads that have nothing to do would keep cores busy that other tests need; the processes that tests start, too
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

MAIN = sys.modules["__main__"]
SLOW = (
    "trainer/test_ray_executor.py",
    "browser/test_two_processes.py",
    "browser/test_generate.py",
    "test_faults.py",
    "browser/test_events.py",
    "browser/test_access.py",
    "browser/test_paper_walk.py",
    "browser/test_frame.py",
    "browser/test_axe.py",
    "browser/",
    "training/test_training_loop.py",
    "ui/",
    "trainer/",
)
"""Files of the longest tests: they come first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.path.relative_to(item.config.rootpath).as_posix()))


def _place(path: str) -> int:
    places = (place for place, slow in enumerate(SLOW) if path.startswith(f"tests/{slow}"))
    return next(places, len(SLOW))


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
