"""Training on the nodes of a Ray cluster: one task per trial, while catalogue and files stay with the trainer."""

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
from remap_core.trainer.executors.ray import node_tasks
from remap_core.trainer.executors.ray.cluster import join
from remap_core.trainer.executors.ray.cluster_nodes import Node, Nodes, on_node
from remap_core.trainer.executors.ray.node_tasks import Load, Message, NodeScore, NodeTrain, RemoteJob
from remap_core.trainer.executors.ray.trial_files import read_files, write_files
from remap_core.trials.trial import Trial

MAX_UNUSED_DATASETS = 2
"""Data sets that stay in the object store while no task uses them."""

CLOSING_TICK_SECONDS = 0.05
"""Seconds between polls while the executor waits for its last tasks."""


@dataclass
class _Job:
    """A task that was started. last_message: by the monotonic clock; None before the first, when it may not run yet."""

    trial: Trial
    node: Node
    task: Any
    last_message: float | None = None
    is_stopping: bool = False

    @property
    def run(self) -> Run:
        return Run.of(self.trial)


class RayExecutor:
    """As many tasks at once as fit the cluster; at most `max_slots`, unless that is 0.

    A task takes one CPU and `gpus` of a GPU. `train`, `prepare`, `score` and `load` are sent to the nodes, so they are
    module-level functions or partials of such. The files of a trial are in `folder`/<id>: its task gets them, and they
    are written there with every epoch, before the epoch is an event. A data set is loaded once, on this machine; all
    tasks fetch it from the object store. The job of a task that dies, or is silent for `stale` seconds and is killed,
    is Lost. Raises SettingsError if there is no cluster; `poll` raises TrainingFailed if no node can train.
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
        max_slots: int = 0,
        gpus: float = 0.0,
        stale: float = STALE_SECONDS,
    ) -> None:
        join(address)
        import ray

        self._ray: Any = ray
        self._train = train
        self._prepare = prepare
        self._score = score
        self._folder = folder
        self._max_slots = max_slots
        self._stale = stale
        on_this_machine = ray.remote(num_cpus=0, scheduling_strategy=on_node(ray.get_runtime_context().get_node_id()))
        self._mailbox: Any = on_this_machine(node_tasks.Mailbox).remote()
        self._load = partial(on_this_machine(node_tasks.load).remote, load)
        on_any_node = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)
        self._train_task = on_any_node(node_tasks.train_task)
        self._score_task = on_any_node(node_tasks.score_task)
        self._datasets: dict[str, Any] = {}
        self._jobs: dict[int, _Job] = {}
        self._numbers = count(1)
        self._nodes = Nodes(prepare, gpus)

    @property
    def slots(self) -> int:
        """How many jobs fit the nodes at present."""
        slots = sum(node.slots for node in self._nodes.usable)
        if self._max_slots:
            return min(slots, self._max_slots)
        return slots

    @property
    def free_slots(self) -> int:
        """How many of them have no job."""
        free = sum(max(0, self._free_slots_of(node)) for node in self._nodes.usable)
        return max(0, min(free, self.slots - len(self._jobs)))

    @property
    def device(self) -> str:
        """How many nodes train, and what they train on."""
        return self._nodes.device

    def start(self, trial: Trial) -> None:
        """Send the trial and its files to the node with the most free slots."""
        self._send(self._train_task, trial, self._train)

    def score(self, trial: Trial) -> None:
        """Send the scoring and the weights to the node with the most free slots."""
        self._send(self._score_task, trial, self._score)

    def _send(self, task: Any, trial: Trial, function: NodeTrain | NodeScore) -> None:
        node = max(self._nodes.usable, key=self._free_slots_of)
        job = RemoteJob(next(self._numbers), trial, read_files(self._folder / str(trial.id)))
        # in a list the data set is fetched by the task, once per process, and not by Ray for each task
        dataset = [self._dataset(trial.proposal.dataset)]
        task_there = task.options(scheduling_strategy=on_node(node.name))
        reference = task_there.remote(self._mailbox, job, dataset, self._prepare, function)
        self._jobs[job.number] = _Job(trial, node, reference)

    def _free_slots_of(self, node: Node) -> int:
        return node.slots - sum(job.node.name == node.name for job in self._jobs.values())

    def _dataset(self, name: str) -> Any:
        """The data set in the object store; loading is tried again after a failure."""
        reference = self._datasets.pop(name, None)
        if reference is None or self._is_broken(reference):
            reference = self._load(name)
        self._datasets[name] = reference
        for oldest in list(self._datasets)[:-MAX_UNUSED_DATASETS]:
            del self._datasets[oldest]
        return reference

    def _is_broken(self, reference: Any) -> bool:
        if not self._ray.wait([reference], timeout=0)[0]:
            return False
        try:
            self._ray.get(reference)
        except Exception:  # the task that needs the data set reports it
            return True
        return False

    def stop(self, run: Run) -> None:
        """Tell the task, which checks before every batch; one that has not started never will."""
        for number, job in self._jobs.items():
            if job.run == run:
                job.is_stopping = True
                self._mailbox.stop.remote(number)
                if job.last_message is None:
                    self._ray.cancel(job.task)

    def poll(self) -> list[Event]:
        """The events that the tasks sent, and the end of each job whose task died or hangs."""
        self._nodes.refresh()
        if not self._jobs:
            return []
        ended = self._ended_jobs()  # before the messages: all that these jobs sent is in the mailbox by now
        events: list[Event] = []
        for number, message in self._take_messages():
            events += self._receive(number, message)
        for number in ended:
            events += self._end(number)
        for number, job in list(self._jobs.items()):
            if self._nodes.has_left(job.node):
                events += self._lose(number, f"Node {job.node.address} has left the cluster.")
            elif self._hangs(job):
                sentence = f"The task on node {job.node.address} was silent for {self._stale:g} seconds."
                events += self._lose(number, sentence)
        return events

    def _hangs(self, job: _Job) -> bool:
        return job.last_message is not None and time.monotonic() - job.last_message > self._stale

    def _ended_jobs(self) -> list[int]:
        numbers = {job.task: number for number, job in self._jobs.items()}
        ended, _ = self._ray.wait(list(numbers), num_returns=len(numbers), timeout=0, fetch_local=False)
        return [numbers[task] for task in ended]

    def _take_messages(self) -> list[tuple[int, Message]]:
        try:
            messages: list[tuple[int, Message]] = self._ray.get(self._mailbox.take.remote())
        except self._ray.exceptions.RayError as error:
            raise TrainingFailed("The Ray cluster is lost: the trainer's own node does not answer.") from error
        return messages

    def _receive(self, number: int, message: Message) -> list[Event]:
        job = self._jobs.get(number)
        if job is None:
            return []  # its task was given up
        job.last_message = time.monotonic()
        event = message.event
        try:
            if message.files is not None:
                write_files(self._folder / str(job.trial.id), message.files)
        except TrainingFailed as error:
            event = Failed(job.run, str(error))
            self._ray.cancel(job.task, force=True)
        if event is None:
            return []
        if not isinstance(event, EpochDone):
            del self._jobs[number]
        return [event]

    def _end(self, number: int) -> list[Event]:
        """The end of a job whose task has ended; empty if its last message said so."""
        job = self._jobs.get(number)
        if job is None:
            return []
        if job.is_stopping:
            del self._jobs[number]
            return [Stopped(job.run)]
        try:
            self._ray.get(job.task)
            sentence = f"The task on node {job.node.address} ended without a result."
        except Exception as error:
            sentence = _sentence(error, job.node)
        return self._lose(number, sentence)

    def _lose(self, number: int, sentence: str) -> list[Event]:
        job = self._jobs.pop(number)
        self._ray.cancel(job.task, force=True)
        if not self._nodes.has_left(job.node):
            self._nodes.probe(job.node)
        if job.is_stopping:
            return [Stopped(job.run)]
        return [Lost(job.run, sentence)]

    def close(self, grace: float) -> list[Event]:
        """Stop all tasks, collect their last events, kill any still running after `grace` seconds; leave the cluster.

        A cluster that is lost meanwhile is not an error: what was recorded stays.
        """
        events: list[Event] = []
        with suppress(TrainingFailed, self._ray.exceptions.RayError):
            for job in list(self._jobs.values()):
                self.stop(job.run)
            deadline = time.monotonic() + grace
            while self._jobs and time.monotonic() < deadline:
                events += self.poll()
                time.sleep(CLOSING_TICK_SECONDS)
            for job in self._jobs.values():
                self._ray.cancel(job.task, force=True)
        self._ray.shutdown()
        return events


def _sentence(error: Exception, node: Node) -> str:
    """How a task died, for people. Ray's own messages are pages long."""
    from ray import exceptions

    if isinstance(error, exceptions.OutOfMemoryError):
        return f"The task on node {node.address} was ended because the node's memory ran out."
    if isinstance(error, exceptions.NodeDiedError | exceptions.TaskUnschedulableError):
        return f"Node {node.address} was lost."
    if isinstance(error, exceptions.WorkerCrashedError):
        return f"The task on node {node.address} died, and the node may have died with it."
    return f"Ray could not run the task on node {node.address}: {type(error).__name__}."
