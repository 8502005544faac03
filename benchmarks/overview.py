"""How long the overview takes with many models, in a headless chromium.

    python -m benchmarks.overview 10000 50000

For each count: makes a catalogue of so many finished models of invented accuracies (kept in the folder of --home, and
made but once), serves the app on it without a trainer, and prints a table of seconds. "First paint": from the address
to the circles, cold on a server that has just started and, warm, on the third visit, from which on a browser keeps the
page's scripts compiled. The chromium is what a machine without a graphics card runs: pages are drawn without GPU,
WebGL (more than 3,000 models) by software. Where whole pages go through a GPU of software, too
(--use-angle=swiftshader), the first paint of 10,000 models takes twice as long.
"Click": from the press of the button to the ring and the drawer's row painted, the median and the slowest of several.
"Page": from the press of a link of the navigation, with a model selected, until the page's script has ended, all pages
in turn; the slowest without the first visit, which fetches a page's scripts. "Hover": to the panel, in charts of more
than 3,000 models.

Above them stands the floor: first paints, in the same browser, of two apps of two lines, and the first paint of one
that shows nothing but the circles of 10,000 models.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

from browsing import CHROMIUM, FLAGS, served  # noqa: E402

from benchmarks.populations import HOMES, home_of  # noqa: E402
from remap_core.drawing.charts.overview_figure import PLAIN_UP_TO  # noqa: E402

BARE = {
    "text": """
import streamlit as st
st.write("drawn")
""",
    "a chart of 10 points": """
import plotly.graph_objects as go, streamlit as st
st.plotly_chart(go.Figure(go.Scatter(x=[*range(10)], y=[*range(10)], mode="markers", customdata=[*range(10)])))
""",
    "a chart of 10,000 circles (WebGL)": """
import numpy as np, plotly.graph_objects as go, streamlit as st
x, y, size, color = np.random.default_rng(0).random((4, 10_000))
marker = {"size": 6 + np.round(16 * size) / 2, "color": color, "line": {"width": 1}, "coloraxis": "coloraxis"}
points = go.Scattergl(x=x, y=y, mode="markers", marker=marker, customdata=[*range(10_000)])
st.plotly_chart(go.Figure(points), config={"plotGlPixelRatio": 1}, height=800)
""",
}
"""Streamlit apps without an app."""
BARE_PAINTED = """
() => document.querySelector('.js-plotly-plot')?._fullData?.[0]?.customdata.length
  || document.body.innerText.includes('drawn')
"""

PAGES = ("Inspect", "Generate", "Drawer", "Queue", "Overview")

PIXEL = """
(row) => {
  const gd = document.querySelector('.st-key-overview-chart .js-plotly-plot')
  const trace = gd._fullData.find((t) => t.name === 'models')
  const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect()
  const at = (axis, value) => axis._offset + axis.d2p(value)
  return [box.left + at(xaxis, trace.x[row]), box.top + at(yaxis, trace.y[row])]
}
"""
PAINTED = """
(n) => document.querySelector('.st-key-overview-chart .js-plotly-plot')?._fullData
  ?.find((t) => t.name === 'models')?.customdata.length === n
"""
RINGS = """
() => JSON.stringify(document.querySelector('.st-key-overview-chart .js-plotly-plot').layout.shapes
  ?.filter((s) => s.name === 'selected'))
"""
KEPT = f"""
([kept, rings]) => document.querySelectorAll('[class*=st-key-open-]').length > kept && ({RINGS})() !== rings
"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
CHANGED = """
(title) => document.title === title
  && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
"""
VIEWPORT = {"width": 1440, "height": 1000}
TOLD = "(before) => document.querySelector('.st-key-hovered-model')?.innerText !== before"


def first_paint(page: Page, url: str, models: int) -> float:
    """Seconds from asking for the address until all circles are there."""
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(PAINTED, arg=models, polling="raf")
    page.evaluate(TWO_FRAMES)
    return time.perf_counter() - began


def floor(script: str) -> tuple[float, float]:
    """Seconds of the first paint of an app that is this script: cold, and warm as that of the overview."""
    with tempfile.TemporaryDirectory() as folder:
        home, file = Path(folder) / "home", Path(folder) / "bare.py"
        file.write_text(script)
        with served(home, script=file) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport=VIEWPORT)
            seconds = []
            for _ in range(3):
                began = time.perf_counter()
                page.goto(server.url)
                page.wait_for_function(BARE_PAINTED, polling="raf")
                page.evaluate(TWO_FRAMES)
                seconds.append(time.perf_counter() - began)
            browser.close()
    return seconds[0], seconds[-1]


def change(page: Page, name: str) -> float:
    """Seconds from a press on a page in the navigation until that page is drawn."""
    link = page.get_by_role("link", name=re.compile(rf"^{name}( \d+)?$")).first
    link.hover()
    page.wait_for_timeout(500)
    began = time.perf_counter()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(CHANGED, arg=f"{name} - REMAP", polling="raf")
    page.evaluate(TWO_FRAMES)
    return time.perf_counter() - began


def click(page: Page, row: int) -> float:
    """Seconds until the clicked model is in the sidebar's drawer and ringed."""
    _point_at(page, row)
    page.wait_for_timeout(200)
    before = [page.locator("[class*=st-key-open-]").count(), page.evaluate(RINGS)]
    began = time.perf_counter()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(KEPT, arg=before, polling="raf")
    return time.perf_counter() - began


def hover(page: Page, row: int) -> float:
    """Seconds until the panel below the chart shows the model that the pointer rests on."""
    before = page.locator(".st-key-hovered-model").inner_text()
    began = time.perf_counter()
    _point_at(page, row)
    page.wait_for_function(TOLD, arg=before, polling="raf")
    return time.perf_counter() - began


def _point_at(page: Page, row: int) -> None:
    x, y = page.evaluate(PIXEL, row)
    page.mouse.move(x - 1, y)
    page.mouse.move(x, y)


def measured(home: Path, models: int) -> list[str]:
    """One row of the table."""
    with served(home, autostart=False) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=VIEWPORT)
        page.set_default_timeout(120_000)
        cold, _, warm = (first_paint(page, f"{server.url}/overview", models) for _ in range(3))
        page.wait_for_timeout(2_000)
        rows = np.random.default_rng(1).integers(models, size=14).tolist()
        clicked = [click(page, row) for row in rows[:9]]
        hovered = [hover(page, row) for row in rows[9:] if models > PLAIN_UP_TO]  # smaller charts have labels instead
        changed = [change(page, name) for _ in range(2) for name in PAGES]
        browser.close()
    clicks = statistics.median(clicked), max(clicked)
    pages = statistics.median(changed), max(changed[len(PAGES) :])  # the first time, a page's scripts are fetched
    times = (cold, warm, *clicks, *pages, statistics.median(hovered or [0.0]))
    return [f"{models:,}", *(f"{seconds:.2f}" for seconds in times)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--home", type=Path, default=HOMES, help="where to keep them")
    asked = parser.parse_args()
    print("| floor | first paint, cold | first paint, warm |\n|---|---|---|")
    for name, script in BARE.items():
        cold, warm = floor(script)
        print(f"| {name} | {cold:.2f} | {warm:.2f} |", flush=True)
    columns = ["models", "first paint, cold", "first paint, warm", "click, median", "click, slowest"]
    columns += ["page, median", "page, slowest", "hover, median"]
    print("\n|", " | ".join(columns), "|")
    print("|---" * len(columns) + "|")
    for models in asked.models:
        print("|", " | ".join(measured(home_of(models, asked.home), models)), "|", flush=True)


if __name__ == "__main__":
    main()
