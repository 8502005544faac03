"""How much memory app, trainer and workers hold while the digits train, and how fast they train.

    python -m benchmarks.memory --workers 1 2

For each number of workers: serves the app on an empty folder, opens its first page, which starts the trainer, and looks
with `remap status --memory` while the first population trains. Printed are the figures of the look with the largest
sum, the median of all looks, and the trainings in a minute. Looks begin with the first complete training. MB are
10**6 bytes of proportional set size.

The clients are those of `benchmarks.open_page`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from browsing import served

from benchmarks.open_page import OpenPage

LOOK_SECONDS = 2.0
START_SECONDS = 120.0
Status = dict[str, Any]


def main() -> None:
    """Print a table for each number of workers."""
    parser = argparse.ArgumentParser(description="How much memory app, trainer and workers hold.")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=60, help="for how long it looks")
    parser.add_argument("--profile", help="REMAP_PROFILE of the app")
    options = parser.parse_args()
    for workers in options.workers:
        settings = {"workers": workers, "population": 400}
        if options.profile:
            settings["profile"] = options.profile
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(scratch) / "home"
            home.mkdir()
            print_looks(workers, looks(home, settings, options.seconds))


def looks(home: Path, settings: dict[str, object], seconds: float) -> list[Status]:
    """What the status said, look by look."""
    with served(home, autostart=True, **settings) as server:
        found = asyncio.run(_looks(home, server.url, seconds))
        started = psutil.Process(server.process.pid).children(recursive=True)
    psutil.wait_procs(started, timeout=60)
    return found


async def _looks(home: Path, url: str, seconds: float) -> list[Status]:
    found: list[Status] = []
    async with asyncio.TaskGroup() as tasks:
        page = await OpenPage.open(tasks, url, "overview")
        await page.answered()
        began = time.monotonic()
        while not found or time.monotonic() - began < seconds:
            await asyncio.sleep(LOOK_SECONDS)
            status = await asyncio.to_thread(_status, home)
            if status["counts"]["complete"]:
                if not found:
                    began = time.monotonic()
                found.append(status | {"time": time.monotonic()})
            assert found or time.monotonic() - began < START_SECONDS, "no training has ended"
        await page.leave()
    return found


def _status(home: Path) -> Status:
    command = [sys.executable, "-m", "remap_core.cli", "status", "--memory", "--json"]
    environment = os.environ | {"REMAP_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def print_looks(workers: int, found: list[Status]) -> None:
    """The processes of the look with the largest sum, and what all looks say."""
    largest = max(found, key=lambda status: status["memory"]["megabytes"])["memory"]
    middle = statistics.median(status["memory"]["megabytes"] for status in found)
    trained = found[-1]["counts"]["complete"] - found[0]["counts"]["complete"]
    minutes = (found[-1]["time"] - found[0]["time"]) / 60
    print(f"{workers} at once: at most {largest['megabytes']:,.0f} MB, median {middle:,.0f} MB", end="")
    print(f", {trained / minutes:.0f} trainings a minute")
    for process in largest["processes"]:
        print(f"  {process['process']:12} {process['megabytes']:8,.1f}")
    print(flush=True)


if __name__ == "__main__":
    main()
