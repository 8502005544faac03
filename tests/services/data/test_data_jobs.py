"""Jobs that prepare images in processes of their own, through restarts and `kill -9`."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from photos import write_photos

from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.preparation.intake import open_prepared
from remap_core.datasets.recipe import Choices
from remap_core.errors import NotFound
from remap_core.services.data import data_jobs
from remap_core.services.data.data_jobs import (
    JobProgress,
    JobState,
    clear,
    find_job,
    last_line,
    prepare_again,
    read_outcome,
    resume,
    start_job,
    state_of,
    stop,
)
from remap_core.services.data.uploads import save_upload


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "home")


def started(folder, source, choices=None):
    return start_job(folder, str(source), Path(source).name, choices or Choices(), 100.0)


def ended(job):
    """The state of a job once its process has ended."""
    for _ in range(600):
        state = state_of(job)
        if state is not JobState.RUNNING:
            return state
        time.sleep(0.1)
    raise AssertionError("the job does not end")


def pid_of(job):
    return int((job.folder / "lock").read_text())


def wait_until(truth):
    for _ in range(300):
        if truth():
            return
        time.sleep(0.05)
    raise AssertionError("it does not happen")


def slow_source(tmp_path):
    """A source on which a job never ends: a pipe that nobody writes to stands where a table would."""
    source = tmp_path / "slow.csv"
    os.mkfifo(source)
    return source


def test_a_job_prepares_images_and_says_what_it_found(folder, tmp_path):
    job = started(folder, write_photos(tmp_path / "trees.zip"))
    assert ended(job) is JobState.READY
    report = open_prepared(job.work).report
    assert (report.images, report.class_names) == (58, ("beech", "maple", "plum"))
    assert [file.rpartition("/")[2] for file, _ in read_outcome(job).skipped] == ["IMG_000.jpg", "IMG_001.jpg"]


def test_a_source_that_cannot_be_used_is_an_outcome_with_the_reason(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    job = started(folder, tmp_path / "empty")
    assert ended(job) is JobState.UNUSABLE
    assert str(tmp_path / "empty") in read_outcome(job).problem


def test_other_choices_are_prepared_instead(folder, tmp_path):
    job = started(folder, write_photos(tmp_path / "trees.zip"))
    ended(job)
    again = prepare_again(folder, job, replace(job.choices, side=16, colour="grey"))
    assert ended(again) is JobState.READY
    assert open_prepared(again.work).report.shape == (16, 16, 1)
    assert not job.work.exists()
    assert find_job(folder, job.ident) == again


def test_a_killed_job_is_interrupted_and_resumes(folder, tmp_path):
    job = started(folder, write_photos(tmp_path / "trees.zip"))
    os.killpg(pid_of(job), signal.SIGKILL)
    assert ended(job) is JobState.INTERRUPTED
    resume(folder, job)
    assert ended(job) is JobState.READY


def test_a_stopped_job_has_ended_when_the_call_returns(folder, tmp_path):
    job = started(folder, slow_source(tmp_path))
    assert state_of(job) is JobState.RUNNING
    stop(job)
    assert state_of(job) is JobState.INTERRUPTED
    stop(job)


def test_a_job_that_runs_is_not_started_twice(folder, tmp_path):
    job = started(folder, slow_source(tmp_path))
    pid = pid_of(job)
    resume(folder, job)
    assert (pid_of(job), state_of(job)) == (pid, JobState.RUNNING)
    stop(job)


def test_a_crash_is_told_by_the_last_line_that_was_printed(folder, tmp_path):
    job = started(folder, write_photos(tmp_path / "trees.zip", per_class=8))
    ended(job)
    stop(job)
    (job.folder / "request.json").unlink()
    resume(folder, job)
    assert ended(job) is JobState.INTERRUPTED
    assert last_line(job) == f"There is no data being prepared under '{job.ident}'."


def test_jobs_are_found_again_by_another_process_the_newest_first(folder, tmp_path):
    choices = Choices(side=24, left_out=("plum",), augmentation=("flip",))
    first = start_job(folder, str(tmp_path / "a"), "a", choices, 100.0)
    second = start_job(folder, str(tmp_path / "b"), "b", Choices(), 200.0)
    assert data_jobs.data_jobs(folder) == [second, first]
    for job in (first, second):
        ended(job)


def test_clearing_a_job_deletes_it_with_its_upload_and_no_other_files(folder, tmp_path):
    archive = write_photos(tmp_path / "trees.zip", per_class=8)
    with archive.open("rb") as content:
        upload = save_upload(folder, [("trees.zip", content)], 100.0)
    jobs = [started(folder, upload), started(folder, archive)]
    for job in jobs:
        ended(job)
        clear(job, folder)
    assert data_jobs.data_jobs(folder) == []
    assert list((folder.datasets / "uploads").iterdir()) == []
    assert archive.exists()


@pytest.mark.parametrize("ident", ["nothing", "../../etc", "", "x" * 5000, "\0"])
def test_a_job_that_is_not_there_is_not_found(folder, ident):
    with pytest.raises(NotFound, match="There is no data being prepared"):
        find_job(folder, ident)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"source": 1', '{"choices": {"side": 3}, "source": "", "title": ""}']
)
def test_a_request_that_was_damaged_is_left_out(folder, text):
    path = folder.datasets / "jobs" / "1-a" / "request.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert data_jobs.data_jobs(folder) == []


APP = """
import sys, time
from pathlib import Path
from remap_core.data_folder.folder import DataFolder
from remap_core.datasets.recipe import Choices
from remap_core.services.data.data_jobs import start_job

start_job(DataFolder(Path(sys.argv[1])), sys.argv[2], "slow", Choices(), 1.0)
print("started", flush=True)
time.sleep(600)
"""


def test_a_job_ends_with_the_app_that_started_it_however_that_ends(folder, tmp_path):
    command = [sys.executable, "-c", APP, str(folder.home), str(slow_source(tmp_path))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == b"started\n"
        (job,) = data_jobs.data_jobs(folder)
        wait_until(lambda: state_of(job) is JobState.RUNNING)
        app.kill()
    wait_until(lambda: state_of(job) is JobState.INTERRUPTED)


def test_the_time_left_follows_from_the_pace_since_the_process_began():
    progress = JobProgress("Decoding", 600, 1000, began=500, since=10.0, now=20.0)
    assert (progress.share, progress.seconds_left) == (0.6, 40.0)
    assert JobProgress("Decoding", 500, 1000, began=500, since=10.0, now=20.0).seconds_left is None
    assert JobProgress("Checking", 0, 0, began=0, since=0.0, now=0.0).share == 0.0
