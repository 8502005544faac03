"""Draws docs/projections.png: the same models in the three projections, as the overview shows them.

    REMAP_HOME=.pictures REMAP_POPULATION=100 remap trainer      # Ctrl-C when all are trained
    python docs/examples/projections.py .pictures docs/projections.png

Needs a chromium and the extra `[test]`.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[2] / "tests"))

from browsing import CHROMIUM, FLAGS, served, wait_for_circles

PROJECTIONS = ("", "structure", "prediction")
WIDTH, HEIGHT = 1500, 1100
CHART = ".st-key-overview-chart"


def main(home: Path, out: Path) -> None:
    """Show the overview of the models of a data folder in each projection, side by side in one picture."""
    with served(home, autostart=False) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        charts = []
        for projection in PROJECTIONS:
            page.goto(f"{server.url}/overview" + (f"?map={projection}" if projection else ""))
            wait_for_circles(page, at_least=2)
            page.wait_for_timeout(2_000)
            charts.append(Image.open(io.BytesIO(page.locator(CHART).first.screenshot())))
        browser.close()
    joined = Image.new("RGB", (sum(chart.width for chart in charts), max(chart.height for chart in charts)), "white")
    for place, chart in enumerate(charts):
        joined.paste(chart, (sum(before.width for before in charts[:place]), 0))
    joined.thumbnail((1800, 1800))
    joined.quantize(64).save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
