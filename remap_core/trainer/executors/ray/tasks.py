"""What runs on the nodes of a Ray cluster: one training or scoring, in a folder of its own, told to the daemon's desk.

Nodes share no disk with the daemon: the files of a trial come with its errand, and go back with every epoch.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from remap_core import __version__
from remap_core.errors import RemapError, TrainingFailed, TrainingStopped
from remap_core.system.files import write_file
from remap_core.trainer.executors.base import EpochDone, Event, Failed, Finished, Run, Scored, Stopped, failure_sentence
from remap_core.trainer.ports import Training
from remap_core.trials.evaluation import SealedScore
from remap_core.trials.trial import Trial

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
"""How often a task says that it is alive, and is told whether it shall stop; it looks for the answer at every batch."""

Files = dict[str, bytes | None]
"""All files of a trial by name; None for one that is as it was when they were told the last time."""
Load = Callable[[str], Any]
"""Loads the data set of a name, on the daemon's machine; raises DatasetError."""


class NodeTrain(Protocol):
    """Trains one trial on images that are at hand, in a folder that holds what was kept of it; else a TrainFunction."""

    def __call__(self, trial: Trial, should_stop: Callable[[], bool], *, dataset: Any, folder: Path) -> Training:
        """A generator that does one epoch a step."""


class NodeScore(Protocol):
    """Scores a COMPLETE trial on images that are at hand, by the weights in a folder; else a ScoreFunction."""

    def __call__(self, trial: Trial, *, dataset: Any, folder: Path) -> SealedScore:
        """The score, within seconds."""


@dataclass(frozen=True)
class Message:
    """What a task tells the daemon: what happened, if anything, and the files of its trial, if they may be others."""

    event: Event | None = None
    files: Files | None = None


@dataclass(frozen=True)
class RemoteJob:
    """One job for a node. Its number is never another's; the files are those that the daemon keeps of the trial."""

    number: int
    trial: Trial
    files: Mapping[str, bytes]
    version: str = __version__


class Mailbox:
    """An actor on the daemon's node, between its tasks and the daemon: none of them waits for another."""

    def __init__(self) -> None:
        self._letters: list[tuple[int, Message]] = []
        self._told_to_stop: set[int] = set()

    def post(self, number: int, letter: Message) -> bool:
        """Leave a letter of an errand; returns whether the errand shall stop."""
        self._letters.append((number, letter))
        return number in self._told_to_stop

    def stop(self, number: int) -> None:
        """Have an errand told to stop."""
        self._told_to_stop.add(number)

    def take(self) -> list[tuple[int, Message]]:
        """All letters since the last time, oldest first."""
        letters, self._letters = self._letters, []
        return letters


class _Line:
    """A task's line to the desk."""

    def __init__(self, desk: Any, errand: RemoteJob, folder: Path) -> None:
        self._desk, self._number, self._folder = desk, errand.number, folder
        self._told = _marks(folder)
        self._said, self._answer = time.monotonic(), desk.post.remote(errand.number, Message())
        self.stopped = False

    def should_stop(self) -> bool:
        """Whether the daemon wants it: looked at between batches, asked for every BEAT_SECONDS."""
        import ray

        if self._answer is not None and ray.wait([self._answer], timeout=0)[0]:
            self.stopped, self._answer = self.stopped or ray.get(self._answer), None
        if self._answer is None and time.monotonic() - self._said > BEAT_SECONDS:
            self._said, self._answer = time.monotonic(), self._desk.post.remote(self._number, Message())
        return self.stopped

    def say(self, event: Event) -> None:
        """Tell what happened, with the files as they are now; returns when the desk has both."""
        import ray

        marks = _marks(self._folder)
        files: Files = {
            name: None if self._told.get(name) == mark else (self._folder / name).read_bytes()
            for name, mark in marks.items()
        }
        self.stopped = ray.get(self._desk.post.remote(self._number, Message(event, files))) or self.stopped
        self._told = marks


def prepared(prepare: Callable[[], str], version: str) -> str:
    """On what a node trains, for people; raises TrainingFailed where it has another version than the daemon."""
    if version != __version__:
        raise TrainingFailed(f"It has version {__version__} of remap-nas, but the trainer has {version}.")
    return prepare()


def loaded(load: Load, name: str) -> Any:
    """The data set of a name, as a task: what it returns lies in the object store."""
    return load(name)


def train_task(desk: Any, errand: RemoteJob, dataset: list[Any], prepare: Callable[[], str], train: NodeTrain) -> None:
    """A training as a task; its last letter is Finished, Failed or Stopped."""
    run = Run.of(errand.trial)
    with _unpacked(errand) as folder:
        line = _Line(desk, errand, folder)
        try:
            prepared(prepare, errand.version)
            training = train(errand.trial, line.should_stop, dataset=_images(dataset[0]), folder=folder)
            while True:
                line.say(EpochDone(run, next(training)))
        except StopIteration as end:
            line.say(Finished(run, end.value))
        except Exception as error:
            has_stopped = line.stopped or isinstance(error, TrainingStopped)
            line.say(Stopped(run) if has_stopped else Failed(run, failure_sentence(error)))


def score_task(desk: Any, errand: RemoteJob, dataset: list[Any], prepare: Callable[[], str], score: NodeScore) -> None:
    """A scoring as a task; its one letter is Scored or Failed."""
    run = Run.of(errand.trial)
    with _unpacked(errand) as folder:
        line = _Line(desk, errand, folder)
        try:
            prepared(prepare, errand.version)
            line.say(Scored(run, score(errand.trial, dataset=_images(dataset[0]), folder=folder)))
        except Exception as error:
            line.say(Failed(run, failure_sentence(error)))


@lru_cache(maxsize=1)
def _images(dataset: Any) -> Any:
    """A data set of the object store; kept, as most trainings of a process are of one data set."""
    import ray
    from ray.exceptions import RayTaskError

    try:
        return ray.get(dataset)
    except RayTaskError as error:
        if isinstance(error.cause, RemapError):
            raise TrainingFailed(str(error.cause)) from None
        raise


@contextmanager
def _unpacked(errand: RemoteJob) -> Iterator[Path]:
    """A folder of the job's own, with the files that came along."""
    with tempfile.TemporaryDirectory(prefix="remap-") as name:
        folder = Path(name)
        for file, content in errand.files.items():
            (folder / file).write_bytes(content)
        yield folder


def _marks(folder: Path) -> dict[str, tuple[int, int, int]]:
    """The files of a folder, with what changes when one is replaced."""
    return {
        path.name: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for path in _kept(folder) for stat in [path.stat()]
    }


def read_files(folder: Path) -> dict[str, bytes]:
    """What is kept of a trial, by name; without what cannot be read, and nothing where there is no folder."""
    files = {}
    for path in _kept(folder):
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            log.warning("%s cannot be read and stays here: %s", path, error.strerror)
    return files


def write_files(folder: Path, files: Files) -> None:
    """Make a folder hold these files and no others, each whole or not at all. Raises TrainingFailed where it cannot."""
    try:
        for name, content in files.items():
            if content is not None:
                write_file(folder / Path(name).name, content)
        for path in _kept(folder):
            if path.name not in files:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise TrainingFailed(f"{error.filename or folder} cannot be written: {error.strerror}.") from error


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))
