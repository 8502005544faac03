"""Real trainings in worker processes that run out of memory, or are said to."""

import resource
import threading
from functools import partial
from pathlib import Path

import pytest
from trainings import worker_pid

from remap_core.space.architecture import Architecture
from remap_core.space.text import parse_layers
from remap_core.trainer.executors.base import EpochDone, Failed, Finished
from remap_core.trainer.executors.processes import LocalExecutor
from remap_core.trainer.limits import Limits, train_within
from remap_core.training import jobs
from remap_core.training.jobs import PRELOADED, prepare
from remap_core.trials.training_config import TrainingConfig
from remap_core.trials.trial import Proposal, Trial, TrialState

WAIT = threading.Event()
SMALL, LARGE = "Dense 16, ReLU", "Dense 1000000, ReLU"  # 1,210 and 75 million parameters


def digits_trial(number, layers):
    architecture = Architecture((1, 8, 8), 10, parse_layers(layers))
    proposal = Proposal(architecture, "digits#200", TrainingConfig(epochs=1, batch_size=32))
    return Trial(number, proposal, TrialState.RUNNING, position=1.0, attempt=1, created=0.0)


def prepare_within_little_memory():
    """A worker process that can get hardly more memory than it has once PyTorch is there."""
    said = prepare("cpu")
    mapped = int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + 700 * 2**20,) * 2)
    return said


def ends(home, prepare, limits, *trials):
    """The last event of each training, one after another in the same worker process."""
    train = partial(train_within, limits, partial(jobs.train, home=home, device="cpu"))
    executor = LocalExecutor(train, prepare, slots=1, preload=PRELOADED)
    worker, last = worker_pid(executor), []
    try:
        for trial in trials:
            while not executor.free_slots:
                assert executor.poll() == []
                WAIT.wait(0.05)
            executor.start(trial)
            events = []
            while not [event for event in events if not isinstance(event, EpochDone)]:
                WAIT.wait(0.05)
                events += executor.poll()
            last.append(events[-1])
        assert worker_pid(executor) == worker
    finally:
        executor.close(grace=5)
    return last


@pytest.mark.timeout(300)
def test_a_model_for_which_memory_runs_out_fails_and_its_worker_process_trains_on(tmp_path):
    trials = [digits_trial(number, layers) for number, layers in enumerate((SMALL, LARGE, SMALL), 1)]
    first, failed, last = ends(tmp_path, prepare_within_little_memory, Limits(), *trials)
    assert isinstance(failed, Failed)
    assert failed.sentence == (
        "There is not enough memory to train this model of 75,000,010 parameters with batches of 32."
    )
    assert isinstance(first, Finished)
    assert isinstance(last, Finished)


@pytest.mark.timeout(300)
def test_a_model_over_the_memory_limit_fails_and_what_it_took_does_not_count_for_the_next(tmp_path):
    large, small = digits_trial(1, LARGE), digits_trial(2, SMALL)
    failed, finished = ends(tmp_path, partial(prepare, "cpu"), Limits(megabytes=1000), large, small)
    assert isinstance(failed, Failed)
    assert failed.sentence.startswith(
        "The training exceeded its memory limit of 1,000 MB (REMAP_MEMORY_LIMIT): its process held 1,"
    )
    assert isinstance(finished, Finished)
