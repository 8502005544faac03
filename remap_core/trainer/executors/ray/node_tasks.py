"""What runs on the nodes of a Ray cluster: one training or scoring per task, in a folder of its own.

Nodes share no disk with the trainer: the files of a trial travel with its job, and back with every epoch.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from remap_core.errors import RemapError, TrainingFailed, TrainingStopped
from remap_core.trainer.executors.base import EpochDone, Event, Failed, Finished, Run, Scored, Stopped, failure_sentence
from remap_core.trainer.executors.ray.trial_files import ChangedFiles, changed_files, file_versions
from remap_core.trainer.ports import Training
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial
from remap_core.version import __version__

BEAT_SECONDS = 0.5
"""How often a task sends a heartbeat and asks whether to stop. It looks for the answer before every batch."""

Load = Callable[[str], Any]
"""Loads the data set of a name, on the trainer's machine; raises DatasetError."""


class NodeTrain(Protocol):
    """A TrainFunction that gets its images and a folder with the files of the trial."""

    def __call__(self, trial: Trial, should_stop: Callable[[], bool], *, dataset: Any, folder: Path) -> Training:
        """Return a generator that trains one epoch per step."""


class NodeScore(Protocol):
    """A ScoreFunction that gets its images and a folder with the weights of the trial."""

    def __call__(self, trial: Trial, *, dataset: Any, folder: Path) -> SealedScore:
        """Return the score, within seconds."""


@dataclass(frozen=True)
class Message:
    """From a task to the trainer: an event and the files of its trial; both are None for a heartbeat."""

    event: Event | None = None
    files: ChangedFiles | None = None


@dataclass(frozen=True)
class RemoteJob:
    """A job for a node. number: unique per executor; files: those that the trainer keeps of the trial."""

    number: int
    trial: Trial
    files: Mapping[str, bytes]
    version: str = __version__


class Mailbox:
    """An actor on the trainer's node between its tasks and the trainer, so that none of them waits for another."""

    def __init__(self) -> None:
        self._messages: list[tuple[int, Message]] = []
        self._stopped_jobs: set[int] = set()

    def post(self, number: int, message: Message) -> bool:
        """Add a message of a job; returns whether the job should stop."""
        self._messages.append((number, message))
        return number in self._stopped_jobs

    def stop(self, number: int) -> None:
        """Tell a job to stop, with the answer to its next message."""
        self._stopped_jobs.add(number)

    def take(self) -> list[tuple[int, Message]]:
        """All messages since the last call, oldest first."""
        messages = self._messages
        self._messages = []
        return messages


class _Reporter:
    """Sends the events of a task to the mailbox."""

    def __init__(self, mailbox: Any, job: RemoteJob, folder: Path) -> None:
        self._mailbox = mailbox
        self._number = job.number
        self._folder = folder
        self._sent_versions = file_versions(folder)
        self.is_stopped = False
        self._ask()

    def _ask(self) -> None:
        self._last_sign = time.monotonic()
        self._answer = self._mailbox.post.remote(self._number, Message())

    def should_stop(self) -> bool:
        """Whether the trainer wants the job to stop; called before every batch."""
        import ray

        if self._answer is not None and ray.wait([self._answer], timeout=0)[0]:
            self.is_stopped = ray.get(self._answer) or self.is_stopped
            self._answer = None
        if self._answer is None and time.monotonic() - self._last_sign > BEAT_SECONDS:
            self._ask()
        return self.is_stopped

    def report(self, event: Event) -> None:
        """Send an event and the files that changed; returns when the mailbox has both."""
        import ray

        versions = file_versions(self._folder)
        files = changed_files(self._folder, versions, self._sent_versions)
        answer = self._mailbox.post.remote(self._number, Message(event, files))
        self.is_stopped = ray.get(answer) or self.is_stopped
        self._sent_versions = versions


def prepare_node(prepare: Callable[[], str], version: str) -> str:
    """What a node trains on, for people; raises TrainingFailed if its version is not the trainer's."""
    if version != __version__:
        raise TrainingFailed(f"It has version {__version__} of remap-nas, but the trainer has {version}.")
    return prepare()


def load(function: Load, name: str) -> Any:
    """Load a data set, as a task: Ray keeps what it returns in the object store."""
    return function(name)


def train_task(mailbox: Any, job: RemoteJob, dataset: list[Any], prepare: Callable[[], str], train: NodeTrain) -> None:
    """Train, as a task; its last message is Finished, Failed or Stopped."""
    run = Run.of(job.trial)
    with _job_folder(job) as folder:
        reporter = _Reporter(mailbox, job, folder)
        try:
            prepare_node(prepare, job.version)
            training = train(job.trial, reporter.should_stop, dataset=_fetch(dataset[0]), folder=folder)
            while True:
                reporter.report(EpochDone(run, next(training)))
        except StopIteration as end:
            reporter.report(Finished(run, end.value))
        except Exception as error:
            if reporter.is_stopped or isinstance(error, TrainingStopped):
                reporter.report(Stopped(run))
            else:
                reporter.report(Failed(run, failure_sentence(error)))


def score_task(mailbox: Any, job: RemoteJob, dataset: list[Any], prepare: Callable[[], str], score: NodeScore) -> None:
    """Score, as a task; its only message with an event is Scored or Failed."""
    run = Run.of(job.trial)
    with _job_folder(job) as folder:
        reporter = _Reporter(mailbox, job, folder)
        try:
            prepare_node(prepare, job.version)
            result = score(job.trial, dataset=_fetch(dataset[0]), folder=folder)
            reporter.report(Scored(run, result))
        except Exception as error:
            reporter.report(Failed(run, failure_sentence(error)))


@lru_cache(maxsize=1)
def _fetch(dataset: Any) -> Any:
    """A data set from the object store; cached, as most jobs of a process use the same one."""
    import ray
    from ray.exceptions import RayTaskError

    try:
        return ray.get(dataset)
    except RayTaskError as error:
        if isinstance(error.cause, RemapError):
            raise TrainingFailed(str(error.cause)) from None
        raise


@contextmanager
def _job_folder(job: RemoteJob) -> Iterator[Path]:
    """A temporary folder with the files of the job."""
    with tempfile.TemporaryDirectory(prefix="remap-") as name:
        folder = Path(name)
        for file, content in job.files.items():
            (folder / file).write_bytes(content)
        yield folder
