"""A real chromium for every test in this folder; all are skipped where there is none."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from browsing import CHROMIUM, FLAGS
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

PATIENCE = 60_000
"""Milliseconds that a page may take: other tests may want the cores, too."""

VIEWPORT = {"width": 1440, "height": 1000}

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no chromium on the PATH"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """A tab as new. It is the same for all tests, as it compiles the scripts of a page only the first time."""
    tab.set_viewport_size(VIEWPORT)
    yield tab
    for other in tab.context.pages:
        if other is not tab:
            other.close()
    with suppress(Error):  # where no page was opened
        tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")
