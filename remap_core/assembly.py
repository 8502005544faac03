"""Where the rooms are wired together, once: for the trainer command, notebooks, examples and tests."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remap_core.catalogue.reader import Catalogue
from remap_core.catalogue.snapshot import Publisher, open_snapshot
from remap_core.catalogue.store import CatalogueStore
from remap_core.data_folder.folder import DataFolder
from remap_core.data_folder.inbox import Inbox
from remap_core.data_folder.memory_use import memory_use
from remap_core.data_folder.removed_files import remove_files
from remap_core.data_folder.start_weights import provide_start
from remap_core.data_folder.validation_images import write_validation_images
from remap_core.datasets.dataset import Dataset, load_dataset
from remap_core.datasets.naming import is_path, split_part
from remap_core.datasets.preparation.resolving import resolve
from remap_core.errors import DatasetError, FolderUnusable, SettingsError
from remap_core.exports.finished_model import FinishedModel
from remap_core.services.demo.own_images import Forgetting
from remap_core.services.demo.prepared_models import is_due, restored_at
from remap_core.services.map_updates import MapUpdater
from remap_core.services.proposals import plan_of, propose_initial
from remap_core.services.sampling import set_caps
from remap_core.services.suggestions.search_runner import SearchRunner
from remap_core.settings import Device, Settings
from remap_core.trainer.apply import apply
from remap_core.trainer.executors.base import Executor
from remap_core.trainer.executors.inline import InlineExecutor
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.trainer.executors.ray.ray_executor import RayExecutor
from remap_core.trainer.executors.worker_thread import ThreadExecutor
from remap_core.trainer.heartbeat_writer import HeartbeatWriter
from remap_core.trainer.limits import Limits, train_within
from remap_core.trainer.ports import ScoreFunction, TrainFunction, Training
from remap_core.trainer.pruning import train_to_comparison
from remap_core.trainer.rights import Gate
from remap_core.trainer.serving import run_until_idle, serve
from remap_core.trainer.worker import Worker
from remap_core.training import jobs
from remap_core.trials.commands import Enqueue
from remap_core.trials.dataset_card import DatasetCard
from remap_core.trials.trial import Trial, TrialId

log = logging.getLogger(__name__)


def open_catalogue(settings: Settings) -> Catalogue:
    """The newest snapshot of the settings' data folder; raises NoCatalogue before the first one."""
    return open_snapshot(DataFolder(settings.home))


class Trainer:
    """The only trainer of a data folder (see `build_trainer`)."""

    def __init__(self, settings: Settings, folder: DataFolder, store: CatalogueStore) -> None:
        self.store = store
        self._settings = settings
        self._folder = folder
        self._gate = Gate.of(settings)
        self._heartbeat = HeartbeatWriter(folder, is_closed=self._gate.is_closed)
        self._maps = MapUpdater(store)
        self._search = SearchRunner(store, folder, settings, time.time)
        self._publisher = Publisher(store, folder)
        self._describe = cache(self._describe_dataset)

    def enqueue_initial(self) -> None:
        """Enqueue the initial population, once for each data set: a restart finds the receipt of the command.

        Raises DatasetError or InvalidSpace or SpaceExhausted.
        """
        settings = self._settings
        with self._heartbeat.in_background():  # somebody's images may take minutes
            name = resolve(settings.dataset, self._folder.home, known=self.store.dataset_names())
        card = self._describe(name)
        if not settings.population or self.store.fingerprints(card.name):
            return
        plan = plan_of(settings, card)
        proposals = propose_initial(settings, card, settings.population, settings.seed, plan=plan)
        command = Enqueue(proposals, plan.caps)
        now = time.time()
        action = partial(apply, command, self.store, self._describe, now)
        receipt = self.store.apply_once(f"initial population of {card.name}", command.kind, now, action)
        log.info("%s", receipt.message)

    def serve(self, stop: threading.Event, executor: Executor, parent: int | None = None) -> None:
        """Train what is queued until `stop` is set or the `parent` process has ended.

        A demo's trainer also ends when the prepared models are to be restored, or were, as on a disk that was wiped.
        """
        restored = restored_at(self._folder)

        def is_over(now: float) -> bool:
            return self._settings.is_demo and (restored_at(self._folder) != restored or is_due(self._folder, now))

        serve(
            self._worker(executor),
            self._publisher,
            self._heartbeat,
            stop,
            maps=self._maps,
            search=self._search,
            forgetting=Forgetting(self._folder, self.store, time.time) if self._settings.is_demo else None,
            parent=parent,
            is_over=is_over,
        )

    def run_until_idle(self, executor: Executor, on_tick: Callable[[], object] = lambda: None) -> None:
        """Train everything that is queued, then return; `on_tick` is called after each step.

        Returns with trials still waiting if the queue is paused; raises FolderUnusable if the disk is full. An
        interruption (Ctrl-C) loses no recorded epoch: the next run resumes from the last one.
        """
        worker = self._worker(executor)
        with self._heartbeat.in_background():  # one epoch in this thread may take minutes
            run_until_idle(worker, self._publisher, self._heartbeat, on_tick)

    def close(self) -> None:
        """Close the catalogue, after a map and suggestions that are being computed."""
        self._search.close()
        self._maps.close()
        self.store.close()

    def _worker(self, executor: Executor) -> Worker:
        self._heartbeat.executor = executor
        return Worker(
            self.store,
            Inbox(self._folder),
            executor,
            self._describe,
            caps=set_caps(self._settings),
            gate=self._gate,
            halving=self._settings.halving,
            disk_space_warning=self._folder.disk_space_warning,
            remove_files=self._remove_files,
            provide_start=partial(provide_start, self._folder),
        )

    def _remove_files(self, trials: Collection[TrialId], dataset: str) -> None:
        """Delete the files of removed models; a data set of the same name is described and published again."""
        if dataset:
            self._describe.cache_clear()
        try:
            remove_files(self._folder, trials, dataset)
        except FolderUnusable as error:
            log.error("the files of removed models are not deleted: %s", error)

    def _describe_dataset(self, name: str) -> DatasetCard:
        """Load a data set and return its card; its validation images are published for the app, too.

        Raises DatasetError; a path that is no data set of the catalogue is refused without a look at it.
        """
        whole, part = split_part(name)
        if is_path(whole) and whole not in self.store.dataset_names():
            raise DatasetError(f"There is no data set {name!r:.80}: a path is added first, by `remap data add`.")
        with self._heartbeat.in_background():
            dataset = load_dataset(name, self._folder.home)
        if part and not part.held_out:  # the whole one's validation images are published
            return dataset.card()
        try:
            write_validation_images(self._folder, dataset.name, dataset.validation.images)
        except FolderUnusable as error:
            log.error("the validation images are not published: %s", error)
        return dataset.card()


@contextmanager
def build_trainer(settings: Settings, folder: DataFolder) -> Iterator[Trainer]:
    """A trainer for the block. The caller holds `folder.lock()`, and the settings' home is that folder."""
    trainer = Trainer(settings, folder, CatalogueStore.open(folder))
    try:
        yield trainer
    finally:
        trainer.close()


def build_executor(settings: Settings) -> Executor:
    """The settings' executor: worker processes of this machine, a thread in a demo, or the nodes of a Ray cluster.

    Raises SettingsError if the cluster cannot be joined or has no such device.
    """
    if settings.executor == "ray":
        return _ray_executor(settings)
    if settings.is_demo:
        return ThreadExecutor(
            _train_function(settings), partial(jobs.prepare, settings.device), _score_function(settings)
        )
    return LocalExecutor(
        _train_function(settings),
        partial(jobs.prepare, settings.device),
        settings.workers or len(os.sched_getaffinity(0)),
        _score_function(settings),
        preload=_preload(settings),
    )


def build_inline_executor(settings: Settings) -> Executor:
    """An executor that trains in the caller's thread, for notebooks and scripts."""
    return InlineExecutor(_train_function(settings), _score_function(settings))


def single_threaded() -> AbstractContextManager[None]:
    """One thread for the trainings of this process while a block runs."""
    return jobs.single_threaded()


def class_probabilities(settings: Settings, model: FinishedModel, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How probable each class is, (n, classes) float32, for images (n, height, width, channels) uint8."""
    scale = (model.mean, model.deviation)
    return jobs.class_probabilities(model.architecture, model.weights, scale, images, device=settings.device)


def _train_function(settings: Settings) -> TrainFunction:
    train: TrainFunction = partial(jobs.train, home=settings.home.absolute(), device=settings.device)
    return _limited(train, _limits_of(settings), settings.halving, partial(held_together, settings.home.absolute()))


def held_together(home: Path) -> float:
    """The megabytes that the processes of a data folder hold together; 0 where the system does not say."""
    return memory_use(DataFolder(home), time.time()).bytes / 1e6


def _score_function(settings: Settings) -> ScoreFunction:
    return partial(jobs.score, home=settings.home.absolute(), device=settings.device)


def _preload(settings: Settings) -> str:
    """The module that worker processes have in common; none where they may use a GPU or forks are not safe."""
    if sys.platform != "linux" or jobs.may_use_gpu(settings.device):
        return ""
    return jobs.PRELOADED


def _ray_executor(settings: Settings) -> Executor:
    home = settings.home.absolute()
    device = _cluster_device(settings)
    return RayExecutor(
        settings.ray_address,
        partial(train_on_node, device=device, limits=_limits_of(settings), halving=settings.halving),
        partial(jobs.prepare, device),
        partial(load_dataset, home=home),
        partial(jobs.score_on_node, device=device),
        folder=home / "artifacts",
        max_slots=settings.workers,
        gpus=settings.ray_gpus,
    )


def train_on_node(
    trial: Trial,
    should_stop: Callable[[], bool],
    *,
    dataset: Dataset,
    folder: Path,
    device: Device,
    limits: Limits,
    halving: bool = False,
) -> Training:
    """On a node of a cluster: train within the limits, and only to the next comparison if `halving`."""
    train = partial(jobs.train_on_node, dataset=dataset, folder=folder, device=device)
    return _limited(train, limits, halving)(trial, should_stop)


def _limited(
    train: TrainFunction, limits: Limits, halving: bool, held_together: Callable[[], float] = lambda: 0.0
) -> TrainFunction:
    if halving:
        train = partial(train_to_comparison, train)
    return partial(train_within, limits, train, held_together=held_together)


def _limits_of(settings: Settings) -> Limits:
    return Limits(settings.time_limit, settings.memory_limit, settings.memory_total)


def _cluster_device(settings: Settings) -> Device:
    """The device of trainings on Ray. They ask Ray for it, because any other may be in use by somebody else."""
    if settings.device == "cuda" and not settings.ray_gpus:
        raise SettingsError(
            "device = 'cuda' needs ray_gpus, the part of a GPU that a training on Ray takes, e.g. 0.25."
        )
    if settings.device == "cpu" and settings.ray_gpus:
        raise SettingsError(f"ray_gpus must be 0 with device = 'cpu', but got {settings.ray_gpus:g}.")
    if settings.ray_gpus:
        return "cuda"
    return "cpu"
