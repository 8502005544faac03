"""A browser on the app with the forty trained leaves of the demo, and pictures of it in light and dark."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserType, Page, TimeoutError, sync_playwright

DOCS = Path(__file__).parent
sys.path += [str(DOCS.parent), str(DOCS.parent / "tests")]

from browsing import CHROMIUM, FLAGS, served, wait_for_circles, wait_until_drawn_up  # noqa: E402

from remap_core.catalogue.backups import restore_prepared  # noqa: E402
from remap_core.data_folder.folder import DataFolder  # noqa: E402

DATASET = "leaves"
MODELS = 40
VIEWPORT = {"width": 1440, "height": 900}
SCHEMES = {"light": "", "dark": "-dark"}
"""Colour schemes, and what stands at the end of the names of their pictures."""
PATIENCE = 120_000
"""Milliseconds."""
STILL = 5
"""Screenshots that are taken at most until two are alike: a trainer's clock never stands still."""
NO_TOUR = "localStorage.setItem('remap-tour-seen', 'yes')"


class Screen:
    """A page of the app on a data folder, in one colour scheme."""

    def __init__(self, chromium: BrowserType, url: str, home: Path, scheme: str) -> None:
        self.chromium, self.url, self.home = chromium, url, home
        self.page = self._new_page(scheme)

    def _new_page(self, scheme: str) -> Page:
        """A page in a browser of its own, so that a busy one does not hold up another."""
        browser = self.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=VIEWPORT, reduced_motion="reduce", color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        page.add_init_script(NO_TOUR)
        return page

    def open(self, path: str) -> None:
        """Open a page of the app, until its map shows all models."""
        self.page.goto(f"{self.url}/{path}")
        wait_for_circles(self.page, MODELS)
        self.settle()

    def settle(self) -> None:
        """Until the page has done what was asked for."""
        settle(self.page)

    def save(self, path: Path, again: Callable[[Page], None] | None = None) -> None:
        """The window as NAME.png, and as NAME-dark.png what somebody who opens its URL sees in dark.

        again: does on that page what the URL does not say.
        """
        still(self.page).save(path, optimize=True)
        in_dark = path.with_name(f"{path.stem}-dark.png")
        dark = self._new_page("dark")
        dark.set_default_timeout(PATIENCE / 6)
        try:
            dark.goto(self.page.url)
            dark.wait_for_timeout(4_000)
            settle(dark)
            if again:
                again(dark)
            still(dark).save(in_dark, optimize=True)
        except TimeoutError:  # that page is busy and stays so: the first one in dark, then
            self.page.emulate_media(color_scheme="dark")
            self.page.wait_for_timeout(4_000)
            self.settle()
            still(self.page).save(in_dark, optimize=True)
            self.page.emulate_media(color_scheme="light")
            self.settle()
        finally:
            close(dark)


def settle(page: Page) -> None:
    """Until the script of a page has ended, and its charts are drawn."""
    page.wait_for_timeout(1_500)
    wait_until_drawn_up(page)


def close(page: Page) -> None:
    """End the browser of a page."""
    browser = page.context.browser
    assert browser
    browser.close()


def still(page: Page, part: str = "") -> Image.Image:
    """The window, or a part of it, once two pictures in a row are alike."""
    picture = taken(page, part)
    for _ in range(STILL):
        before = picture
        page.wait_for_timeout(700)
        picture = taken(page, part)
        if picture == before:
            break
    return picture


def taken(page: Page, part: str = "") -> Image.Image:
    """The window, or a part of it, as it is."""
    shown = page.locator(part).first if part else page
    return Image.open(io.BytesIO(shown.screenshot())).convert("RGB")


@contextmanager
def screen(scheme: str = "light") -> Iterator[Screen]:
    """The app in a browser, with the demo's models in a temporary data folder and a trainer of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        restore_prepared(DataFolder(home))
        with served(home, dataset=DATASET, population=0) as server, sync_playwright() as playwright:
            shown = Screen(playwright.chromium, server.url, home, scheme)
            yield shown
            close(shown.page)
