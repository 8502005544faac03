"""What all tests share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # no doctests in them, and two modules of one name clash

settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")

DATA = Path(os.environ.get("REMAP_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))

# threads that have nothing to do would keep cores busy that other tests need; the processes that tests start, too
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

MAIN = sys.modules["__main__"]
SLOW = (
    "browser/test_two_processes.py",
    "browser/test_access.py",
    "browser/",
    "test_faults.py",
    "test_deploy.py",
    "training/test_training_loop.py",
    "ui/",
    "trainer/",
)
"""Files of the longest tests: they come first, so that no worker is left alone with one at the end."""

IN_FIRST_BROWSER = ("two_processes", "generate", "paper_walk", "data_page", "robust", "frame", "overview", "drawer")
"""Browser tests that one worker has; another one has the rest. Browsers on all workers at once starve one another, and
the trainers of two such tests, too."""


class BrowserScheduling(LoadFileScheduling):
    """A file's tests stay together, and all browser tests are on two of the workers."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not file.startswith("tests/browser/"):
            return file
        is_first = Path(file).name.removeprefix("test_").startswith(IN_FIRST_BROWSER)
        return f"browser {1 if is_first else 2}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return BrowserScheduling(config, log) if config.getoption("dist") == "loadfile" else None


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
