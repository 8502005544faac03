"""A stranger's half hour, timed: from a folder of photos to a network that answers in a browser page.

    python -m benchmarks.half_hour photos --name pets --runtime ort [--profile demo]

photos: a folder of images for each class. runtime: a folder with the three files of onnxruntime-web that docs/deploy.md
names, beside the page instead of a CDN. Does what the README and docs/deploy.md say, in their order: check, add, start
the app, watch the first models, train what the Overview suggests, export the best, classify a photo in a page. Prints a
table of steps with the minutes since the beginning; pictures of the pages go to `--pictures`. Needs chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from browsing import CHROMIUM, FLAGS, ROOT, free_port, served, wait_for_circles, wait_until_drawn_up
from playwright.sync_api import Page, sync_playwright

BIN = Path(sys.executable).parent
PATIENCE_MS = 1_800_000
VIEWPORT = {"width": 1440, "height": 900}


class Walk:
    """Steps, and when each of them was done."""

    def __init__(self, home: Path, pictures: Path | None) -> None:
        self._began = time.monotonic()
        self._pictures = pictures
        self.environment = os.environ | {"REMAP_HOME": str(home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

    def run(self, *command: str, folder: Path | None = None) -> str:
        """What a command prints."""
        done = subprocess.run(command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def done(self, step: str, seen: str, page: Page | None = None) -> None:
        """Note a step and what was seen then."""
        minutes = (time.monotonic() - self._began) / 60
        print(f"| {minutes:.1f} | {step} | {' '.join(seen.split())} |", flush=True)
        if page and self._pictures:
            self._pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self._pictures / f"{step.split('.', maxsplit=1)[0]}.png")


def finished(steps: Walk, page: Page, at_least: int) -> None:
    """Wait until so many trainings are complete and on the map."""
    while _counts(steps)["complete"] < at_least:
        time.sleep(3)
    wait_for_circles(page, at_least)


@contextmanager
def page_of_static_files(folder: Path) -> Iterator[str]:
    """`python -m http.server` as docs/deploy.md starts it."""
    port = str(free_port())
    command = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", str(folder)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        yield f"http://127.0.0.1:{port}/classify.html"
    finally:
        server.terminate()
        server.wait()


def walk(
    photos: Path, name: str, runtime: Path, scratch: Path, pictures: Path | None, settings: dict[str, str]
) -> None:
    """All steps."""
    home = scratch / "home"
    steps = Walk(home, pictures)
    report = steps.run("remap", "data", "check", str(photos))
    steps.done("1. `remap data check`", " ".join(report.split())[:160])
    steps.run("remap", "data", "add", str(photos), "--name", name)
    steps.done("2. `remap data add`", name)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=VIEWPORT)
        page.set_default_timeout(PATIENCE_MS)
        with served(home, dataset=name, **settings) as server:
            page.goto(f"{server.url}/overview")
            page.wait_for_function("() => document.title.endsWith('REMAP')")
            steps.done("3. The app answers", page.title(), page)
            finished(steps, page, 1)
            wait_until_drawn_up(page)
            steps.done("4. The first model is on the map", "", page)
            first = sum(_counts(steps).values())
            finished(steps, page, first)
            page.reload()
            wait_until_drawn_up(page)
            steps.done("5. All first models are trained", f"{first} models, {_memory(steps)}", page)
            page.locator(".st-key-next-train-all button").click()
            finished(steps, page, first + 3)
            wait_until_drawn_up(page)
            steps.done("6. Three suggestions are trained", _memory(steps), page)
            best = _best(steps)
            steps.run("remap", "export", str(best), "-o", str(scratch / "best.onnx.zip"))
            shutil.unpack_archive(scratch / "best.onnx.zip", scratch / "best")
            steps.done("7. The best one is exported", f"model {best}")
        shutil.copy(ROOT / "docs" / "examples" / "classify.html", scratch / "best")
        for file in runtime.iterdir():
            if file.suffix in (".mjs", ".wasm"):
                shutil.copy(file, scratch / "best")
        photo = next(path for path in sorted(photos.rglob("*")) if path.is_file())
        with page_of_static_files(scratch / "best") as address:
            page.goto(address)
            page.set_input_files("input", photo)
            page.wait_for_selector("li")
            steps.done("8. A page without REMAP classifies a photo", page.locator("li").first.inner_text(), page)
        browser.close()


def _best(steps: Walk) -> int:
    """The model that `remap status` names."""
    line = next(line for line in steps.run("bash", "-c", "remap status || true").splitlines() if "Best:" in line)
    return int(line.split("Model")[1].split()[0])


def _counts(steps: Walk) -> dict[str, int]:
    """Trainings by state. `remap status` fails as long as no trainer runs."""
    counts: dict[str, int] = json.loads(steps.run("bash", "-c", "remap status --json || true"))["counts"]
    return counts


def _memory(steps: Walk) -> str:
    """What app, trainer and workers hold."""
    memory = json.loads(steps.run("bash", "-c", "remap status --memory --json || true"))["memory"]
    return f"{memory['megabytes']:.0f} MB"


def main() -> None:
    """Walk and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--name", default="pets")
    parser.add_argument("--runtime", type=Path, required=True, help="folder with the files of onnxruntime-web")
    parser.add_argument("--pictures", type=Path, help="where to keep pictures of the pages")
    parser.add_argument("--profile", default="full", choices=("full", "demo"))
    asked = parser.parse_args()
    print("| minutes | step | seen |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        walk(asked.photos, asked.name, asked.runtime, Path(scratch), asked.pictures, {"profile": asked.profile})


if __name__ == "__main__":
    main()
