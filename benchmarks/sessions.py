"""What open pages cost the app's one process, with clients that speak Streamlit's protocol: no browser takes part.

    python -m benchmarks.sessions --models 2383 10000 50000 --clients 20

For each count of models: serves the app on a kept catalogue (see `benchmarks.populations`), opens pages, clicks
circles of the overview, changes pages, and prints a table. CPU is that of the server's process, in ms of a core;
received are the bytes of its messages.

"Opening": the first page also loads the app's modules and draws the chart; CPU and bytes are those of each further
page. "Click": one page, one click after the other, from the click to the end of the script. Every click adds a model
to the drawer, so later clicks cost more. "Page change": one page goes through all pages, with these models in its
drawer. "At once": every page clicks once within two seconds. "Idle": one page that nobody touches. "Floor": the same of
a script of one line (an empty part that looks every three seconds; a button), which is Streamlit's own share.

"After they left": Streamlit keeps the session of a visitor who left, as they may come back, for as long as
`server.disconnectedSessionTTL` of .streamlit/config.toml says, and forgets it when another visitor leaves after that.

"Beside a training": a trainer trains small models meanwhile, on all cores, and every page updates each second. A click
then counts as answered when the chart is drawn, even if the script reruns at its end.

The clients are those of `benchmarks.open_page`.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from streamlit import config

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from browsing import Served, served

from benchmarks.open_page import OpenPage
from benchmarks.populations import HOMES, home_of, queue_trainings

CLICKS = 20
QUEUED = 1_000  # trainings: more than a run of this takes
BURST_SECONDS = 2.0
BURSTS = 3  # beside a training
IDLE_SECONDS = 15.0
SETTLED_SECONDS = 2.0  # until a page that has just been opened is idle
TTL = "server.disconnectedSessionTTL"
PAGES = ("overview", "drawer", "inspect", "generate", "queue", "data")
BARE = """
import gc
import streamlit as st

@st.cache_resource
def freeze():
    gc.collect()
    gc.freeze()

@st.fragment(run_every=3)
def look():
    pass

look()
freeze()
"""
"""The least that a page with one timer can be."""


class Process:
    """The server's process. Processes that it starts do not count."""

    def __init__(self, server: Served) -> None:
        self._process = psutil.Process(server.process.pid)

    def cpu_ms(self) -> float:
        """What it has used so far."""
        times = self._process.cpu_times()
        return 1000 * (times.user + times.system)

    def megabytes(self) -> float:
        """What is resident."""
        return self._process.memory_info().rss / 1e6

    async def idle_percent(self) -> float:
        """How much of a core it uses while nobody does anything."""
        await asyncio.sleep(SETTLED_SECONDS)
        began, before = time.perf_counter(), self.cpu_ms()
        await asyncio.sleep(IDLE_SECONDS)
        return (self.cpu_ms() - before) / (time.perf_counter() - began) / 10


@contextmanager
def training(home: Path) -> Iterator[Served]:
    """The app and its trainer on a copy of that folder which has something to train."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(shutil.copytree(home, Path(folder) / "home"))
        queue_trainings(copied, QUEUED)
        with served(copied, autostart=True) as server:
            yield server
            started = psutil.Process(server.process.pid).children(recursive=True)
        psutil.wait_procs(started, timeout=60)


@dataclass
class Visits:
    """Visits to a server: the clients, and what they found, for one column of the table."""

    server: Served
    tasks: asyncio.TaskGroup
    models: Iterator[int]  # to be clicked
    numbers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.process = Process(self.server)

    async def open(self, name: str = "overview", query: str = "") -> OpenPage:
        """A page that is drawn."""
        page = await OpenPage.open(self.tasks, self.server.url, name, query)
        await page.answered()
        return page

    async def idle(self, name: str) -> None:
        """What open pages cost that nobody touches."""
        self.numbers[f"idle {name}, % of a core"] = f"{await self.process.idle_percent():.1f}"

    def memory(self, when: str) -> None:
        """What is resident."""
        self.numbers[f"memory, {when}, MB"] = f"{self.process.megabytes():.0f}"

    async def first(self) -> OpenPage:
        """Open the first page."""
        self.memory("no page")
        began = time.perf_counter()
        page = await self.open()
        self.numbers["opening the first page, s"] = f"{time.perf_counter() - began:.2f}"
        await self.idle("overview")
        self.memory("1 page")
        return page

    async def click(self, page: OpenPage) -> None:
        """One click after the other."""
        before = self.process.cpu_ms(), page.received
        seconds = [await page.click(next(self.models)) for _ in range(CLICKS)]
        self.numbers["click, CPU, ms"] = f"{(self.process.cpu_ms() - before[0]) / CLICKS:.0f}"
        self.numbers["click, received, kB"] = f"{(page.received - before[1]) / CLICKS / 1000:.1f}"
        self.numbers |= _quantiles("click", seconds)

    async def change_pages(self, page: OpenPage) -> None:
        """Through all pages, twice: the first time also loads their modules."""
        for name in PAGES[1:]:
            await page.go(name)
        before = self.process.cpu_ms(), page.received
        seconds = [await page.go(name) for name in PAGES]
        self.numbers["page change, CPU, ms"] = f"{(self.process.cpu_ms() - before[0]) / len(PAGES):.0f}"
        self.numbers["page change, received, kB"] = f"{(page.received - before[1]) / len(PAGES) / 1000:.1f}"
        self.numbers |= {"page change, median, s": f"{np.median(seconds):.2f}"}
        self.numbers |= {"page change, slowest, s": f"{max(seconds):.2f} ({PAGES[int(np.argmax(seconds))]})"}

    async def open_more(self, clients: int) -> list[OpenPage]:
        """Open so many pages, one after the other."""
        before = self.process.cpu_ms()
        pages = [await self.open() for _ in range(clients)]
        if clients:
            self.numbers["opening a further page, CPU, ms"] = f"{(self.process.cpu_ms() - before) / clients:.0f}"
            self.numbers["opening a further page, received, kB"] = f"{pages[0].received / 1000:.0f}"
        return pages

    async def click_at_once(self, pages: Sequence[OpenPage], when: str, bursts: int = 1) -> None:
        """Every page clicks once within two seconds, so many times."""
        seconds: list[float] = []
        for burst in range(bursts):
            waits = np.random.default_rng(2 + burst).uniform(0, BURST_SECONDS, len(pages))
            clicks = [_after(wait, page.click(next(self.models))) for wait, page in zip(waits, pages, strict=True)]
            seconds += await asyncio.gather(*clicks)
        self.numbers |= _quantiles(f"click, {len(pages)} {when}", seconds)

    async def leave(self, pages: Sequence[OpenPage]) -> None:
        """All leave; once they are to be forgotten, another visitor comes and leaves."""
        ttl = int(config.get_option(TTL))
        for page in pages:
            await page.leave()
        await asyncio.sleep(ttl + SETTLED_SECONDS)
        visitor = await self.open()
        await visitor.leave()
        await asyncio.sleep(SETTLED_SECONDS)
        self.memory(f"{ttl} s after {len(pages)} left")


async def measured(server: Served, models: int, clients: int) -> dict[str, str]:
    """What pages cost while nothing is trained."""
    async with asyncio.TaskGroup() as tasks:
        visits = Visits(server, tasks, _clicked(models))
        page = await visits.first()
        await visits.click(page)
        await visits.change_pages(page)
        pages = [page, *await visits.open_more(clients - 1)]
        await visits.idle(f"{clients} overviews")
        visits.memory(f"{clients} pages")
        await visits.click_at_once(pages, "at once")
        await visits.leave(pages)
        for name, query in (("generate", "model=1"), ("queue", ""), ("inspect", "model=1"), ("data", "")):
            page = await visits.open(name, query)
            await visits.idle(name)
            await page.leave()
    return visits.numbers


async def measured_beside_training(server: Served, models: int, clients: int) -> dict[str, str]:
    """What a click takes while models are trained."""
    async with asyncio.TaskGroup() as tasks:
        visits = Visits(server, tasks, _clicked(models))
        pages = [await visits.open() for _ in range(clients)]
        await asyncio.sleep(IDLE_SECONDS)  # until the trainer trains
        await visits.idle(f"{clients} overviews beside a training")
        await visits.click_at_once(pages, "at once beside a training", BURSTS)
        for page in pages:
            await page.leave()
    return visits.numbers


async def floor(server: Served) -> dict[str, str]:
    """What Streamlit itself takes: a page whose one part looks every three seconds and draws nothing."""
    async with asyncio.TaskGroup() as tasks:
        visits = Visits(server, tasks, iter(()))
        await visits.idle("floor: no page")
        page = await visits.open("")
        await visits.idle("floor: one empty part")
        await page.leave()
    return visits.numbers


def _clicked(models: int) -> Iterator[int]:
    """Models in an order of chance; ids count from 1."""
    return iter((np.random.default_rng(1).permutation(models) + 1).tolist())


async def _after(seconds: float, click: Awaitable[float]) -> float:
    await asyncio.sleep(seconds)
    return await click


def _quantiles(name: str, seconds: Sequence[float]) -> dict[str, str]:
    median, slow = np.quantile(seconds, [0.5, 0.95])
    return {f"{name}, median, s": f"{median:.2f}", f"{name}, 95 of 100, s": f"{slow:.2f}"}


def column(models: int, homes: Path, clients: int) -> dict[str, str]:
    """All figures of a count of models."""
    home = home_of(models, homes)
    with served(home, autostart=False) as server:
        numbers = asyncio.run(measured(server, models, clients))
    with training(home) as server:
        numbers |= asyncio.run(measured_beside_training(server, models, clients))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE)
        with served(Path(folder) / "home", script=script) as server:
            return numbers | asyncio.run(floor(server))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, nargs="+", default=[2_383, 10_000], help="in the catalogues")
    parser.add_argument("--clients", type=int, default=20, help="pages that are open at once")
    parser.add_argument("--home", type=Path, default=HOMES, help="where to keep the catalogues")
    asked = parser.parse_args()
    columns = [column(models, asked.home, asked.clients) for models in asked.models]
    print("| |", " | ".join(f"{models:,} models" for models in asked.models), "|")
    print("|---|" + "---|" * len(columns))
    for name in columns[0]:
        print("|", name, "|", " | ".join(numbers[name] for numbers in columns), "|")


if __name__ == "__main__":
    main()
