"""A short version of `python -m benchmarks.faults`."""

import pytest

from benchmarks.faults import torment


@pytest.mark.timeout(600)
def test_no_training_and_no_epoch_is_lost_or_doubled_whatever_is_killed(tmp_path):
    found = torment(tmp_path, trainings=2, epochs=6, kills=4, seed=1)
    assert found.wrong == []
    assert (found.daemons_killed + found.workers_killed, found.failed_reads) == (4, 0)
