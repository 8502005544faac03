"""The process that prepares a job's images: `python -m remap_core.services.data.job_process HOME JOB PARENT`."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.dataset import load_dataset
from remap_core.datasets.image_report import Report
from remap_core.datasets.preparation.intake import Progress, prepare
from remap_core.errors import DatasetError, RemapError
from remap_core.services.data.data_jobs import DataJob, JobOutcome, JobProgress, find_job
from remap_core.services.demo.own_images import require_small, too_large

_WRITE_SECONDS = 0.25
"""Seconds between two writes of the progress."""
_WATCH_SECONDS = 0.5
_MAX_DATA_BYTES = 300_000_000
"""Of memory, for images of a demo's visitor."""
_MAX_FILE_BYTES = 200_000_000


@dataclass
class ProgressFile:
    """Writes what is done to a job's file, a few times a second."""

    path: Path
    _last: JobProgress | None = None

    def __call__(self, progress: Progress) -> None:
        """Write the progress, if it is due."""
        now = time.time()
        last = self._last
        if last is None or last.stage != progress.stage:
            self._write(JobProgress(*progress, began=progress.done, since=now, now=now))
        elif now - last.now >= _WRITE_SECONDS:
            self._write(JobProgress(*progress, began=last.began, since=last.since, now=now))

    def _write(self, progress: JobProgress) -> None:
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        temporary.replace(self.path)
        self._last = progress


def run(folder: DataFolder, job: DataJob) -> None:
    """Prepare the images of a job and write what came of it; raises DatasetError for a disk that is full."""
    outcome = _download(folder, job) if job.is_published else _prepare(folder, job)
    folder.write(job.outcome, json.dumps(asdict(outcome)).encode())


def _prepare(folder: DataFolder, job: DataJob) -> JobOutcome:
    """Prepare the images of a source; those of a demo's visitor within its limits."""
    show = ProgressFile(job.progress)
    if not job.owner:
        return _outcome(prepare(job.source, job.choices, job.work, show, folder.home).report)

    def show_if_small(progress: Progress) -> None:
        require_small(job.folder, progress.total if progress.stage == "Decoding" else 0)
        show(progress)

    resource.setrlimit(resource.RLIMIT_DATA, (_MAX_DATA_BYTES, _MAX_DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    try:
        report = prepare(job.source, job.choices, job.work, show_if_small, folder.home).report
        require_small(job.folder, sum(report.split))
    except MemoryError:
        return JobOutcome("There is not enough memory to prepare these images: use smaller ones.")
    except DatasetError as error:
        return JobOutcome(str(error))
    outcome = _outcome(report)
    if os.strerror(errno.EFBIG) in outcome.problem:
        return replace(outcome, problem=str(too_large()))
    return outcome


def _download(folder: DataFolder, job: DataJob) -> JobOutcome:
    """Load a published data set once, so that it is in the data folder from then on."""
    ProgressFile(job.progress)(Progress("Downloading", 0, 1))
    try:
        load_dataset(job.source, folder.home)
    except DatasetError as error:
        return JobOutcome(str(error))
    return JobOutcome()


def _outcome(report: Report) -> JobOutcome:
    problem = report.problem
    if not report.ok and not problem:
        problem = "No data set could be made of this."
    return JobOutcome(problem, report.skipped, report.columns, report.warnings)


def main(home: str, ident: str, parent: str) -> int:
    """Run a job; returns the exit status. The last line that is printed says why it ended early."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with(int(parent))
    folder = DataFolder(Path(home))
    try:
        run(folder, find_job(folder, ident))
    except RemapError as error:
        print(f"Error: {error}", flush=True)  # noqa: T201 (its log)
        return 1
    return 0


def _end_with(parent: int) -> None:
    """End this process and its children when the app ends; the job goes on where it was when somebody says so."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _keep_lock_to_this_process() -> None:
    """Processes that are started from here do not inherit the job's lock."""
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():  # noqa: PTH112, PTH208
        descriptor = int(name)
        if descriptor > 2:
            try:
                fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            except OSError:
                continue


if __name__ == "__main__":
    _keep_lock_to_this_process()
    raise SystemExit(main(*sys.argv[1:]))
