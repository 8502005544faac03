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

A client keeps repeated messages and reruns fragments as a browser does. It fetches no images, and it does not send
back the values of fields that nobody changed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import psutil
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from browsing import Served, served

from benchmarks.populations import HOMES, home_of, queue_trainings

CHART_EVENTS = "overview-chart-events"
"""The key of the component that sends what is done in the overview's chart (remap_core/ui/events)."""

DRAWER = "drawer"
"""The parameter of the URL that names the models of the drawer: a click that was heard is in it."""

CLICKS = 20
QUEUED = 1_000  # trainings: more than a run of this takes
BURST_SECONDS = 2.0
BURSTS = 3  # beside a training
IDLE_SECONDS = 15.0
SETTLED_SECONDS = 2.0  # until a page that has just been opened is idle
PATIENCE = 120.0  # seconds that an answer may take
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


@dataclass
class _Kept:
    message: ForwardMsg
    run: int


class KeptMessages:
    """Messages that the server need not send again, kept as a browser keeps them: until some runs did not use them."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._run = 0

    def hashes(self) -> list[str]:
        """What the server may refer to."""
        return list(self._kept)

    def whole(self, message: ForwardMsg) -> ForwardMsg:
        """The message, or the kept one that it refers to."""
        if message.WhichOneof("type") == "ref_hash":
            kept = self._kept[message.ref_hash]
            kept.run = self._run
            whole = ForwardMsg()
            whole.CopyFrom(kept.message)
            whole.metadata.CopyFrom(message.metadata)
            return whole
        if message.metadata.cacheable:
            self._kept.setdefault(message.hash, _Kept(message, self._run)).run = self._run
        return message

    def end_run(self, max_age: int, fragments: Sequence[str]) -> None:
        """Forget what has not been used for more runs than that; after a run of fragments, only what is theirs."""
        self._run += 1
        for key, kept in list(self._kept.items()):
            concerned = not fragments or kept.message.delta.fragment_id in fragments
            if concerned and self._run - kept.run > max_age:
                del self._kept[key]


class OpenPage:
    """A page in a browser, as far as the server can tell."""

    def __init__(self, socket: ClientConnection, tasks: asyncio.TaskGroup, name: str, query: str) -> None:
        self.received = 0
        self.query = query
        self._socket, self._tasks, self._name = socket, tasks, name
        self._kept = KeptMessages()
        self._max_age = 0
        self._page_hash = ""
        self._hashes: dict[str, str] = {}  # of the pages, by name
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._chart_events: tuple[str, str] | None = None  # the component's id, and the fragment that it is in
        self._runs: set[str] = set()  # that began after the last request
        self._drawn = False  # whether the present run has got as far as the chart
        self._fragment = ""  # the one that the last request was for
        self._answered = asyncio.Event()
        self._listening = tasks.create_task(self._listen())

    @classmethod
    async def open(cls, tasks: asyncio.TaskGroup, url: str, name: str, query: str = "") -> OpenPage:
        """Ask for the page, as a browser that was given its address."""
        address = url.replace("http", "ws", 1) + "/_stcore/stream"
        protocols = ["streamlit", "PLACEHOLDER_AUTH_TOKEN"]
        socket = await connect(address, subprotocols=protocols, origin=url, max_size=None, ping_interval=None)
        page = cls(socket, tasks, name, query)
        await page._request()
        return page

    async def answered(self) -> None:
        """Wait until the last requested script run has ended, or has drawn the chart before a rerun."""
        await asyncio.wait_for(self._answered.wait(), PATIENCE)

    async def click(self, model: int) -> float:
        """Seconds from a click on a model's circle until it is answered."""
        assert self._chart_events, f"no component has the key {CHART_EVENTS}"
        component, fragment = self._chart_events
        began = time.perf_counter()
        await self._request(fragment, [_trigger(component, "click", model)])
        await self.answered()
        seconds = time.perf_counter() - began
        drawer = ",".join(parse_qs(self.query).get(DRAWER, []))
        assert str(model) in drawer.split(","), f"the click on {model} was not heard, the URL is {self.query}"
        return seconds

    async def go(self, name: str) -> float:
        """Seconds from a click in the navigation until the page of that name is drawn."""
        began = time.perf_counter()
        self._page_hash, self.query = self._hashes[name], ""
        await self._request()
        await self.answered()
        return time.perf_counter() - began

    async def leave(self) -> None:
        """Close the page."""
        self._stop_timers(list(self._timers))
        self._listening.cancel()
        await asyncio.wait([self._listening])

    async def _request(self, fragment: str = "", widgets: Iterable[WidgetState] = ()) -> None:
        self._runs, self._fragment = set(), fragment
        self._answered.clear()
        await self._send(fragment, widgets)

    async def _send(self, fragment: str, widgets: Iterable[WidgetState] = (), auto: bool = False) -> None:
        state = ClientState(
            query_string=self.query,
            page_script_hash=self._page_hash,
            page_name="" if self._page_hash else self._name,
            fragment_id=fragment,
            is_auto_rerun=auto,
            cached_message_hashes=self._kept.hashes(),
        )
        state.widget_states.widgets.extend(widgets)
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _listen(self) -> None:
        async with self._socket:
            async for data in self._socket:
                self.received += len(data)
                self._take(self._kept.whole(ForwardMsg.FromString(data)))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        run = message.metadata.run
        if kind == "new_session":
            self._page_hash = message.new_session.page_script_hash
            self._max_age = message.new_session.config.max_cached_message_age
            self._runs.add(run.script_run_id)
            self._drawn = False
            if not run.fragment_ids:
                self._stop_timers(list(self._timers))
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
            self._hashes = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "delta":
            self._look_at(message.delta)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop_timers(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self._finish(message.script_finished, run.script_run_id, run.fragment_ids)
        else:
            assert kind != "page_not_found", f"the app has no page {self._name}"

    def _finish(self, status: int, run: str, fragments: Sequence[str]) -> None:
        assert status != ForwardMsg.FINISHED_WITH_COMPILE_ERROR
        overtaken = status == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if not overtaken:
            self._kept.end_run(self._max_age, fragments)
        asked_for = run in self._runs and (not fragments or self._fragment in fragments)
        if asked_for and (self._drawn or not overtaken):
            self._answered.set()

    def _look_at(self, delta: Delta) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        assert kind != "exception", element.exception.message
        if kind == "bidi_component" and element.bidi_component.id.endswith(f"-{CHART_EVENTS}"):
            self._chart_events = (element.bidi_component.id, delta.fragment_id)
            self._drawn = True

    def _start_timer(self, fragment: str, interval: float) -> None:
        if fragment in self._timers and self._timers[fragment][0] == interval:
            return
        self._stop_timers([fragment])
        self._timers[fragment] = (interval, self._tasks.create_task(self._rerun_every(fragment, interval)))

    def _stop_timers(self, fragments: Iterable[str]) -> None:
        for fragment in fragments:
            if fragment in self._timers:
                self._timers.pop(fragment)[1].cancel()

    async def _rerun_every(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self._send(fragment, auto=True)


def _trigger(component: str, event: str, model: int) -> WidgetState:
    """What a browser sends for `setTriggerValue(event, point)` of a component (see bridge.js)."""
    point = {"curve": 0, "point": model - 1, "x": 0.0, "y": 0.0, "z": None, "customdata": model}
    clicks = [{**point, "stack": [model], "number": time.time() * 1000}]
    return WidgetState(
        id=f"$$STREAMLIT_INTERNAL_KEY_{component}__events",
        json_trigger_value=json.dumps([{"event": event, "value": {"clicks": clicks}}]),
    )


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
