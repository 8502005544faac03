"""Training on the nodes of a Ray cluster: one task a trial, while catalogue and files stay with the daemon."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from remap_core.errors import TrainingFailed
from remap_core.trainer.executors.base import EpochDone, Event, Failed, Lost, Run, Stopped
from remap_core.trainer.executors.processes import STALE_SECONDS
from remap_core.trainer.executors.ray import tasks
from remap_core.trainer.executors.ray.cluster import Node, Nodes, join, pinned
from remap_core.trainer.executors.ray.tasks import (
    Load,
    Message,
    NodeScore,
    NodeTrain,
    RemoteJob,
    read_files,
    write_files,
)
from remap_core.trials.trial import Trial

DATASETS_KEPT = 2
"""Data sets that stay in the object store while no task uses them."""
PAUSE = 0.05


@dataclass
class _Job:
    trial: Trial
    node: Node
    task: Any
    heard: float | None = None
    is_stopping: bool = False

    @property
    def run(self) -> Run:
        return Run.of(self.trial)


class RayExecutor:
    """As many tasks at once as the cluster has room for, at most `most` where that is not 0.

    A task takes one CPU and `gpus` of a GPU. `train`, `prepare`, `score` and `load` are sent to the nodes, so they are
    module-level functions (or partials of such). Files of a trial are in `folder`/<id>: they are sent along with it,
    and written there as its task tells of each epoch, before the epoch is. A data set is loaded once, on this machine,
    and taken from the object store by all tasks. A task that dies, or says nothing for `stale` seconds and is killed,
    is Lost. Raises SettingsError where there is no cluster, TrainingFailed (from `poll`) where none of it can train.
    """

    def __init__(
        self,
        address: str,
        train: NodeTrain,
        prepare: Callable[[], str],
        load: Load,
        score: NodeScore,
        *,
        folder: Path,
        most: int = 0,
        gpus: float = 0.0,
        stale: float = STALE_SECONDS,
    ) -> None:
        join(address)
        import ray

        self._ray: Any = ray
        self._train, self._prepare, self._score = train, prepare, score
        self._folder, self._most, self._stale = folder, most, stale
        here = pinned(ray.get_runtime_context().get_node_id())
        self._desk: Any = ray.remote(num_cpus=0, scheduling_strategy=here)(tasks.Mailbox).remote()
        self._load = partial(ray.remote(num_cpus=0, scheduling_strategy=here)(tasks.loaded).remote, load)
        task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)
        self._training, self._scoring = task(tasks.train_task), task(tasks.score_task)
        self._datasets: dict[str, Any] = {}
        self._jobs: dict[int, _Job] = {}
        self._numbers = count(1)
        self._nodes = Nodes(prepare, gpus)

    @property
    def slots(self) -> int:
        """How many jobs the nodes that are there now have room for."""
        room = sum(node.room for node in self._nodes.able)
        return min(room, self._most) if self._most else room

    @property
    def free_slots(self) -> int:
        """How many of them have no job."""
        free = sum(max(0, self._free(node)) for node in self._nodes.able)
        return max(0, min(free, self.slots - len(self._jobs)))

    @property
    def device(self) -> str:
        """How many nodes train, and on what."""
        return self._nodes.device

    def start(self, trial: Trial) -> None:
        """Give the trial, with what is kept of it, to the node with the most room."""
        self._send(self._training, trial, self._train)

    def score(self, trial: Trial) -> None:
        """Give the scoring, with the weights, to the node with the most room."""
        self._send(self._scoring, trial, self._score)

    def _send(self, task: Any, trial: Trial, function: NodeTrain | NodeScore) -> None:
        node = max(self._nodes.able, key=self._free)
        errand = RemoteJob(next(self._numbers), trial, read_files(self._folder / str(trial.id)))
        # in a list the data set is fetched by the task, once a process, and not by Ray for each task
        dataset = [self._dataset(trial.proposal.dataset)]
        reference = task.options(scheduling_strategy=pinned(node.name)).remote(
            self._desk, errand, dataset, self._prepare, function
        )
        self._jobs[errand.number] = _Job(trial, node, reference)

    def _free(self, node: Node) -> int:
        return node.room - sum(job.node.name == node.name for job in self._jobs.values())

    def _dataset(self, name: str) -> Any:
        """The data set in the object store; one that could not be loaded is tried again."""
        known = self._datasets.pop(name, None)
        if known is None or self._is_broken(known):
            known = self._load(name)
        self._datasets[name] = known
        for oldest in list(self._datasets)[:-DATASETS_KEPT]:
            del self._datasets[oldest]
        return known

    def _is_broken(self, reference: Any) -> bool:
        if not self._ray.wait([reference], timeout=0)[0]:
            return False
        try:
            self._ray.get(reference)
        except Exception:  # whatever it is, the task that needs the data set says it
            return True
        return False

    def stop(self, run: Run) -> None:
        """Tell the task, which looks at every batch; one that has not begun never will."""
        for number, job in self._jobs.items():
            if job.run == run:
                job.is_stopping = True
                self._desk.stop.remote(number)
                if job.heard is None:
                    self._ray.cancel(job.task)

    def poll(self) -> list[Event]:
        """What the tasks have told, and the ends of those that died or hang."""
        self._nodes.look()
        if not self._jobs:
            return []
        ended = self._ended()  # before their letters: what a task told before its end is at the desk by then
        events = [event for number, letter in self._letters() for event in self._received(number, letter)]
        for number in ended:
            events += self._end(number)
        for number, job in list(self._jobs.items()):
            if self._nodes.has_left(job.node):
                events += self._lose(number, f"The {_place(job)} has left the cluster.")
            elif job.heard is not None and time.monotonic() - job.heard > self._stale:
                events += self._lose(number, f"The task on {_place(job)} said nothing for {self._stale:g} seconds.")
        return events

    def _ended(self) -> list[int]:
        numbers = {job.task: number for number, job in self._jobs.items()}
        ready, _ = self._ray.wait(list(numbers), num_returns=len(numbers), timeout=0, fetch_local=False)
        return [numbers[task] for task in ready]

    def _letters(self) -> list[tuple[int, Message]]:
        try:
            letters: list[tuple[int, Message]] = self._ray.get(self._desk.take.remote())
        except self._ray.exceptions.RayError as error:
            raise TrainingFailed("The Ray cluster is lost: the trainer's own node does not answer.") from error
        return letters

    def _received(self, number: int, letter: Message) -> list[Event]:
        job = self._jobs.get(number)
        if job is None:
            return []  # of a task that was given up
        job.heard, event = time.monotonic(), letter.event
        try:
            if letter.files is not None:
                write_files(self._folder / str(job.trial.id), letter.files)
        except TrainingFailed as error:
            event = Failed(job.run, str(error))
            self._ray.cancel(job.task, force=True)
        if event is not None and not isinstance(event, EpochDone):
            del self._jobs[number]
        return [event] if event is not None else []

    def _end(self, number: int) -> list[Event]:
        """Of a task that came to its end: nothing where its last letter said so."""
        job = self._jobs.get(number)
        if job is None:
            return []
        if job.is_stopping:
            del self._jobs[number]
            return [Stopped(job.run)]
        try:
            self._ray.get(job.task)
            sentence = f"The task on {_place(job)} ended without a word."
        except Exception as error:
            sentence = _sentence(error, job)
        return self._lose(number, sentence)

    def _lose(self, number: int, sentence: str) -> list[Event]:
        job = self._jobs.pop(number)
        self._ray.cancel(job.task, force=True)
        if not self._nodes.has_left(job.node):
            self._nodes.ask(job.node)
        return [Stopped(job.run) if job.is_stopping else Lost(job.run, sentence)]

    def close(self, grace: float) -> list[Event]:
        """Stop all tasks, take their last events, kill those that stay longer than `grace` seconds; leave the cluster.

        The cluster's end is no error here: what was recorded is recorded.
        """
        events: list[Event] = []
        with suppress(TrainingFailed, self._ray.exceptions.RayError):
            for job in list(self._jobs.values()):
                self.stop(job.run)
            deadline = time.monotonic() + grace
            while self._jobs and time.monotonic() < deadline:
                events += self.poll()
                time.sleep(PAUSE)
            for job in self._jobs.values():
                self._ray.cancel(job.task, force=True)
        self._ray.shutdown()
        return events


def _place(job: _Job) -> str:
    return f"node {job.node.address}"


def _sentence(error: Exception, job: _Job) -> str:
    """How a task died, for people. Ray's own words are pages long."""
    from ray import exceptions

    if isinstance(error, exceptions.OutOfMemoryError):
        return f"The task on {_place(job)} was ended because the node's memory ran out."
    if isinstance(error, exceptions.NodeDiedError | exceptions.TaskUnschedulableError):
        return f"The {_place(job)} was lost."
    if isinstance(error, exceptions.WorkerCrashedError):
        return f"The task on {_place(job)} died, and so perhaps did the node."
    return f"Ray could not run the task on {_place(job)}: {type(error).__name__}."
