"""`remap trainer`: the daemon in the foreground. Here the rooms are wired together."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from remap_core import __version__, services
from remap_core.cartography import Cartographer
from remap_core.catalogue.filesystem import network_warning
from remap_core.catalogue.folder import DataFolder
from remap_core.catalogue.heartbeat import TrainerStatus, write_trainer
from remap_core.catalogue.inbox import Inbox
from remap_core.catalogue.snapshot import Publisher
from remap_core.catalogue.store import CatalogueStore
from remap_core.catalogue.validation import write_validation_images
from remap_core.cli.cluster import cluster_executor
from remap_core.cli.log import log_to_terminal, logged
from remap_core.cli.metrics import metrics
from remap_core.commands import Enqueue
from remap_core.daemon import loop, queue
from remap_core.daemon.executors import Executor
from remap_core.daemon.limits import Limits, train_within
from remap_core.daemon.local import LocalExecutor
from remap_core.daemon.rungs import train_to_rung
from remap_core.daemon.worker import Worker
from remap_core.errors import FolderUnusable
from remap_core.settings import Device, Settings, read_settings
from remap_core.training.datasets import canonical_name, load_dataset
from remap_core.trials import DatasetCard, EpochResult, Evaluation, SealedScore, Trial

log = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between heartbeats."""


def trainer(
    with_parent: Annotated[
        int | None, typer.Option(metavar="PID", help="Leave when this process, our parent, has ended.")
    ] = None,
    executor: Annotated[
        str | None, typer.Option(metavar="local|ray", help="Where trainings run; else REMAP_EXECUTOR.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="auto|HOST:PORT", help="The Ray cluster; else REMAP_RAY_ADDRESS.")
    ] = None,
) -> None:
    """Train what is in the queue, until Ctrl-C or SIGTERM.

    One trainer owns one data folder (REMAP_HOME). An empty catalogue first gets an initial population
    (REMAP_POPULATION models of REMAP_DATASET). Killed at any moment, the next trainer goes on from the last epoch.
    """
    if with_parent is None:
        log_to_terminal()
    settings, _ = read_settings(executor=executor, ray_address=address)
    folder = DataFolder(settings.home)
    with folder.lock(), logged(folder), metrics(settings, folder):
        log.info("the trainer of %s begins (version %s, pid %d)", folder.home, __version__, os.getpid())
        if warning := network_warning(folder.home):
            log.warning(warning)
        store = CatalogueStore.open(folder)
        maps = Cartographer(store)
        try:
            beat = Beat(folder)
            describe = cache(partial(_describe, folder, beat))
            _enqueue_initial(store, settings, describe)
            stop = loop.stop_on_signals()  # only now: what is downloaded before can be interrupted
            trainings = cluster_executor(settings) if settings.executor == "ray" else _local_executor(settings)
            worker = Worker(
                store,
                Inbox(folder),
                trainings,
                describe,
                max_parameters=settings.max_parameters,
                halving=settings.halving,
                want_of_room=folder.want_of_room,
            )
            beat.executor = trainings
            loop.serve(worker, Publisher(store, folder), beat, stop, maps=maps, parent=with_parent)
        finally:
            maps.close()
            store.close()
            log.info("the trainer has left")


class Beat:
    """Writes the heartbeat, at most once in BEAT seconds. Before there is an executor the trainer is starting."""

    def __init__(self, folder: DataFolder) -> None:
        self.executor: Executor | None = None
        self._folder = folder
        self._started = time.time()
        self._last, self._trouble = 0.0, ""

    def __call__(self, now: float, trouble: str) -> None:
        """Say that the daemon is alive, and what it cannot do at present."""
        self._trouble = trouble
        if abs(now - self._last) < BEAT:  # a clock that was set back must not silence it
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
        """What is done inside may take minutes (a download): a thread goes on with the heartbeat meanwhile."""
        done = threading.Event()

        def go_on() -> None:
            while not done.is_set():
                with suppress(FolderUnusable):
                    self(time.time(), self._trouble)
                done.wait(BEAT)

        thread = threading.Thread(target=go_on, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _enqueue_initial(store: CatalogueStore, settings: Settings, describe: queue.DescribeDataset) -> None:
    """Once for each data set, whatever happens: the receipt of the command is the memory."""
    card = describe(canonical_name(settings.dataset))
    if not settings.population or store.fingerprints(card.name):
        return
    proposals = services.propose_initial(settings, card, settings.population, settings.seed)
    now = time.time()
    receipt = store.apply_once(
        f"initial population of {card.name}",
        Enqueue.kind,
        now,
        partial(queue.apply, Enqueue(proposals), store, describe, now),
    )
    log.info("%s", receipt.message)


def _local_executor(settings: Settings) -> Executor:
    train = partial(_train, home=settings.home.absolute(), device=settings.device)
    if settings.halving:
        train = partial(train_to_rung, train)
    return LocalExecutor(
        partial(train_within, Limits(settings.time_limit, settings.memory_limit), train),
        partial(_prepare, settings.device),
        _slots(settings),
        partial(_score, home=settings.home.absolute(), device=settings.device),
    )


def _slots(settings: Settings) -> int:
    return settings.workers or len(os.sched_getaffinity(0))


def _describe(folder: DataFolder, beat: Beat, name: str) -> DatasetCard:
    """What the app knows of a data set; its validation images are published for the app, too."""
    with beat.kept_up():
        dataset = load_dataset(name, folder.home)
    try:
        write_validation_images(folder, dataset.name, dataset.validation.images)
    except FolderUnusable as error:
        log.error("the validation images are not published: %s", error)
    return dataset.card()


def _prepare(device: Device) -> str:
    """In a worker process: one thread for each training, as there are as many trainings as cores."""
    from remap_core.training import session  # here, so that only worker processes import torch

    session.limit_threads(1)
    return session.describe_device(session.choose_device(device))


def _train(
    trial: Trial, should_stop: Callable[[], bool], *, home: Path, device: Device
) -> Generator[EpochResult, None, Evaluation]:
    from remap_core.training import session  # as above

    return session.train_trial(trial, should_stop, home=home, device=session.choose_device(device))


def _score(trial: Trial, *, home: Path, device: Device) -> SealedScore:
    from remap_core.training import session  # as above

    return session.score_trial(trial, home=home, device=session.choose_device(device))
