"""Where the rooms are wired together, once: for the trainer command, notebooks, examples and tests."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from remap_core import __version__
from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.heartbeat import TrainerStatus, write_trainer
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.names import canonical_name
from remap_core.errors import FolderUnusable, SettingsError
from remap_core.services.map_updates import MapUpdater
from remap_core.services.proposals import propose_initial
from remap_core.settings import Device, Settings
from remap_core.trainer.apply import apply
from remap_core.trainer.executors.base import Executor, InlineExecutor
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.trainer.executors.ray.ray_executor import RayExecutor
from remap_core.trainer.limits import Limits, train_within
from remap_core.trainer.ports import Training
from remap_core.trainer.pruning import train_to_comparison
from remap_core.trainer.serving import serve
from remap_core.trainer.worker import Worker
from remap_core.training import jobs
from remap_core.trials.commands import Enqueue
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Trial

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
"""Seconds between heartbeats."""


def open_catalogue(settings: Settings) -> Catalogue:
    """The newest snapshot of the settings' data folder; raises NoCatalogue while there is none."""
    return open_snapshot(DataFolder(settings.home))


class Trainer:
    """The one trainer of a data folder (see `build_trainer`)."""

    def __init__(self, settings: Settings, folder: DataFolder, store: CatalogueStore) -> None:
        self.settings, self.folder, self.store = settings, folder, store
        self.heartbeat = Heartbeat(folder)
        self.maps = MapUpdater(store)
        self._publisher = Publisher(store, folder)
        self._describe = cache(self._describe_dataset)

    def enqueue_initial(self) -> None:
        """Enqueue the initial population, once for each data set: the receipt of the command is the memory."""
        card = self._describe(canonical_name(self.settings.dataset))
        if not self.settings.population or self.store.fingerprints(card.name):
            return
        command = Enqueue(propose_initial(self.settings, card, self.settings.population, self.settings.seed))
        now = time.time()
        action = partial(apply, command, self.store, self._describe, now)
        receipt = self.store.apply_once(f"initial population of {card.name}", command.kind, now, action)
        log.info("%s", receipt.message)

    def serve(self, stop: threading.Event, executor: Executor, parent: int | None = None) -> None:
        """Train what is in the queue until `stop` is set or the `parent` process has ended."""
        worker = self._worker(executor)
        serve(worker, self._publisher, self.heartbeat, stop, maps=self.maps, parent=parent)

    def run_until_idle(self, executor: Executor, on_tick: Callable[[], object] = lambda: None) -> None:
        """Train everything in the queue, then return. `on_tick` is called after each step.

        What was recorded stays when the caller interrupts it: the next trainer continues from the last epoch.
        """
        worker = self._worker(executor)
        try:
            while True:
                now = time.time()
                worker.tick(now)
                self.heartbeat(now, worker.trouble)
                self._publisher.publish_if_due(now)
                on_tick()
                if not worker.is_busy:
                    break
        finally:
            worker.leave(time.time())
            self._publisher.publish()
            on_tick()

    def close(self) -> None:
        """Let go of the catalogue; the map thread ends what it draws first."""
        self.maps.close()
        self.store.close()

    def _worker(self, executor: Executor) -> Worker:
        self.heartbeat.executor = executor
        return Worker(
            self.store,
            Inbox(self.folder),
            executor,
            self._describe,
            max_parameters=self.settings.max_parameters,
            halving=self.settings.halving,
            disk_space_warning=self.folder.disk_space_warning,
        )

    def _describe_dataset(self, name: str) -> DatasetCard:
        """What the app knows of a data set; its validation images are published for the app, too."""
        with self.heartbeat.kept_up():
            dataset = load_dataset(name, self.folder.home)
        try:
            write_validation_images(self.folder, dataset.name, dataset.validation.images)
        except FolderUnusable as error:
            log.error("the validation images are not published: %s", error)
        return dataset.card()


@contextmanager
def build_trainer(settings: Settings, folder: DataFolder) -> Iterator[Trainer]:
    """The trainer of a data folder whose lock is held, while the block runs."""
    trainer = Trainer(settings, folder, CatalogueStore.open(folder))
    try:
        yield trainer
    finally:
        trainer.close()


class Heartbeat:
    """Writes the trainer's status file, at most once in HEARTBEAT_SECONDS. Without an executor it is starting."""

    def __init__(self, folder: DataFolder) -> None:
        self.executor: Executor | None = None
        self._folder = folder
        self._started = time.time()
        self._last, self._trouble = 0.0, ""

    def __call__(self, now: float, trouble: str) -> None:
        """Say that the trainer is alive, and what it cannot do at present."""
        self._trouble = trouble
        if abs(now - self._last) < HEARTBEAT_SECONDS:  # a clock that was set back must not silence it
            return
        self._last = now
        status = TrainerStatus(
            pid=os.getpid(),
            started=self._started,
            heartbeat=now,
            version=__version__,
            device=self.executor.device if self.executor else "",
            workers=self.executor.slots if self.executor else 0,
            message=trouble,
        )
        write_trainer(self._folder, status)

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Keep the heartbeat up from a thread while the block runs, which may take minutes (a download)."""
        done = threading.Event()

        def beat() -> None:
            while not done.is_set():
                with suppress(FolderUnusable):
                    self(time.time(), self._trouble)
                done.wait(HEARTBEAT_SECONDS)

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def build_executor(settings: Settings) -> Executor:
    """The settings' executor: worker processes of this machine, or the nodes of a Ray cluster.

    Raises SettingsError where the cluster cannot be joined, or has no such device.
    """
    return _ray_executor(settings) if settings.executor == "ray" else _local_executor(settings)


def build_inline_executor(settings: Settings) -> Executor:
    """An executor that trains in the caller's thread, for notebooks and scripts."""
    home = settings.home.absolute()
    return InlineExecutor(
        _limited(settings, partial(jobs.train, home=home, device=settings.device)),
        partial(jobs.score, home=home, device=settings.device),
    )


def _local_executor(settings: Settings) -> Executor:
    home = settings.home.absolute()
    return LocalExecutor(
        _limited(settings, partial(jobs.train, home=home, device=settings.device)),
        partial(jobs.prepare, settings.device),
        settings.workers or len(os.sched_getaffinity(0)),
        partial(jobs.score, home=home, device=settings.device),
    )


def _ray_executor(settings: Settings) -> Executor:
    device = _cluster_device(settings)
    limits = Limits(settings.time_limit, settings.memory_limit)
    return RayExecutor(
        settings.ray_address,
        partial(train_on_node, device=device, limits=limits, halving=settings.halving),
        partial(jobs.prepare, device),
        partial(load_dataset, home=settings.home.absolute()),
        partial(jobs.score_on_node, device=device),
        folder=settings.home.absolute() / "artifacts",
        most=settings.workers,
        gpus=settings.ray_gpus,
    )


def train_on_node(
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    dataset: Any,
    folder: Path,
    device: Device,
    limits: Limits,
    halving: bool = False,
) -> Training:
    """On a node of a cluster: train within the limits, and to the next comparison where halving is on."""
    train = partial(jobs.train_on_node, dataset=dataset, folder=folder, device=device)
    return train_within(limits, partial(train_to_comparison, train) if halving else train, trial, should_stop)


def _limited(settings: Settings, train: Any) -> Any:
    if settings.halving:
        train = partial(train_to_comparison, train)
    return partial(train_within, Limits(settings.time_limit, settings.memory_limit), train)


def _cluster_device(settings: Settings) -> Device:
    """The device of trainings on Ray: what a training asks Ray for, as another one would be somebody else's."""
    if settings.device == "cuda" and not settings.ray_gpus:
        raise SettingsError(
            "device = 'cuda' needs ray_gpus, the part of a GPU that a training on Ray takes: 0.25, say."
        )
    if settings.device == "cpu" and settings.ray_gpus:
        raise SettingsError(f"ray_gpus = {settings.ray_gpus:g} must be 0 where device = 'cpu'.")
    return "cuda" if settings.ray_gpus else "cpu"
