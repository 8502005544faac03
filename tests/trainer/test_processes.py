import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest
from trainings import (
    WAIT,
    die_at_once,
    die_twice,
    polled_until,
    prepare,
    prepare_to_beat_often,
    ready,
    train_and_hang,
    train_until_stopped,
    train_well,
    train_wide_ones_badly,
    trial,
    worker_pid,
)

from remap_core.errors import TrainingFailed
from remap_core.system.priority import NICENESS
from remap_core.trainer.executors.base import EpochDone, Failed, Finished, Lost, Run, Stopped
from remap_core.trainer.executors.processes import LocalExecutor


@pytest.fixture(params=["", "json"], ids=["spawned", "forked"])
def make_executor(request):
    """Makes executors whose worker processes import for themselves, and those that are forked from a server."""
    return partial(LocalExecutor, preload=request.param)


@pytest.fixture
def executor(request, make_executor):
    made = make_executor(request.param, prepare, slots=1)
    yield ready(made)
    made.close(grace=5)


def test_a_worker_process_ignores_ctrl_c_while_it_starts_or_trains(make_executor):
    executor = make_executor(train_until_stopped, prepare, slots=1)
    try:
        worker = worker_pid(executor)
        os.kill(worker, signal.SIGINT)
        ready(executor).start(trial(1))
        polled_until(executor, EpochDone)
        os.kill(worker, signal.SIGINT)
        executor.stop(Run(1, 1))
        assert polled_until(executor, Stopped)[-1] == Stopped(Run(1, 1))
        assert worker_pid(executor) == worker
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        executor.close(grace=5)


@pytest.mark.parametrize("executor", [train_wide_ones_badly], indirect=True)
def test_a_worker_process_that_is_killed_loses_its_trial_with_a_sentence_and_is_replaced(executor):
    executor.start(trial(1, units=15))
    assert polled_until(executor, Lost)[-1] == Lost(
        Run(1, 1), "The worker process was ended by SIGKILL, probably because memory ran out."
    )
    ready(executor).start(trial(2, units=14))
    assert "unexpected ValueError: mat1" in polled_until(executor, Failed)[-1].sentence
    ready(executor).start(trial(3, units=4))
    assert isinstance(polled_until(executor, Finished)[-1], Finished)


@pytest.mark.parametrize("executor", [train_wide_ones_badly], indirect=True)
def test_after_an_unexpected_error_another_process_trains_the_next_trial(executor):
    before = worker_pid(executor)
    for number in (1, 2, 3, 4):  # more often than processes may fail to start
        executor.start(trial(number, units=14))
        assert "unexpected ValueError" in polled_until(executor, Failed)[-1].sentence
        assert executor.free_slots == 0
        ready(executor)
    assert not psutil.pid_exists(before)
    executor.start(trial(5, units=4))
    assert isinstance(polled_until(executor, Finished)[-1], Finished)
    after = worker_pid(executor)
    executor.start(trial(6, units=4))
    polled_until(executor, Finished)
    assert worker_pid(executor) == after


@pytest.mark.parametrize("executor", [train_until_stopped], indirect=True)
def test_a_worker_process_leaves_busy_cores_to_the_app(executor):
    assert psutil.Process(worker_pid(executor)).nice() == psutil.Process().nice() + NICENESS


def test_closing_gives_the_last_events_and_leaves_no_process_behind(make_executor):
    executor = ready(make_executor(train_until_stopped, prepare, slots=2), slots=2)
    executor.start(trial(1))
    executor.start(trial(2))
    polled_until(executor, EpochDone)
    ended = [event.run.trial for event in executor.close(grace=20) if isinstance(event, Stopped)]
    assert sorted(ended) == [1, 2]
    assert not [child for child in psutil.Process().children(recursive=True) if is_worker(child)]


def test_a_silent_worker_process_is_killed_and_loses_its_trial(make_executor):
    executor = ready(make_executor(train_and_hang, prepare, slots=1, stale=3.0))
    try:
        executor.start(trial(1))
        assert polled_until(executor, Lost)[-1] == Lost(Run(1, 1), "The worker process was silent for 3 seconds.")
        assert ready(executor).free_slots == 1
    finally:
        executor.close(grace=5)


def test_a_training_with_a_long_epoch_gives_signs_of_life_between_batches(make_executor):
    executor = ready(make_executor(train_until_stopped, prepare_to_beat_often, slots=1, stale=2.0))
    try:
        executor.start(trial(1))
        polled_until(executor, EpochDone)
        for _ in range(60):
            assert executor.poll() == []
            WAIT.wait(0.05)
    finally:
        executor.close(grace=5)


def test_a_worker_process_that_dies_before_it_is_ready_is_started_again(make_executor, tmp_path):
    executor = ready(make_executor(train_well, partial(die_twice, tmp_path / "deaths"), slots=1))
    executor.start(trial(1))
    assert isinstance(polled_until(executor, Finished)[-1], Finished)
    executor.close(grace=5)


def test_worker_processes_that_cannot_start_end_the_trainer_with_the_reason(make_executor):
    executor = make_executor(train_well, die_at_once, slots=1)
    with pytest.raises(TrainingFailed, match=r"No training can start\. The worker process ended .* exit code 7"):
        polled_until(executor, Finished)
    executor.close(grace=5)


@pytest.mark.parametrize("preload", ["", "json"])
def test_workers_exit_when_the_trainer_is_killed(preload, tmp_path):
    script = tmp_path / "killed_trainer.py"
    script.write_text(
        "import time\n"
        "from trainings import prepare, train_until_stopped, trial\n"
        "from remap_core.trainer.executors.processes import LocalExecutor\n"
        "if __name__ == '__main__':\n"
        f"    executor = LocalExecutor(train_until_stopped, prepare, slots=1, preload={preload!r})\n"
        "    while not executor.free_slots:\n"
        "        executor.poll()\n"
        "    executor.start(trial(1))\n"
        "    while not executor.poll():\n"
        "        time.sleep(0.05)\n"
        "    print(executor._slots[0].process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*os.environ.get("PYTHONPATH", "").split(), "tests"])}
    with psutil.Popen([os.sys.executable, str(script)], stdout=-1, env=environment) as trainer:
        int(trainer.stdout.readline())
        started = trainer.children(recursive=True)
        trainer.send_signal(signal.SIGKILL)
        trainer.wait()
    assert len(started) >= 2, "a worker, and what keeps track of it"
    _, left = psutil.wait_procs(started, timeout=20)
    assert left == []


ORPHANS = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from trainings import prepare, ready, train_and_hang, polled_until, trial
from remap_core.trainer.executors.base import EpochDone
from remap_core.trainer.executors.processes import LocalExecutor
if __name__ == "__main__":
    executor = ready(LocalExecutor(train_and_hang, prepare, slots=1))
    executor.start(trial(1))
    polled_until(executor, EpochDone)
    print(executor._slots[0].process.pid, flush=True)
    time.sleep(600)
"""


def test_a_worker_process_in_the_middle_of_a_batch_ends_with_its_trainer(tmp_path):
    program = tmp_path / "trainer.py"
    program.write_text(ORPHANS)
    command = [sys.executable, str(program), str(Path(__file__).parents[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as trainer:
        worker = psutil.Process(int(trainer.stdout.readline()))
        trainer.kill()
    worker.wait(timeout=30)  # it hangs for ten minutes otherwise


def test_nothing_is_lost_when_the_fork_server_is_killed():
    executor = ready(LocalExecutor(train_until_stopped, prepare, slots=1, preload="json"))
    try:
        executor.start(trial(1))
        polled_until(executor, EpochDone)
        server = psutil.Process(worker_pid(executor)).parent()
        assert server.pid != os.getpid()
        server.kill()
        executor.stop(Run(1, 1))
        assert polled_until(executor, Stopped)[-1] == Stopped(Run(1, 1))
        os.kill(worker_pid(executor), signal.SIGKILL)
        while executor.free_slots:
            executor.poll()
        ready(executor).start(trial(2))
        assert polled_until(executor, EpochDone)[-1].run == Run(2, 1)
    finally:
        executor.close(grace=5)


def is_worker(process):
    """Whether a process is a worker, or was about to be one."""
    try:
        words = " ".join(process.cmdline())
        forked = "multiprocessing.forkserver" in words and process.ppid() != os.getpid()
    except psutil.NoSuchProcess:  # it has ended since it was listed
        return False
    return forked or "spawn_main" in words
