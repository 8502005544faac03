"""The trainer's Prometheus metrics: figures of the data folder, read for every scrape."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from remap_core.catalogue.snapshot import open_snapshot, published_at
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import last_status
from remap_core.errors import CatalogueError
from remap_core.version import __version__

if TYPE_CHECKING:
    from prometheus_client import Metric


class Figures:
    """The figures of a scrape, from the newest snapshot: it never waits for the writer, nor the writer for it."""

    def __init__(self, folder: DataFolder, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """The figures that are known at present."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("remap", "The trainer's version.", {"version": __version__})
        with suppress(CatalogueError):
            yield from self._catalogue_figures()
        yield from self._ages()
        with suppress(OSError):
            free = shutil.disk_usage(self._folder.home).free
            yield GaugeMetricFamily("remap_free_disk_bytes", "Free space on the data folder's disk.", free)

    def _catalogue_figures(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        with closing(open_snapshot(self._folder)) as catalogue:
            counts = catalogue.counts()
            epochs = catalogue.epochs_done()
            is_paused = catalogue.paused()
        trials = GaugeMetricFamily("remap_trials", "Trials by state.", labels=["state"])
        for state, count in counts.items():
            trials.add_metric([state.value], count)
        yield trials
        yield CounterMetricFamily("remap_epochs", "Recorded epochs of training.", epochs)
        yield GaugeMetricFamily("remap_paused", "1 while the queue is paused.", int(is_paused))

    def _ages(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        now = self._clock()
        times = {"snapshot": published_at(self._folder)}
        status = last_status(self._folder)
        if status:
            times["heartbeat"] = status.heartbeat
        for name, moment in times.items():
            if moment is not None:
                age = max(0.0, now - moment)
                yield GaugeMetricFamily(f"remap_{name}_age_seconds", f"Age of the newest {name}.", age)
