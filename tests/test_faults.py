"""A short version of `python -m benchmarks.faults`."""

import pytest

from benchmarks.faults import Plan, kill_and_check


@pytest.mark.timeout(600)
def test_no_training_and_no_epoch_is_lost_or_doubled_whatever_is_killed(tmp_path):
    outcome = kill_and_check(tmp_path, Plan(trainings=2, epochs=6, kills=4, seed=1))
    assert outcome.problems == []
    assert (outcome.trainers_killed + outcome.workers_killed, outcome.failed_reads) == (4, 0)
