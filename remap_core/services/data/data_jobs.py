"""Jobs that prepare somebody's images, each in a process of its own: started, watched, stopped and started again.

A job is a folder, `home`/data/jobs/ID. What is true about it is in its files and in a lock that its process holds, so
it survives a restart of the app, and `kill -9` of either process.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.naming import NAMES
from remap_core.datasets.readers.found import Skipped
from remap_core.datasets.recipe import Choices
from remap_core.errors import NotFound, RemapError
from remap_core.services.data.uploads import remove_upload

_LAST_BYTES = 2000
_STOPPING_SECONDS = 5.0


class JobState(StrEnum):
    """How far a job is. INTERRUPTED: its process has ended before its work was done; it can go on."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    READY = "ready"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class DataJob:
    """A request to prepare a source. title: how people call the source. attempt: grows when choices change.

    owner: the visitor of a demo who alone sees it; empty elsewhere.

    created: seconds since 1970.
    """

    folder: Path
    source: str
    title: str
    created: float
    choices: Choices
    attempt: int = 1
    owner: str = ""

    @property
    def ident(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def is_published(self) -> bool:
        """Whether the source is the name of a data set that is used as it is, with nothing to choose."""
        return self.source in NAMES

    @property
    def work(self) -> Path:
        """The folder in which the attempt is prepared."""
        return self.folder / f"work-{self.attempt}"

    @property
    def output(self) -> Path:
        """What its process printed: why it ended."""
        return self.folder / "output.txt"

    @property
    def progress(self) -> Path:
        """The file of the present `JobProgress`."""
        return self.folder / f"progress-{self.attempt}.json"

    @property
    def outcome(self) -> Path:
        """The file of the `JobOutcome`, once there is one."""
        return self.folder / f"outcome-{self.attempt}.json"


@dataclass(frozen=True)
class JobProgress:
    """What a job does: `done` of `total` files in a stage that began at `began` of them, `since` seconds since 1970."""

    stage: str
    done: int
    total: int
    began: int
    since: float
    now: float

    @property
    def share(self) -> float:
        """The part of the stage that is done, 0 to 1."""
        if self.total <= 0:
            return 0.0
        return min(1.0, max(0.0, self.done / self.total))

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds until the stage ends, at its pace so far; None at its start."""
        seconds = self.now - self.since
        if self.done <= self.began or seconds < 1:
            return None
        return seconds * (self.total - self.done) / (self.done - self.began)


@dataclass(frozen=True)
class JobOutcome:
    """What came of a job. problem: why the source cannot be used; the rest says more about that, as in `Report`."""

    problem: str = ""
    skipped: tuple[Skipped, ...] = ()
    columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def start_job(folder: DataFolder, source: str, title: str, choices: Choices, now: float, *, owner: str = "") -> DataJob:
    """Begin to prepare a source; raises FolderUnusable."""
    ident = f"{int(now)}-{secrets.token_hex(4)}"
    job = DataJob(folder.datasets / "jobs" / ident, source, title, now, choices, owner=owner)
    with folder.errors_as_unusable():
        job.folder.mkdir(parents=True)
    _write(folder, job)
    resume(folder, job)
    return job


def prepare_again(folder: DataFolder, job: DataJob, choices: Choices) -> DataJob:
    """Prepare a job's source with other choices instead; raises FolderUnusable."""
    stop(job)
    again = replace(job, choices=choices, attempt=job.attempt + 1)
    _write(folder, again)
    shutil.rmtree(job.work, ignore_errors=True)
    resume(folder, again)
    return again


def resume(folder: DataFolder, job: DataJob) -> None:
    """Start the process of a job, unless it runs; it goes on where the last one ended. Raises FolderUnusable."""
    command = [sys.executable, "-m", "remap_core.services.data.job_process", str(folder.home), job.ident]
    with folder.errors_as_unusable(), _lock(job) as lock:
        if lock is None:
            return
        job.outcome.unlink(missing_ok=True)
        with job.output.open("wb") as output:
            process = subprocess.Popen(
                [*command, str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lock],  # held as long as the process lives, however it ends
                start_new_session=True,
            )
        os.pwrite(lock, f"{process.pid:>20}".encode(), 0)
        _processes.append(process)
    _reap()


def stop(job: DataJob) -> None:
    """End the process of a job, if it runs. What it has done stays."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        pid = _holder(job)
        if pid is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
        _wait_until_ended(job)


def clear(job: DataJob, folder: DataFolder, *, keeps_upload: bool = False) -> None:
    """End a job and delete what it made, and what was uploaded for it, unless a data set keeps that."""
    stop(job)
    shutil.rmtree(job.folder, ignore_errors=True)
    if not keeps_upload:
        remove_upload(folder, Path(job.source))


def data_jobs(folder: DataFolder) -> list[DataJob]:
    """The jobs of a data folder, the newest first."""
    jobs = []
    for path in (folder.datasets / "jobs").glob("*/request.json"):
        with suppress(NotFound):
            jobs.append(find_job(folder, path.parent.name))
    return sorted(jobs, key=lambda job: job.created, reverse=True)


def find_job(folder: DataFolder, ident: str) -> DataJob:
    """The job of this name; raises NotFound."""
    known = folder.datasets / "jobs"
    path = known / Path(ident).name
    form = _read(path / "request.json")
    try:
        choices = Choices(**{name: _immutable(value) for name, value in form["choices"].items()})
        owner = str(form.get("owner", ""))
        return DataJob(
            path, form["source"], form["title"], form["created"], choices, attempt=form["attempt"], owner=owner
        )
    except (KeyError, TypeError, AttributeError, RemapError):
        raise NotFound(f"There is no data being prepared under {ident!r:.60}.") from None


def state_of(job: DataJob) -> JobState:
    """How far a job is."""
    if _holder(job) is not None and not job.outcome.exists():
        return JobState.RUNNING
    if not job.outcome.exists():
        return JobState.INTERRUPTED
    if read_outcome(job).problem:
        return JobState.UNUSABLE
    return JobState.READY


def read_progress(job: DataJob) -> JobProgress | None:
    """What a job does, or last did; None before its first step."""
    try:
        return JobProgress(**_read(job.progress))
    except TypeError:
        return None


def read_outcome(job: DataJob) -> JobOutcome:
    """What came of a job that has ended."""
    form = _read(job.outcome)
    skipped = [Skipped(*pair) for pair in form.get("skipped", ())]
    return JobOutcome(
        form.get("problem", ""),
        tuple(skipped),
        tuple(form.get("columns", ())),
        tuple(form.get("warnings", ())),
    )


def last_line(job: DataJob) -> str:
    """The last line that a job's process printed: why it ended. Empty if there is none."""
    try:
        with job.output.open("rb") as output:
            size = output.seek(0, os.SEEK_END)
            output.seek(max(0, size - _LAST_BYTES))
            text = output.read().decode(errors="replace")
    except OSError:
        return ""
    return text.strip().rpartition("\n")[2].removeprefix("Error: ")


_processes: list[subprocess.Popen[bytes]] = []
"""The processes that this one started; their ends must be waited for."""


def _reap() -> None:
    for process in list(_processes):
        if process.poll() is not None:
            _processes.remove(process)


def _write(folder: DataFolder, job: DataJob) -> None:
    form: dict[str, Any] = {
        "source": job.source,
        "title": job.title,
        "created": job.created,
        "choices": asdict(job.choices),
        "attempt": job.attempt,
        "owner": job.owner,
    }
    folder.write(job.folder / "request.json", json.dumps(form).encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(form, dict):
        return {}
    return form


def _immutable(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return value


@contextmanager
def _lock(job: DataJob) -> Iterator[int | None]:
    """The locked file of a job, to hand to its process; None while another process holds it."""
    descriptor = os.open(job.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    except BlockingIOError:
        yield None
    finally:
        os.close(descriptor)


def _holder(job: DataJob) -> int | None:
    """The process that works on a job; None where there is none."""
    try:
        descriptor = os.open(job.folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(os.pread(descriptor, 32, 0))
    finally:
        os.close(descriptor)
    return None


def _pid_in(content: bytes) -> int:
    """The process id in a lock file; that of no process in the moment before it is written."""
    text = content.decode("ascii", "replace").strip()
    if text.isdigit():
        return int(text)
    return 2**22 + 1


def _wait_until_ended(job: DataJob) -> None:
    end = time.monotonic() + _STOPPING_SECONDS
    while _holder(job) is not None and time.monotonic() < end:
        _reap()
        time.sleep(0.02)
    _reap()
