"""A real server, and what a visitor does with the pages it serves."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first draws pages alike, but no windows around them, which take a quarter of the time."""
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--enable-unsafe-swiftshader"]
"""WebGL alone goes through a GPU of software: where whole pages do, too, chromium takes a third more of the cores."""


_left: list[int] = []
"""Ports of servers that have ended, to use again: at a new address a browser compiles a page's scripts again."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(
    home: Path, *, port: int | None = None, script: Path = ROOT / "app.py", prefix: str = "", **settings: object
) -> Iterator["Served"]:
    """`streamlit run app.py` on a data folder, in a process group of its own; Ctrl-C ends it. port: a free one.

    prefix: the path that all of its addresses begin with.
    """
    if port is None:
        port = _left.pop() if _left else free_port()
    settings = {"home": home} | settings
    environment = os.environ | {f"REMAP_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    command += ["--server.baseUrlPath", prefix]
    with (home.parent / f"{home.name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | {"REMAP_HOME": str(home)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = Served(process, f"http://127.0.0.1:{port}/{prefix}".rstrip("/"))
    try:
        server.wait_until_up()
        yield server
    finally:
        server.interrupt()
        _left.append(port)


class Served:
    """A running server."""

    def __init__(self, process: subprocess.Popen, url: str) -> None:
        self.process, self.url = process, url

    def wait_until_up(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1)  # noqa: S310 (our own server)
                return
            except OSError:
                assert self.process.poll() is None, "the server ended while it was starting"
                self.wait(0.1)
        raise AssertionError("the server does not answer")

    def wait(self, seconds: float) -> None:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def interrupt(self) -> None:
        """What Ctrl-C in the terminal does, once: SIGINT to the whole process group."""
        if self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGINT)
        self.wait(60)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError("the server did not end on Ctrl-C")


PIXEL_OF = """
([key, model]) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  if (!gd || getComputedStyle(gd).pointerEvents === 'none') return null
  for (const trace of gd?._fullLayout ? gd._fullData : []) {
    const i = ['models', 'arrived'].includes(trace.name) ? Array.from(trace.customdata ?? []).indexOf(model) : -1
    if (i < 0) continue
    const { xaxis, yaxis } = gd._fullLayout
    const box = gd.getBoundingClientRect()
    return { x: box.left + xaxis._offset + xaxis.d2p(trace.x[i]), y: box.top + yaxis._offset + yaxis.d2p(trace.y[i]) }
  }
  return null
}
"""
"""Where a model's circle is: drawn with the figure, or arrived since."""

DRAWN = """
(key) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  const traces = gd?._fullLayout ? gd.data.filter(({ name }) => ['models', 'arrived'].includes(name)) : []
  return traces.flatMap((trace) => Array.from(trace.customdata ?? []))
}
"""


HEARS = """
(key) => {
  const gd = document.querySelector(`.st-key-${key} .js-plotly-plot`)
  return gd && getComputedStyle(gd).pointerEvents !== 'none'
}
"""


def go_to(page: Page, name: str) -> None:
    """Click a page in the navigation at the top, and wait until it is there."""
    page.get_by_role("link", name=re.compile(rf"^{name}( \d+)?$")).first.click()
    page.wait_for_url(re.compile(rf"/{name.lower()}(\?|$)"))
    page.wait_for_function("(title) => document.title === title", arg=f"{name} - REMAP")
    wait_until_drawn_up(page)


def open_map(page: Page) -> None:
    """Open the map where the page has it folded."""
    page.locator(".st-key-dock-open button").click()
    page.locator(".st-key-map-toolbar").wait_for(state="visible")


def drawn_models(page: Page, key: str = "overview-chart") -> list[int]:
    """Ids of the circles that the overview shows."""
    return page.evaluate(DRAWN, key)


def wait_until_drawn_up(page: Page) -> None:
    """Until the page's script has ended: what comes last on a page may still change the width of its charts."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def click_circle(page: Page, model: int, key: str = "overview-chart") -> None:
    """Click the middle of a model's circle, as a hand does: once it stands still, get there, wait a moment, click."""
    point_at_circle(page, model, key)
    page.mouse.down()
    page.mouse.up()


def point_at_circle(page: Page, model: int, key: str = "overview-chart") -> None:
    """Rest the pointer on a circle: plotly.js clicks what it has hovered, and it looks for that at most every 50 ms."""
    pixel, before = None, {}
    while pixel != before or pixel is None:
        before = pixel
        page.wait_for_timeout(200)
        pixel = page.wait_for_function(PIXEL_OF, arg=[key, model]).json_value()
    page.mouse.move(pixel["x"], pixel["y"], steps=4)
    page.wait_for_timeout(150)


def wait_for_circles(page: Page, at_least: int = 1, key: str = "overview-chart") -> None:
    """Until the overview shows so many models, without a reload, and takes clicks."""
    page.wait_for_function(f"([key, n]) => ({DRAWN})(key).length >= n", arg=[key, at_least], timeout=120_000)
    page.wait_for_function(HEARS, arg=key)
