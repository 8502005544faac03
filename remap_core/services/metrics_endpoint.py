"""The trainer's Prometheus endpoint (extra `metrics`): figures of the data folder, counted when asked for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from remap_core import __version__
from remap_core.catalogue.snapshot import open_snapshot, published_at
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import last_status
from remap_core.errors import CatalogueError, SettingsError
from remap_core.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import Metric


@contextmanager
def metrics(settings: Settings, folder: DataFolder) -> Iterator[None]:
    """Answer at metrics_port while the block runs; nothing where that is 0.

    Raises SettingsError where the extra is not installed, and where the port is taken or not ours to take.
    """
    if not settings.metrics_port:
        yield
        return
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ImportError:
        raise SettingsError(
            f"metrics_port = {settings.metrics_port} needs the extra `metrics`: pip install 'remap-nas[metrics]'."
        ) from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(folder))
    try:
        server, _ = start_http_server(settings.metrics_port, settings.metrics_address, registry)
    except OSError as error:
        where = f"metrics_address = {settings.metrics_address!r} and metrics_port = {settings.metrics_port}"
        raise SettingsError(f"{where} are not usable: {error.strerror}.") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class Figures:
    """What a scrape is answered with, from the newest snapshot: the writer is never waited for, nor does it wait."""

    def __init__(self, folder: DataFolder, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock

    def collect(self) -> Iterator[Metric]:
        """The figures that there are just now; what is not known is left out."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        now = self._clock()
        yield InfoMetricFamily("remap", "The trainer's version.", {"version": __version__})
        with suppress(CatalogueError):
            yield from self._of_catalogue()
        status = last_status(self._folder)
        moments = {"heartbeat": status.heartbeat if status else None, "snapshot": published_at(self._folder)}
        for name, moment in moments.items():
            if moment is not None:
                yield GaugeMetricFamily(
                    f"remap_{name}_age_seconds", f"How old the newest {name} is.", max(0.0, now - moment)
                )
        with suppress(OSError):
            free = shutil.disk_usage(self._folder.home).free
            yield GaugeMetricFamily("remap_free_disk_bytes", "Free space on the data folder's disk.", free)

    def _of_catalogue(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        with closing(open_snapshot(self._folder)) as catalogue:
            counts, epochs, paused = catalogue.counts(), catalogue.epochs_done(), catalogue.paused()
        trials = GaugeMetricFamily("remap_trials", "Trials by state.", labels=["state"])
        for state, count in counts.items():
            trials.add_metric([state.value], count)
        yield trials
        yield CounterMetricFamily("remap_epochs", "Epochs of training that were recorded.", epochs)
        yield GaugeMetricFamily("remap_paused", "1 where no further training begins.", int(paused))
