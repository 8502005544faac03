"""The app's port for the tools that watch it. Without one, nothing is counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from streamlit.runtime import Runtime
from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY, GaugeStat

from remap_core.catalogue.snapshot import open_snapshot
from remap_core.data_folder.folder import DataFolder
from remap_core.errors import NoCatalogue, RemapError
from remap_core.services.monitoring.endpoint import Endpoint
from remap_core.setting_sources import read_settings
from remap_core.settings import Settings

PAGE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Limits of the histogram's buckets."""


class AppFigures:
    """What is counted where it happens: page runs and their seconds, and commands."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        self.sessions = Gauge("remap_sessions", "Open browser tabs.", registry=None)
        self.sessions.set_function(open_sessions)
        self.page_seconds = Histogram(
            "remap_page_seconds", "Whole runs of pages.", ["page"], registry=None, buckets=PAGE_SECONDS
        )
        self.commands = Counter(
            "remap_commands", "Commands that pages sent to the trainer.", ["command", "outcome"], registry=None
        )


class AppEndpoint:
    """The process's endpoint, of which there is one; without figures until it is started."""

    def __init__(self) -> None:
        self.figures: AppFigures | None = None
        self.served: Endpoint | None = None
        self._lock = Lock()

    def start(self, settings: Settings) -> None:
        """Start it once; see `start_endpoint`."""
        with self._lock:
            if self.served or not settings.app_metrics_port:
                return
            figures = AppFigures()
            self.served = Endpoint(
                setting="app_metrics_port",
                port=settings.app_metrics_port,
                address=settings.metrics_address,
                collectors=[figures.sessions, figures.page_seconds, figures.commands],
                healthy=lambda: "",
                ready=obstacle,
            )
            self.figures = figures


_endpoint = AppEndpoint()


def start_endpoint(settings: Settings) -> None:
    """Serve figures, health and readiness at app_metrics_port until the process ends; again does nothing.

    Raises SettingsError if the port cannot be served.
    """
    _endpoint.start(settings)


@contextmanager
def page_run(page: str) -> Iterator[None]:
    """Measure a run of a whole page, however it ends."""
    figures = _endpoint.figures
    if figures is None:
        yield
        return
    start = time.perf_counter()
    try:
        yield
    finally:
        figures.page_seconds.labels(page).observe(time.perf_counter() - start)


def count_command(kind: str, outcome: str) -> None:
    """Count a command that a page sent, or that could not be sent ("refused")."""
    if _endpoint.figures:
        _endpoint.figures.commands.labels(kind, outcome).inc()


def obstacle() -> str:
    """Why pages cannot show models; empty while they can, and before there is a first one."""
    try:
        settings, _ = read_settings()
        open_snapshot(DataFolder(settings.home)).close()
    except NoCatalogue:
        return ""
    except RemapError as error:
        return str(error)
    return ""


def open_sessions() -> int:
    """How many browser tabs are connected."""
    if not Runtime.exists():
        return 0
    families = Runtime.instance().stats_mgr.get_stats(family_names=[ACTIVE_SESSIONS_FAMILY])
    return sum(stat.value for stat in families[ACTIVE_SESSIONS_FAMILY] if isinstance(stat, GaugeStat))
