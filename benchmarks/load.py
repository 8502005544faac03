"""A portal under load: many sessions on one app, or on two behind a sticky proxy, while two trainings run.

    python -m benchmarks.load --models 10000 --sessions 20 100

For each count of sessions, and for one and two app processes: opens the sessions over some seconds, lets each click a
circle every 4 to 12 seconds for a minute, and prints a table. "First paint" is from the request to the end of the first
script run; the browser's own drawing is not in it (benchmarks/overview.py measures that). "Click" is from the click to
the end of its script. "Memory" is what the app's processes hold more than before: for each session while all are there,
and of all together once they are forgotten (Streamlit keeps them for two minutes). "Trainer" is its epochs per second
beside the sessions, by those of a minute without any. The client runs on the same cores, and says what it uses itself.

The two apps stand behind nginx, which sends each address to the same one; every session comes from an address of its
own, 127.0.1.N. Everything is bounded and stays on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from browsing import Served, free_port, served

from benchmarks.open_page import OpenPage
from benchmarks.populations import HOMES, home_of, queue_trainings
from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder

QUEUED = 5_000  # trainings: more than all runs of this take
TRAININGS = 2  # at a time
THINKING = (4.0, 12.0)  # seconds between two clicks of a session
OPENING_SECONDS = 30.0  # over which the sessions come
CLICKING_SECONDS = 60.0
SETTLED_SECONDS = 15.0  # until the trainer trains
FORGOTTEN_SECONDS = 150.0  # Streamlit keeps a session for two minutes after its page was left, for one that comes back

PROXY = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream apps {{ hash $remote_addr consistent; {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://apps; proxy_http_version 1.1; proxy_read_timeout 1h;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $http_host;
    }}
  }}
}}
"""


@contextmanager
def trainer(home: Path) -> Iterator[None]:
    """A trainer that trains two models at a time."""
    command = [sys.executable, "-m", "remap_core.cli", "trainer"]
    with (home.parent / "trainer.log").open("wb") as log:
        process = subprocess.Popen(command, env=_environment(home), stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _environment(home: Path) -> dict[str, str]:
    settings = {"HOME": home, "DATASET": "digits", "POPULATION": 0, "WORKERS": TRAININGS}
    return os.environ | {f"REMAP_{name}": str(value) for name, value in settings.items()}


@contextmanager
def apps(home: Path, count: int) -> Iterator[tuple[str, list[Served]]]:
    """So many apps on a data folder, and the address of all; behind a proxy where there are several."""
    with ExitStack() as stack:
        servers = [stack.enter_context(served(home, autostart=False)) for _ in range(count)]
        if count == 1:
            yield servers[0].url, servers
            return
        folder, port = stack.enter_context(tempfile.TemporaryDirectory()), free_port()
        lines = " ".join(f"server {server.url.removeprefix('http://')};" for server in servers)
        conf = Path(folder) / "nginx.conf"
        conf.write_text(PROXY.format(folder=folder, port=port, servers=lines))
        proxy = subprocess.Popen(["nginx", "-c", str(conf), "-e", f"{folder}/error.log"])
        stack.callback(proxy.wait)
        stack.callback(proxy.terminate)
        time.sleep(1)
        yield f"http://127.0.0.1:{port}", servers


@dataclass
class Load:
    """Sessions at one address, and how long they waited."""

    url: str
    models: int
    painted: list[float] = field(default_factory=list)
    clicked: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def run(self, sessions: int) -> None:
        """Open all sessions, then let all click."""
        async with asyncio.TaskGroup() as tasks:
            opened = await asyncio.gather(*(self._open(tasks, number, sessions) for number in range(sessions)))
            pages = [page for page in opened if page]
            end = time.monotonic() + CLICKING_SECONDS
            await asyncio.gather(*(self._click(page, number, end) for number, page in enumerate(pages)))
            for page in pages:
                await page.leave()

    async def _open(self, tasks: asyncio.TaskGroup, number: int, sessions: int) -> OpenPage | None:
        await asyncio.sleep(OPENING_SECONDS * number / sessions)
        began = time.perf_counter()
        try:
            page = await OpenPage.open(tasks, self.url, "overview", source=f"127.0.1.{number + 1}")
            await page.answered()
        except (OSError, TimeoutError) as error:
            self.errors.append(f"opening: {type(error).__name__}: {error}")
            return None
        self.painted.append(time.perf_counter() - began)
        return page

    async def _click(self, page: OpenPage, number: int, end: float) -> None:
        chance = np.random.default_rng(number)
        while True:
            await asyncio.sleep(chance.uniform(*THINKING))
            if time.monotonic() > end:
                return
            try:
                self.clicked.append(await page.click(int(chance.integers(1, self.models + 1))))
            except (AssertionError, TimeoutError) as error:
                self.errors.append(f"click: {type(error).__name__}: {error}")


def epochs_per_second(folder: DataFolder, began: tuple[float, int]) -> float:
    """What the trainer did since then."""
    moment, epochs = _epochs(folder)
    return (epochs - began[1]) / (moment - began[0])


def _epochs(folder: DataFolder) -> tuple[float, int]:
    catalogue = open_snapshot(folder)
    try:
        return time.monotonic(), catalogue.epochs_done()
    finally:
        catalogue.close()


def measured(home: Path, models: int, sessions: int, processes: int, alone: float) -> dict[str, str]:
    """One column of the table."""
    folder = DataFolder(home)
    with apps(home, processes) as (url, servers):
        for server in servers:
            asyncio.run(Load(server.url, models).run(1))  # imports, caches
        before = _megabytes(servers)
        load, client = Load(url, models), psutil.Process()
        client.cpu_percent()
        began = _epochs(folder)
        asyncio.run(load.run(sessions))
        used = client.cpu_percent()
        beside = epochs_per_second(folder, began)
        held = (_megabytes(servers) - before) / sessions
        time.sleep(FORGOTTEN_SECONDS)
        asyncio.run(Load(url, models).run(1))  # whoever comes next makes the app forget
        kept = _megabytes(servers) - before
    return {
        "first paint, median, s": f"{np.median(load.painted):.2f}",
        "first paint, 95 of 100, s": f"{np.quantile(load.painted, 0.95):.2f}",
        "clicks": str(len(load.clicked)),
        "click, median, s": f"{np.median(load.clicked):.2f}",
        "click, 95 of 100, s": f"{np.quantile(load.clicked, 0.95):.2f}",
        "errors": "; ".join([str(len(load.errors)), *sorted(set(load.errors))[:3]]),
        "memory, MB a session": f"{held:.1f}",
        "memory kept of all, MB": f"{kept:.0f}",
        "trainer, of its speed alone": f"{beside / alone:.2f}",
        "client's own CPU, % of a core": f"{used:.0f}",
    }


def _megabytes(servers: Sequence[Served]) -> float:
    return sum(psutil.Process(server.process.pid).memory_info().rss for server in servers) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=10_000, help="in the catalogue")
    parser.add_argument("--sessions", type=int, nargs="+", default=[20, 100], choices=range(1, 251), metavar="N")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], choices=(1, 2), help="of the app")
    parser.add_argument("--home", type=Path, default=HOMES, help="where to keep the catalogue")
    asked = parser.parse_args()
    columns: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(shutil.copytree(home_of(asked.models, asked.home), Path(scratch) / "home"))
        queue_trainings(home, QUEUED)
        with trainer(home):
            time.sleep(SETTLED_SECONDS)
            began = _epochs(DataFolder(home))
            time.sleep(CLICKING_SECONDS)
            alone = epochs_per_second(DataFolder(home), began)
            for sessions in asked.sessions:
                for processes in asked.processes:
                    name = f"{sessions} sessions, {processes} app{'s' if processes > 1 else ''}"
                    columns[name] = measured(home, asked.models, sessions, processes, alone)
                    print(name, columns[name], file=sys.stderr)
    print("| |", " | ".join(columns), "|")
    print("|---|" + "---|" * len(columns))
    for row in next(iter(columns.values())):
        print("|", row, "|", " | ".join(column[row] for column in columns.values()), "|")


if __name__ == "__main__":
    main()
